// The pages' parts, each by itself.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { unreadable, without } from "../src/console/draft.js";
import { interruptions } from "../src/console/interruptions.js";
import { extended, renewed } from "../src/console/listing.js";
import { PROVIDERS } from "../src/console/providers.js";
import { SCOPES } from "../src/console/scopes.js";
import { Queue } from "../src/talk/queue.js";
import { Resampler, fromPcm16, readPcm16, toPcm16, writePcm16 } from "../src/talk/resample.js";
import { fold, follow, lines } from "../src/shared/live.js";
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

test("a call that is watched shows what is being said, once, and takes back what was never heard", () => {
  const seen = (events) => lines(events.reduce((call, [event, data]) => fold(call, { event, data }), undefined)).map(({ text }) => text);
  const turn = ["turn", { number: 1, at_ms: 5, record: { speaker: "caller", text: "Hello." } }];
  const saying = (text) => ["saying", { text }];
  assert.deepEqual(seen([turn, saying("Good day."), saying("How are you?")]), ["Hello.", "Good day. How are you?"]);
  assert.deepEqual(seen([turn, saying("Good day."), ["connected_again"], saying("Good day. How are you?")]), ["Hello.", "Good day. How are you?"]);
  assert.deepEqual(seen([turn, saying("Good day."), ["unheard", {}]]), ["Hello."]);
  assert.deepEqual(seen([turn, turn]), ["Hello."], "told twice");
});

test("a call is followed until its end, one that nobody answered until it is known to be over", async () => {
  const following = async (answers, isOver = () => false) => {
    const asked = [];
    const pauses = [];
    const seen = [];
    async function* events(after) {
      asked.push(after);
      for (const answer of answers.shift() ?? [{ event: "end" }]) {
        if (answer.status) throw answer;
        yield answer;
      }
    }
    const wait = async (ms) => pauses.push(ms);
    await follow({ events, tell: ({ event }) => seen.push(event), isOver: () => isOver(asked.length), wait, signal: new AbortController().signal });
    return { asked, pauses, seen: seen.filter((event) => event !== "connected_again") };
  };
  const turn = (number) => ({ event: "turn", data: { number } });
  const lost = await following([[turn(1), turn(2)], [{ status: 429, retry_s: 9 }], [turn(3)]]);
  assert.deepEqual(lost, { asked: [undefined, 2, 2, 3], pauses: [1500, 9000, 1500], seen: ["turn", "turn", "turn", "end"] });
  const none = [{ status: 404 }];
  const unanswered = await following([none, none, none, none, none], (times) => times >= 3);
  assert.equal(unanswered.asked.length, 4, "once more after it is known: it may have been answered just before");
  assert.equal((await following([[{ status: 401 }], [turn(1), { event: "end" }]])).asked.length, 2, "there may be another token by then");
  assert.equal((await following([[{ status: 403 }]])).asked.length, 1);
});

test("the table keeps what is loaded while calls come in above it and end", () => {
  const call = (call, status) => ({ call: `CA${call}`, began_ms: call, status });
  const page = (...calls) => ({ calls, next: "…" });
  const known = extended(renewed([], page(call(9), call(8, "ringing"))), page(call(7), call(6)));
  const later = renewed(known, page(call(10), call(9)));
  assert.deepEqual(later.map(({ began_ms }) => began_ms), [10, 9, 8, 7, 6], "what moved off the first page is still there");
  const ended = renewed(later, page(call(10), call(8, "completed"), call(7)));
  assert.deepEqual(ended.map(({ began_ms, status }) => [began_ms, status]), [[10, undefined], [8, "completed"], [7, undefined], [6, undefined]]);
  assert.deepEqual(renewed(later, { calls: [call(10)], next: null }), [call(10)], "there is no more");
});

test("an interruption is where the other began to speak, within the turn that was cut", () => {
  const turn = (speaker, began_ms, ended_ms, interrupted = false) => ({ speaker, began_ms, ended_ms, interrupted });
  assert.deepEqual(interruptions([turn("bot", 0, 900), turn("caller", 1000, 1900)]), []);
  assert.deepEqual(interruptions([turn("bot", 0, 900, true), turn("caller", 700, 1900), turn("bot", 2000, 2500, true)]), [700, 2500]);
  assert.deepEqual(interruptions([turn("bot", 500, 900, true), turn("caller", 300, 1900)]), [500]);
});

test("JSON that cannot be read is found, and what is typed at a list's places moves up with them", () => {
  assert.equal(unreadable({ "listen.options": "{}", "tools.1.schema": "{" }), "tools.1.schema");
  assert.equal(unreadable({ "listen.options": "{}" }), undefined);
  const draft = { "tools.0.schema": "zero", "tools.1.schema": "one", "tools.2.schema": "two", "tools.10.schema": "ten", "think.options": "t" };
  assert.deepEqual(without(draft, "tools", 1), { "tools.0.schema": "zero", "tools.1.schema": "two", "tools.9.schema": "ten", "think.options": "t" });
  assert.deepEqual(without(draft, "hours.open", 0), draft);
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

test("whatever the API may name has words", () => {
  const known = words("en");
  const names = (file, type) => {
    const source = readFileSync(join(root, file), "utf8");
    const [, body] = new RegExp(`pub enum ${type} \\{(.*?)\\n\\}`, "s").exec(source);
    return [...body.matchAll(/^ {4}([A-Z]\w+)/gm)].map(([, name]) => name.replace(/\B[A-Z]/g, (letter) => `_${letter}`).toLowerCase());
  };
  const all = [
    ...names("core/contract/src/price.rs", "Dimension").map((name) => `dimension.${name}`),
    ...names("core/contract/src/record.rs", "EndReason").map((name) => `reason.${name}`),
    ...names("core/contract/src/record.rs", "Speaker").map((name) => `speaker.${name}`),
    ...names("core/contract/src/opening.rs", "Direction").map((name) => `direction.${name}`),
    ...names("functions/src/store/entry.rs", "Unanswered").map((name) => `unanswered.${name}`),
    ...names("functions/src/store/money.rs", "Paid").map((name) => `paid.${name}`),
  ];
  assert.ok(all.length > 20, `${all}`);
  assert.deepEqual(all.filter((key) => !(key in known)), []);
});

test("the editor offers the providers that a bot may name", () => {
  const contract = readFileSync(join(root, "core/contract/src/lib.rs"), "utf8");
  const listed = (name) => [...new RegExp(`pub const ${name}: &\\[&str\\] = &\\[([^\\]]*)\\]`).exec(contract)[1].matchAll(/"([^"]+)"/g)].map(([, provider]) => provider);
  assert.deepEqual(PROVIDERS, { listen: listed("LISTENERS"), think: listed("THINKERS"), speak: listed("SPEAKERS") });
});

test("the console offers whatever a key may be allowed, each with its word", () => {
  const source = readFileSync(join(root, "functions/src/account/scope.rs"), "utf8");
  const scopes = [...source.matchAll(/#\[serde\(rename = "([^"]+)"\)\]/g)].map(([, scope]) => scope);
  assert.deepEqual(SCOPES, scopes);
  assert.deepEqual(scopes.filter((scope) => !(`scope.${scope}` in words("en"))), []);
});

test("no page weighs more than 150 kB, all that it may load counted", () => {
  const build = join(root, "web/build");
  const files = readdirSync(build);
  const weight = (name) => gzipSync(readFileSync(join(build, name)), { level: 9 }).length;
  const parts = files.filter((name) => name.startsWith("part-"));
  const pages = {
    talk: ["index.html", "talk.js", "talk.css", "capture.worklet.js", "playback.worklet.js", "icon.svg"],
    console: ["console.html", "console.js", "console.css", "icon.svg", ...parts],
  };
  for (const [page, names] of Object.entries(pages)) {
    const bytes = names.reduce((sum, name) => sum + weight(name), 0);
    console.log(`${page}: ${(bytes / 1024).toFixed(1)} kB gzip at most`);
    assert.ok(bytes <= 150 * 1024, `${page}: ${bytes} bytes`);
  }
});

test("the one line that stands in a page is the one that the policy lets run", () => {
  const headers = readFileSync(join(root, "web/pages/_headers"), "utf8");
  const [, hash] = /script-src 'self' 'sha256-([^']+)';/.exec(headers);
  for (const page of ["index.html", "console.html"]) {
    const lines = [...readFileSync(join(root, "web/pages", page), "utf8").matchAll(/<script>(.*?)<\/script>/gs)];
    assert.deepEqual(lines.map(([, line]) => createHash("sha256").update(line).digest("base64")), [hash], page);
  }
});

test("the pages' policy lets in no script and no style but their own", () => {
  const headers = readFileSync(join(root, "web/pages/_headers"), "utf8");
  assert.doesNotMatch(headers, /^\s+Content-Security-Policy:.*(unsafe-inline|unsafe-eval|\s\*[\s;])/m);
  for (const wanted of [/default-src 'none'/, /frame-ancestors 'none'/, /nosniff/, /Referrer-Policy: no-referrer/, /microphone=\(self\)/]) assert.match(headers, wanted);
});
