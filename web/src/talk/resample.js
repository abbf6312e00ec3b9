// Sampling rates, changed without aliasing: a polyphase filter, a sinc under a Blackman window, for any ratio of whole
// rates. Keeps its state between pieces, so that a stream of pieces sounds as one.

const ZERO_CROSSINGS = 20;

const gcd = (a, b) => (b ? gcd(b, a % b) : a);

export class Resampler {
  /** Both in Hz. */
  constructor(from, to) {
    const common = gcd(from, to);
    this.up = to / common;
    this.down = from / common;
    // Cycles per input sample; a little below half of the lower rate, so that the slope ends there.
    const cutoff = 0.5 * Math.min(1, to / from) * 0.94;
    this.half = Math.ceil(ZERO_CROSSINGS / (2 * cutoff));
    this.taps = 2 * this.half;
    this.phases = Array.from({ length: this.up }, (_, phase) => this.#phase(phase / this.up, cutoff));
    this.history = new Float32Array(this.taps);
    // Where the next output lies, in input samples beyond the history, times `up`.
    this.next = 0;
  }

  #phase(offset, cutoff) {
    const taps = new Float32Array(this.taps);
    let sum = 0;
    for (let i = 0; i < this.taps; i++) {
      const x = i - (this.half - 1) - offset;
      const angle = 2 * Math.PI * cutoff * x;
      const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
      const place = (x + this.half) / this.taps;
      const window = 0.42 - 0.5 * Math.cos(2 * Math.PI * place) + 0.08 * Math.cos(4 * Math.PI * place);
      taps[i] = sinc * window;
      sum += taps[i];
    }
    return taps.map((tap) => tap / sum);
  }

  /** @param {Float32Array} piece @returns {Float32Array} */
  push(piece) {
    const input = new Float32Array(this.history.length + piece.length);
    input.set(this.history);
    input.set(piece, this.history.length);
    const last = input.length - this.taps;
    const count = Math.max(0, Math.ceil((last * this.up - this.next) / this.down));
    const out = new Float32Array(count);
    for (let n = 0; n < count; n++, this.next += this.down) {
      const start = Math.floor(this.next / this.up);
      const taps = this.phases[this.next % this.up];
      let sum = 0;
      for (let i = 0; i < this.taps; i++) sum += taps[i] * input[start + i];
      out[n] = sum;
    }
    this.history = input.slice(last);
    this.next -= last * this.up;
    return out;
  }
}

/** @param {Float32Array} samples -1 to 1; louder ones are clipped. */
export function toPcm16(samples) {
  return Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32767));
}

/** @param {Int16Array} samples */
export function fromPcm16(samples) {
  return Float32Array.from(samples, (sample) => sample / 32768);
}

/** 16 bit, little-endian, whatever the machine's own order is. @param {ArrayBuffer} bytes */
export function readPcm16(bytes) {
  const view = new DataView(bytes);
  return Int16Array.from({ length: bytes.byteLength >> 1 }, (_, i) => view.getInt16(2 * i, true));
}

/** @param {Int16Array} samples */
export function writePcm16(samples) {
  const view = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((sample, i) => view.setInt16(2 * i, sample, true));
  return view.buffer;
}
