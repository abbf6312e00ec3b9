// The pages' parts, each by itself.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Queue } from "../src/talk/queue.js";
import { Resampler, fromPcm16, readPcm16, toPcm16, writePcm16 } from "../src/talk/resample.js";
import { parse, sse } from "../src/shared/sse.js";
import { root } from "./browser.mjs";

const tone = (hz, rate, seconds) => Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rate));
const rms = (samples) => Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
const decibels = (out, rate) => 20 * Math.log10(rms(out.subarray(rate * 0.1, rate * 0.9)) * Math.SQRT2);

for (const rate of [48000, 44100, 96000]) {
  test(`speech from ${rate} Hz passes, and what 16 kHz cannot hold does not come back as something else`, () => {
    for (const hz of [100, 1000, 3400, 6000]) {
      const level = decibels(new Resampler(rate, 16000).push(tone(hz, rate, 1)), 16000);
      assert.ok(Math.abs(level) < 0.5, `${hz} Hz: ${level} dB`);
    }
    for (const hz of [9000, 12000, 15000]) {
      const level = decibels(new Resampler(rate, 16000).push(tone(hz, rate, 1)), 16000);
      assert.ok(level < -60, `${hz} Hz: ${level} dB`);
    }
  });
}

test("the voice at 48 kHz has no image of itself above 8 kHz", () => {
  const out = new Resampler(16000, 48000).push(tone(5000, 16000, 1));
  assert.ok(Math.abs(decibels(out, 48000)) < 0.5);
  // What is left without the tone itself.
  const a = tone(5000, 48000, 1);
  const b = Float32Array.from({ length: 48000 }, (_, i) => Math.cos((2 * Math.PI * 5000 * i) / 48000));
  const middle = (samples) => samples.subarray(4800, 43200);
  const part = (base) => (2 * middle(out).reduce((sum, x, i) => sum + x * middle(base)[i], 0)) / middle(out).length;
  const [x, y] = [part(a), part(b)];
  const rest = middle(out).map((sample, i) => sample - x * middle(a)[i] - y * middle(b)[i]);
  assert.ok(20 * Math.log10(rms(rest)) < -60);
});

test("pieces of any length sound as the whole", () => {
  const sound = tone(440, 44100, 0.5);
  const whole = new Resampler(44100, 16000).push(sound);
  const resampler = new Resampler(44100, 16000);
  const pieces = [];
  for (let start = 0, length = 1; start < sound.length; start += length, length = (length * 7) % 1013) {
    pieces.push(...resampler.push(sound.subarray(start, start + length)));
  }
  assert.ok(Math.abs(pieces.length - whole.length) <= 1);
  pieces.forEach((sample, i) => assert.ok(Math.abs(sample - whole[i]) < 1e-6, `sample ${i}`));
});

test("samples survive the wire, and what is too loud is clipped", () => {
  const samples = Int16Array.of(0, 1, -1, 32767, -32768, 258);
  assert.deepEqual(readPcm16(writePcm16(samples)), samples);
  assert.deepEqual([...new Uint8Array(writePcm16(Int16Array.of(258)))], [2, 1]);
  assert.deepEqual([...toPcm16(Float32Array.of(0, 1, -1, 2, -2))], [0, 32767, -32767, 32767, -32767]);
  assert.equal(fromPcm16(Int16Array.of(-32768))[0], -1);
});

test("sound is played without gaps from the first that lies ready, and positions only grow", () => {
  const queue = new Queue(100);
  const out = new Float32Array(64);
  queue.push(new Float32Array(60).fill(0.5));
  assert.equal(queue.pull(out), 0, "too little lies ready");
  queue.push(new Float32Array(60).fill(0.5));
  assert.equal(queue.pull(out), 64);
  assert.ok(out.every((sample) => sample === 0.5));
  assert.equal(queue.pull(out), 56);
  assert.ok(out.subarray(56).every((sample) => sample === 0));
  assert.equal(queue.played, 120);
  queue.push(new Float32Array(1000));
  queue.pull(out);
  queue.clear();
  assert.equal(queue.played, 1120, "what was dropped counts as dealt with");
  assert.equal(queue.pull(out), 0);
});

test("a last word that is shorter than what should lie ready is played all the same", () => {
  const queue = new Queue(100);
  const out = new Float32Array(64);
  queue.push(new Float32Array(10).fill(1));
  assert.equal(queue.pull(out), 0);
  assert.equal(queue.pull(out), 10);
});

test("server-sent events are read however they are cut", async () => {
  assert.deepEqual(parse('id: 7\nevent: turn\ndata: {"a":1}'), { id: "7", event: "turn", data: { a: 1 } });
  assert.equal(parse(": a comment"), null);
  const text = 'event: a\ndata: {"n":1}\n\nevent: b\r\ndata: {"n":2}\r\n\r\n';
  const bytes = new TextEncoder().encode(text);
  const found = [];
  const body = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  for await (const event of sse(body)) found.push([event.event, event.data.n]);
  assert.deepEqual(found, [["a", 1], ["b", 2]]);
});

const words = (tag) => JSON.parse(readFileSync(join(root, `web/src/words/${tag}.json`), "utf8"));

test("both languages have the same words, with the same gaps", () => {
  const [en, es] = [words("en"), words("es")];
  assert.deepEqual(Object.keys(es), Object.keys(en));
  const gaps = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const key of Object.keys(en)) assert.deepEqual(gaps(es[key]), gaps(en[key]), key);
});

test("every word that a page asks for is there", () => {
  const known = words("en");
  const files = readdirSync(join(root, "web/src"), { recursive: true }).filter((name) => /\.jsx?$/.test(name));
  const asked = files.flatMap((name) => {
    const text = readFileSync(join(root, "web/src", name), "utf8");
    return [...text.matchAll(/\bt\("([^"]+)"/g), ...text.matchAll(/\b(?:label|hint)="([^"]+)"/g)].map(([, key]) => key);
  });
  assert.ok(asked.length > 100);
  assert.deepEqual(asked.filter((key) => !(key in known)), []);
});

test("no page weighs more than 150 kB, all that it may load counted", () => {
  const build = join(root, "web/build");
  const files = readdirSync(build);
  const weight = (name) => gzipSync(readFileSync(join(build, name)), { level: 9 }).length;
  const parts = files.filter((name) => name.startsWith("part-"));
  const pages = {
    talk: ["index.html", "talk.js", "talk.css", "capture.worklet.js", "playback.worklet.js", "icon.svg", ...parts],
    console: ["console.html", "console.js", "console.css", "icon.svg", ...parts],
  };
  for (const [page, names] of Object.entries(pages)) {
    const bytes = names.reduce((sum, name) => sum + weight(name), 0);
    console.log(`${page}: ${(bytes / 1024).toFixed(1)} kB gzip at most`);
    assert.ok(bytes <= 150 * 1024, `${page}: ${bytes} bytes`);
  }
});

test("the pages' policy lets in no script and no style but their own", () => {
  const headers = readFileSync(join(root, "web/pages/_headers"), "utf8");
  assert.doesNotMatch(headers, /^\s+Content-Security-Policy:.*(unsafe-inline|unsafe-eval|\s\*[\s;])/m);
  for (const wanted of [/default-src 'none'/, /script-src 'self';/, /frame-ancestors 'none'/, /nosniff/, /Referrer-Policy: no-referrer/, /microphone=\(self\)/]) assert.match(headers, wanted);
});
