// Microphone and loudspeaker of one conversation.

import { readPcm16 } from "./resample.js";

// Whoever comes back by then need not be asked for the microphone again; until then the browser shows it as open.
const MUTED_MS = 30_000;

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
  static async open({ onFrame, onPlayed, onLost, withMicrophone = true }) {
    const sound = new Sound();
    Object.assign(sound, { onFrame, onLost, withMicrophone, muted: false, stream: null });
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
      if (withMicrophone) await sound.#listen();
      return sound;
    } catch (error) {
      sound.close();
      throw error;
    }
  }

  async #listen() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
    } catch (error) {
      throw new NoMicrophone(error);
    }
    // It may take its time to be allowed, and nobody be there to hear any more.
    if (this.context.state === "closed" || this.stream) return stop(stream);
    this.stream = stream;
    for (const track of stream.getTracks()) {
      track.enabled = !this.muted;
      track.onended = () => this.onLost();
    }
    const capture = new AudioWorkletNode(this.context, "capture", { numberOfOutputs: 0 });
    capture.port.onmessage = ({ data }) => this.onFrame(data);
    this.context.createMediaStreamSource(stream).connect(capture);
  }

  #deafen() {
    stop(this.stream);
    this.stream = null;
  }

  /** From now on the microphone hears silence, and after a while it is closed. */
  mute() {
    this.muted = true;
    this.stream?.getTracks().forEach((track) => (track.enabled = false));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#deafen(), MUTED_MS);
  }

  /** The microphone hears again; it may have to be allowed again. */
  async unmute() {
    if (!this.muted) return;
    this.muted = false;
    clearTimeout(this.timer);
    if (!this.withMicrophone) return;
    if (this.stream) this.stream.getTracks().forEach((track) => (track.enabled = true));
    else await this.#listen();
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
    clearTimeout(this.timer);
    this.#deafen();
    if (this.context.state !== "closed") this.context.close();
  }
}

function stop(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}
