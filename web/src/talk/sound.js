// Microphone and loudspeaker of one conversation.

import { readPcm16 } from "./resample.js";

/** The microphone cannot be had; `code` says why. */
export class NoMicrophone extends Error {
  constructor(error) {
    super(error?.message ?? "");
    const refused = ["NotAllowedError", "SecurityError"].includes(error?.name);
    const missing = ["NotFoundError", "OverconstrainedError"].includes(error?.name);
    this.code = refused ? "microphone_refused" : missing ? "microphone_missing" : "microphone_failed";
  }
}

export class Sound {
  /** Must be called from a click: browsers open no loudspeaker otherwise. */
  static async open({ onFrame, onPlayed, withMicrophone = true }) {
    const sound = new Sound();
    const context = (sound.context = new AudioContext({ latencyHint: "interactive" }));
    try {
      await Promise.all([
        context.audioWorklet.addModule("/capture.worklet.js"),
        context.audioWorklet.addModule("/playback.worklet.js"),
        context.resume(),
      ]);
      sound.playback = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
      sound.playback.port.onmessage = ({ data }) => onPlayed(data);
      sound.playback.connect(context.destination);
      if (withMicrophone) await sound.#listen(onFrame);
      return sound;
    } catch (error) {
      sound.close();
      throw error;
    }
  }

  async #listen(onFrame) {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
    } catch (error) {
      throw new NoMicrophone(error);
    }
    const capture = new AudioWorkletNode(this.context, "capture", { numberOfOutputs: 0 });
    capture.port.onmessage = ({ data }) => onFrame(data);
    this.context.createMediaStreamSource(this.stream).connect(capture);
  }

  /** @param {ArrayBuffer} bytes PCM, 16 bit, 16 kHz */
  play(bytes) {
    const samples = readPcm16(bytes);
    this.playback.port.postMessage(samples, [samples.buffer]);
  }

  /** Forgets what is queued. */
  clear() {
    this.playback.port.postMessage("clear");
  }

  /** Another socket: positions count from 0 again. */
  reset() {
    this.playback.port.postMessage("reset");
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    if (this.context.state !== "closed") this.context.close();
  }
}
