// One conversation with a bot, over as many sockets as it takes: what a socket says becomes state and transcript lines.
// Knows neither page nor sound card; `sound` is what plays.

import { writePcm16 } from "./resample.js";

const PATIENCE_MS = 30_000;
const PAUSES_MS = [250, 500, 1000, 2000, 4000];
const SILENCE = writePcm16(new Int16Array(320));

/** What is wrong with a token that a fresh sign-in makes good. */
const SIGN_IN = ["token_expired", "key_wrong", "key_revoked", "auth_missing"];

// As the edge closes: no good token, somebody else's, unknown, over.
const FINAL = { 4401: "token_expired", 4403: "conversation_foreign", 4404: "conversation_lost", 4410: "conversation_over" };

export class Conversation extends EventTarget {
  /** @param {{url: string, token: () => string | undefined, bot?: string, bargeIn: boolean, connect?: (url: string) => WebSocket}} options */
  constructor({ url, token, bot, bargeIn, connect = (url) => new WebSocket(url) }) {
    super();
    Object.assign(this, { url, token, bot, bargeIn, connect });
    this.phase = "connecting";
    this.lines = [];
    this.made = 0;
    this.attempts = 0;
    this.shown = "";
    this.speaking = false;
    this.sound = null;
  }

  start() {
    this.#open();
  }

  /** Goes on after a fresh sign-in. */
  resume() {
    this.#set({ phase: "reconnecting", problem: null });
    this.since = undefined;
    this.#open();
  }

  #open() {
    const url = this.call ? `${this.url}?call=${this.call}` : this.url;
    const socket = (this.socket = this.connect(url));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.shown = this.token() ?? "";
      this.#send({ type: "auth", token: this.shown, ...(this.bot && { bot: this.bot }) });
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      if (typeof data === "string") this.#told(JSON.parse(data));
      else this.#play(data);
    };
    socket.onclose = ({ code }) => socket === this.socket && this.#closed(code);
  }

  #play(sound) {
    // At once, not when the loudspeaker reports it: until then the microphone would hear the bot's first words.
    this.speaking ||= Boolean(this.sound);
    this.sound?.play(sound);
  }

  #send(message) {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  #set(changes) {
    Object.assign(this, changes);
    this.dispatchEvent(new Event("change"));
  }

  #told(message) {
    switch (message.type) {
      case "ready":
        this.attempts = 0;
        this.since = undefined;
        // Positions count from 0 again, and what was queued is said again from where it was heard.
        this.sound?.reset();
        if (message.resumed) this.#drop("bot");
        return this.#set({ call: message.call, bot: message.bot, phase: "listening", problem: null });
      case "state":
        return this.#set({ phase: message.state });
      case "transcript":
        return this.#line("caller", message.text, message.final, false);
      case "reply":
        return this.#line("bot", message.text, message.heard, Boolean(message.interrupted));
      case "clear":
        return this.sound?.clear();
      case "error":
        return this.#set({ problem: { code: message.code, message: message.message } });
      case "ended":
        return this.#end(message.reason);
    }
  }

  /** The last line of a speaker is replaced until it is final. */
  #line(speaker, text, final, interrupted) {
    const open = this.lines.findLastIndex((line) => line.speaker === speaker && !line.final);
    const said = open >= 0 ? this.lines[open] : { key: this.made++, speaker };
    const line = { ...said, text: final || speaker === "caller" ? text : more(said.text, text), final, interrupted };
    const lines = open >= 0 ? this.lines.with(open, line) : [...this.lines, line];
    this.#set({ lines: lines.filter((line) => line.text || !line.final) });
  }

  /** Forgets what a speaker only seemed to be saying. */
  #drop(speaker) {
    this.lines = this.lines.filter((line) => line.final || line.speaker !== speaker);
  }

  #closed(code) {
    if (this.phase === "ended") return;
    const now = performance.now();
    this.since ??= now;
    this.sound?.clear();
    if (code in FINAL) {
      const expired = code === 4401 && SIGN_IN.includes(this.problem?.code ?? "token_expired");
      // The page's clock may be the first to say so: whoever has signed in afresh by now is not asked again.
      if (expired && this.#hasOtherToken()) return this.resume();
      const problem = this.problem?.code && !expired ? this.problem : { code: FINAL[code] };
      return this.#set(expired ? { phase: "signed_out", problem } : { phase: "ended", problem, socket: null });
    }
    if (code === 1000 && !this.call) return this.#set({ phase: "ended" });
    // Each try would count as one more; nothing that has been said would be lost.
    if (this.problem?.code === "rate_limited" && !this.call) return this.#set({ phase: "ended", socket: null });
    if (now - this.since > PATIENCE_MS) return this.#set({ phase: "ended", problem: { code: "conversation_lost" } });
    const pause = PAUSES_MS[Math.min(this.attempts++, PAUSES_MS.length - 1)];
    this.#set({ phase: this.call ? "reconnecting" : "connecting" });
    this.timer = setTimeout(() => this.#open(), pause);
  }

  #hasOtherToken() {
    const token = this.token();
    return Boolean(token) && token !== this.shown;
  }

  #end(reason) {
    clearTimeout(this.timer);
    // The last words may still be playing: whoever plays stops when they are over.
    const socket = this.socket;
    this.#set({ phase: "ended", reason, socket: null });
    socket?.close(1000);
  }

  /** 20 ms of the microphone. While the bot is heard it is silence, unless the bot may be interrupted: loudspeakers are
   * heard by microphones. @param {Int16Array} samples */
  hear(samples) {
    if (this.socket?.readyState !== 1 || !["listening", "thinking", "speaking"].includes(this.phase)) return;
    this.socket.send(this.isDeaf() ? SILENCE : writePcm16(samples));
  }

  isDeaf() {
    return !this.bargeIn && (this.speaking || this.phase === "speaking");
  }

  /** How much of all sound since the socket was ready was played. */
  played({ ms, queued_ms }) {
    this.speaking = queued_ms > 0;
    this.#send({ type: "played", ms });
  }

  type(text) {
    this.#send({ type: "text", text });
  }

  interrupt() {
    this.#send({ type: "interrupt" });
  }

  hangUp() {
    clearTimeout(this.timer);
    this.#send({ type: "hang_up" });
    if (this.socket?.readyState !== 1) this.#end("caller_left");
    else setTimeout(() => this.phase !== "ended" && this.#end("caller_left"), 1500);
  }
}

/** Sentence upon sentence, as the bot begins each. */
function more(so_far, text) {
  if (!so_far) return text;
  return text.startsWith(so_far) ? text : `${so_far} ${text}`;
}
