// The loudspeaker: a queue without gaps, from 16 kHz to the sound card's rate; says how far it has come.

import { Queue } from "./queue.js";
import { Resampler, fromPcm16 } from "./resample.js";

const RATE = 16000;
const AHEAD = RATE * 0.06;
const REPORT_EVERY = RATE * 0.1;

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(RATE, sampleRate);
    this.ready = [];
    this.#reset();
    this.port.onmessage = ({ data }) => {
      if (data === "reset") this.#reset();
      else if (data === "clear") this.#clear();
      else this.queue.push(fromPcm16(data));
    };
  }

  #reset() {
    this.queue = new Queue(AHEAD);
    this.told = 0;
  }

  #clear() {
    this.queue.clear();
    this.ready = [];
    this.told = this.queue.played;
    this.#tell();
  }

  process(_, [[out]]) {
    // What is pulled at 16 kHz, a few milliseconds at a time, is what was played.
    while (this.ready.length < out.length) {
      const piece = new Float32Array(64);
      this.queue.pull(piece);
      for (const sample of this.resampler.push(piece)) this.ready.push(sample);
    }
    out.set(this.ready.splice(0, out.length));
    const { played, queued } = this.queue;
    if (played - this.told >= REPORT_EVERY || (!queued && played !== this.told)) {
      this.told = played;
      this.#tell();
    }
    return true;
  }

  #tell() {
    const { played, queued } = this.queue;
    this.port.postMessage({ ms: Math.floor((played * 1000) / RATE), queued_ms: (queued * 1000) / RATE });
  }
}

registerProcessor("playback", Playback);
