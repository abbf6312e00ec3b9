// The microphone: from the sound card's rate to frames of 20 ms at 16 kHz, and how loud each is.

import { Resampler, toPcm16 } from "./resample.js";

const FRAME = 320;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, 16000);
    this.rest = new Float32Array(0);
  }

  process([[channel]]) {
    if (!channel) return true;
    const fresh = this.resampler.push(channel);
    const all = new Float32Array(this.rest.length + fresh.length);
    all.set(this.rest);
    all.set(fresh, this.rest.length);
    let start = 0;
    for (; start + FRAME <= all.length; start += FRAME) this.#send(all.subarray(start, start + FRAME));
    this.rest = all.slice(start);
    return true;
  }

  #send(frame) {
    const samples = toPcm16(frame);
    const level = Math.sqrt(frame.reduce((sum, sample) => sum + sample * sample, 0) / FRAME);
    this.port.postMessage({ samples, level }, [samples.buffer]);
  }
}

registerProcessor("capture", Capture);
