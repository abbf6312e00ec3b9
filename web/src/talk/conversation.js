// One conversation with a bot, over as many sockets as it takes: what a socket says becomes state and transcript lines.
// Knows neither page nor sound card; `sound` is what plays.

import { writePcm16 } from "./resample.js";

const PATIENCE_MS = 30_000;
const PAUSES_MS = [250, 500, 1000, 2000, 4000];
// After hanging up: until whoever waits for the edge's goodbye waits no longer, and until a socket that is not ready is let go.
const GOODBYE_MS = 1500;
const PARTING_MS = 10_000;
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
    /** Typed before the bot hears: sent once it does. */
    this.held = [];
    this.made = 0;
    this.attempts = 0;
    this.shown = "";
    this.speaking = false;
    this.sound = null;
    /** Whether the bot hears: before that, the edge lets nobody in who sends anything but a token. */
    this.ready = false;
    this.leaving = false;
  }

  start() {
    this.#open();
  }

  /** What was said, and what was typed but could not be sent yet. */
  transcript() {
    return this.phase === "ended" ? this.lines : [...this.lines, ...this.held];
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
    this.ready = false;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.shown = this.token() ?? "";
      socket.send(JSON.stringify({ type: "auth", token: this.shown, ...(this.bot && { bot: this.bot }) }));
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      if (this.phase === "ended") this.#part(data);
      else if (typeof data === "string") this.#told(JSON.parse(data));
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
    if (this.ready && this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  #set(changes) {
    Object.assign(this, changes);
    this.dispatchEvent(new Event("change"));
  }

  #told(message) {
    switch (message.type) {
      case "ready":
        this.ready = true;
        this.attempts = 0;
        this.since = undefined;
        // Positions count from 0 again, and what was queued is said again from where it was heard.
        this.sound?.reset();
        if (message.resumed) this.#settle();
        this.#set({ call: message.call, bot: message.bot, phase: "listening", problem: null });
        return this.#sayHeld();
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
    const last = this.lines.findLastIndex((line) => line.speaker === speaker);
    const { final: over, cut, text: known } = this.lines[last] ?? { final: true };
    const goesOn = !over || (cut && text.startsWith(known));
    const said = goesOn ? this.lines[last] : { key: this.made++, speaker };
    const line = { ...said, text: final || speaker === "caller" ? text : more(said.text, text), final, interrupted, cut: false };
    const lines = goesOn ? this.lines.with(last, line) : [...this.lines, line];
    this.#set({ lines: lines.filter((line) => line.text || !line.final) });
  }

  /** Another socket: what the bot was saying is told again; what the caller was saying when the last one broke is over, and stays
   * as far as it was understood, unless all of it comes later. */
  #settle() {
    const stays = (line) => line.final || (line.speaker === "caller" && line.text);
    this.lines = this.lines.filter(stays).map((line) => (line.final ? line : { ...line, final: true, cut: true }));
  }

  #sayHeld() {
    const { held } = this;
    if (!held.length) return;
    this.#set({ held: [] });
    for (const { text } of held) this.#send({ type: "text", text });
  }

  #closed(code) {
    this.ready = false;
    if (this.phase === "ended") return;
    if (this.leaving) return this.#end("caller_left");
    const now = performance.now();
    this.since ??= now;
    this.sound?.clear();
    if (code in FINAL) {
      const expired = code === 4401 && SIGN_IN.includes(this.problem?.code ?? "token_expired");
      // The page's clock may be the first to say so: whoever has signed in afresh by now is not asked again.
      if (expired && this.#hasOtherToken()) return this.resume();
      // Of a conversation that had begun the page knows better words than the protocol's own.
      const told = this.problem?.code && !expired && (code === 4401 || !this.call);
      const problem = told ? this.problem : { code: FINAL[code] };
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

  /** The caller had left before the bot heard: that is the first thing it hears. */
  #part(data) {
    if (typeof data !== "string" || JSON.parse(data).type !== "ready") return;
    this.ready = true;
    this.#send({ type: "hang_up" });
    this.#letGo();
  }

  #letGo() {
    const { socket } = this;
    this.socket = null;
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
    if (this.ready) this.#send({ type: "text", text });
    else this.#set({ held: [...this.held, { key: this.made++, speaker: "caller", text, final: false }] });
  }

  interrupt() {
    this.#send({ type: "interrupt" });
  }

  hangUp() {
    clearTimeout(this.timer);
    this.leaving = true;
    if (this.ready) {
      this.#send({ type: "hang_up" });
      setTimeout(() => this.phase !== "ended" && this.#end("caller_left"), GOODBYE_MS);
      return;
    }
    const state = this.socket?.readyState;
    // No token was shown, so nothing has begun.
    if (!this.call && state !== 1) return this.#end("caller_left");
    // Nobody waits for that: the edge is told as soon as it hears.
    this.#set({ phase: "ended", reason: "caller_left" });
    if (state !== 0 && state !== 1) this.#open();
    setTimeout(() => this.#letGo(), PARTING_MS);
  }
}

/** Sentence upon sentence, as the bot begins each. */
function more(so_far, text) {
  if (!so_far) return text;
  return text.startsWith(so_far) ? text : `${so_far} ${text}`;
}
