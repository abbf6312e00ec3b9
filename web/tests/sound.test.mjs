// Microphone and loudspeaker of a conversation, with a browser's parts played by others.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Sound } from "../src/talk/sound.js";

const tracks = [];
const told = [];
let allow;

class Context {
  state = "running";
  destination = {};
  audioWorklet = { addModule: async () => {} };
  resume = async () => {};
  close = () => (this.state = "closed");
  createMediaStreamSource = () => ({ connect: () => {} });
}

async function getUserMedia() {
  await allow;
  const track = { enabled: true, readyState: "live", stop: () => (track.readyState = "ended") };
  tracks.push(track);
  return { getTracks: () => [track] };
}

beforeEach(() => {
  tracks.length = told.length = 0;
  allow = undefined;
  globalThis.AudioContext = Context;
  globalThis.AudioWorkletNode = class {
    port = { postMessage: () => {} };
    connect() {}
  };
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: { getUserMedia } }, configurable: true });
});

const open = (options) => Sound.open({ onFrame: () => {}, onPlayed: () => {}, onLost: () => told.push("lost"), ...options });
const states = () => tracks.map(({ enabled, readyState }) => [enabled, readyState]);

test("a microphone that is muted for a moment is the same one afterwards", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sound = await open();
  sound.mute();
  assert.deepEqual(states(), [[false, "live"]]);
  t.mock.timers.tick(29_000);
  await sound.unmute();
  t.mock.timers.tick(60_000);
  assert.deepEqual(states(), [[true, "live"]]);
});

test("one that is muted for long is closed, and another one opened when it is needed", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sound = await open();
  sound.mute();
  t.mock.timers.tick(31_000);
  assert.deepEqual(states(), [[false, "ended"]]);
  await sound.unmute();
  assert.deepEqual(states(), [[false, "ended"], [true, "live"]]);
  sound.close();
  assert.deepEqual(states(), [[false, "ended"], [true, "ended"]]);
});

test("whoever types is not asked for a microphone after a mute", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sound = await open({ withMicrophone: false });
  sound.mute();
  t.mock.timers.tick(31_000);
  await sound.unmute();
  assert.deepEqual(states(), []);
});

test("a microphone that is allowed late is closed if nobody wants it any more, and muted if it is not to hear", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const [meanwhile, wanted] of [["close", [true, "ended"]], ["mute", [false, "live"]]]) {
    const sound = await open();
    sound.mute();
    t.mock.timers.tick(31_000);
    let answer;
    allow = new Promise((resolve) => (answer = resolve));
    const opened = sound.unmute();
    sound[meanwhile]();
    answer();
    await opened;
    assert.deepEqual(states().at(-1), wanted, meanwhile);
  }
});

test("a microphone that is unplugged is missed", async () => {
  await open();
  tracks[0].onended();
  assert.deepEqual(told, ["lost"]);
});
