// A conversation with a bot, as the page holds it, without a page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation } from "../src/talk/conversation.js";

/** A conversation whose sockets are here: each with its `url`, and what was `said` on it. */
function begin({ token = () => "t" } = {}) {
  const sockets = [];
  const connect = (url) => {
    const said = [];
    const socket = { url, said, readyState: 0, send: (text) => said.push(JSON.parse(text)), close: () => (socket.readyState = 3) };
    sockets.push(socket);
    return socket;
  };
  const conversation = new Conversation({ url: "/ws", token, bot: "mesa", bargeIn: false, connect });
  const last = () => sockets.at(-1);
  const told = (message) => last().onmessage({ data: JSON.stringify(message) });
  const open = () => {
    last().readyState = 1;
    last().onopen();
  };
  const ready = (resumed = false) => {
    open();
    told({ type: "ready", call: "WB1", bot: "mesa", resumed });
  };
  const lose = (code = 1006) => {
    last().readyState = 3;
    last().onclose({ code });
  };
  conversation.start();
  return { conversation, sockets, told, open, ready, lose };
}

const texts = (lines) => lines.map(({ text, final }) => [text, final]);
const AUTH = { type: "auth", token: "t", bot: "mesa" };
const HANG_UP = { type: "hang_up" };

test("a conversation that is refused for too many requests is not tried again, one in progress is", () => {
  for (const begun of [false, true]) {
    const socket = { send: () => {}, readyState: 1 };
    let opened = 0;
    const connect = () => (opened++, socket);
    const conversation = new Conversation({ url: "/ws", token: () => "t", bot: "mesa", bargeIn: false, connect });
    const told = (message) => socket.onmessage({ data: JSON.stringify(message) });
    conversation.start();
    if (begun) told({ type: "ready", call: "WB1", bot: "mesa", resumed: false });
    told({ type: "error", code: "rate_limited", message: "try again in 9 s" });
    socket.onclose({ code: 1013 });
    assert.equal(conversation.phase, begun ? "reconnecting" : "ended");
    assert.equal(conversation.problem.code, "rate_limited");
    clearTimeout(conversation.timer);
    assert.equal(opened, 1);
  }
});

test("what the edge tells of a conversation is what the page shows of it", () => {
  const socket = { send: (text) => said.push(text), readyState: 1 };
  const said = [];
  const conversation = new Conversation({ url: "/ws", token: () => "t", bot: "mesa", bargeIn: false, connect: () => socket });
  const told = (message) => socket.onmessage({ data: JSON.stringify(message) });
  conversation.start();
  socket.onopen();
  assert.deepEqual(JSON.parse(said[0]), { type: "auth", token: "t", bot: "mesa" });
  told({ type: "ready", call: "WB1", bot: "mesa", resumed: false });
  for (const state of ["thinking", "speaking", "listening"]) {
    told({ type: "state", state });
    assert.equal(conversation.phase, state);
  }
  told({ type: "reply", text: "Good day.", heard: false });
  told({ type: "reply", text: "How are you?", heard: false });
  assert.deepEqual(conversation.lines.map(({ text, final }) => [text, final]), [["Good day. How are you?", false]]);
  // Heard, not sent.
  told({ type: "reply", text: "Good day. How", heard: true, interrupted: true });
  told({ type: "transcript", text: "wait", final: false });
  told({ type: "transcript", text: "wait a moment", final: true });
  assert.deepEqual(conversation.lines.map(({ speaker, text, final, interrupted }) => [speaker, text, final, interrupted]), [
    ["bot", "Good day. How", true, true], ["caller", "wait a moment", true, false],
  ]);
});

test("what was never heard leaves nothing behind, and no two lines are taken for one", () => {
  const socket = { send: () => {}, readyState: 1 };
  const conversation = new Conversation({ url: "/ws", token: () => "t", bargeIn: false, connect: () => socket });
  const told = (message) => socket.onmessage({ data: JSON.stringify(message) });
  conversation.start();
  told({ type: "reply", text: "Good day.", heard: true });
  told({ type: "reply", text: "How are", heard: false });
  told({ type: "transcript", text: "wait", final: true });
  told({ type: "reply", text: "", heard: true, interrupted: true });
  assert.deepEqual(conversation.lines.map(({ text }) => text), ["Good day.", "wait"]);
  told({ type: "reply", text: "Yes?", heard: false });
  const keys = conversation.lines.map(({ key }) => key);
  assert.equal(new Set(keys).size, 3, `${keys}`);
});

test("only a token that a fresh sign-in makes good asks for one", () => {
  const closed = (error, code = 4401) => {
    const socket = { send: () => {}, readyState: 1 };
    const conversation = new Conversation({ url: "/ws", token: () => "t", bargeIn: false, connect: () => socket });
    conversation.start();
    socket.onopen();
    if (error) socket.onmessage({ data: JSON.stringify({ type: "error", code: error, message: "" }) });
    socket.onclose({ code });
    return [conversation.phase, conversation.problem.code];
  };
  assert.deepEqual(closed("token_expired"), ["signed_out", "token_expired"]);
  assert.deepEqual(closed("key_wrong"), ["signed_out", "token_expired"]);
  assert.deepEqual(closed(null), ["signed_out", "token_expired"]);
  assert.deepEqual(closed("scope_missing"), ["ended", "scope_missing"]);
  assert.deepEqual(closed("call_ended", 4410), ["ended", "call_ended"]);
});

test("whoever has signed in afresh before the edge lets the old token go is not asked again", () => {
  const sockets = [];
  const sent = [];
  const connect = (url) => (sockets.push({ url, send: (text) => sent.push(JSON.parse(text).token), readyState: 1 }), sockets.at(-1));
  let token = "old";
  const conversation = new Conversation({ url: "/ws", token: () => token, bargeIn: false, connect });
  const phases = [];
  conversation.addEventListener("change", () => phases.push(conversation.phase));
  const expire = (socket) => {
    socket.onmessage({ data: JSON.stringify({ type: "error", code: "token_expired", message: "" }) });
    socket.onclose({ code: 4401 });
  };
  conversation.start();
  sockets[0].onopen();
  sockets[0].onmessage({ data: JSON.stringify({ type: "ready", call: "WB1", bot: "mesa" }) });
  token = "fresh";
  expire(sockets[0]);
  assert.ok(!phases.includes("signed_out"), phases.join());
  assert.equal(sockets[1].url, "/ws?call=WB1");
  sockets[1].onopen();
  assert.deepEqual(sent, ["old", "fresh"]);
  expire(sockets[1]);
  assert.equal(conversation.phase, "signed_out", "that one is the only one there is");
  assert.equal(sockets.length, 2);
});

test("the microphone is held back from the bot's first sound to its last, unless the bot may be interrupted", () => {
  const socket = { send: (what) => typeof what !== "string" && heard.push(new Int16Array(what)[0]), readyState: 1 };
  const heard = [];
  const conversation = new Conversation({ url: "/ws", token: () => "t", bargeIn: false, connect: () => socket });
  conversation.sound = { play: () => {}, reset: () => {}, clear: () => {} };
  conversation.start();
  socket.onmessage({ data: JSON.stringify({ type: "ready", call: "WB1", bot: "mesa" }) });
  const speak = () => conversation.hear(new Int16Array(320).fill(7));
  speak();
  socket.onmessage({ data: new ArrayBuffer(640) });
  speak();
  conversation.played({ ms: 20, queued_ms: 0 });
  speak();
  conversation.bargeIn = true;
  socket.onmessage({ data: new ArrayBuffer(640) });
  speak();
  assert.deepEqual(heard, [7, 0, 7, 7]);
});

test("what is typed before the bot hears, or while the connection is lost, is shown and sent once it does", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { conversation, sockets, told, ready, lose } = begin();
  conversation.type("good day");
  assert.deepEqual(texts(conversation.transcript()), [["good day", false]]);
  ready();
  assert.deepEqual(sockets[0].said, [AUTH, { type: "text", text: "good day" }]);
  told({ type: "transcript", text: "good day", final: true });
  lose();
  conversation.type("a table");
  conversation.type("for four");
  assert.deepEqual(texts(conversation.transcript()), [["good day", true], ["a table", false], ["for four", false]]);
  t.mock.timers.tick(300);
  ready(true);
  assert.deepEqual(sockets[1].said.slice(1), [{ type: "text", text: "a table" }, { type: "text", text: "for four" }]);
  assert.deepEqual(texts(conversation.transcript()), [["good day", true]], "the edge tells the rest");
});

test("nothing but a token is sent before the bot hears", () => {
  const { conversation, sockets, open } = begin();
  open();
  conversation.played({ ms: 20, queued_ms: 0 });
  conversation.interrupt();
  assert.deepEqual(sockets[0].said, [AUTH]);
});

test("who hangs up before the bot hears has left at once, and the edge is told before anything else", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { conversation, sockets, told, open, ready } = begin();
  open();
  conversation.hangUp();
  assert.equal(conversation.phase, "ended");
  ready();
  told({ type: "state", state: "speaking" });
  assert.deepEqual(sockets[0].said.slice(1), [AUTH, HANG_UP]);
  assert.deepEqual([conversation.phase, sockets[0].readyState, sockets.length], ["ended", 3, 1]);
});

test("who hangs up while the connection is lost is heard on another socket", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { conversation, sockets, ready, lose } = begin();
  ready();
  lose();
  conversation.hangUp();
  assert.equal(conversation.phase, "ended");
  ready(true);
  t.mock.timers.tick(60_000);
  assert.deepEqual(sockets.map(({ url, said }) => [url, said]), [["/ws", [AUTH]], ["/ws?call=WB1", [AUTH, HANG_UP]]]);
});

test("who hangs up before a token was shown leaves nothing behind, and a socket that never gets ready is let go", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const shown of [false, true]) {
    const { conversation, sockets, open } = begin();
    if (shown) open();
    conversation.hangUp();
    t.mock.timers.tick(60_000);
    assert.deepEqual([conversation.phase, sockets.length, sockets[0].readyState], ["ended", 1, 3]);
  }
});

test("who has hung up does not come back when the socket breaks before the goodbye", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { conversation, sockets, ready, lose } = begin();
  ready();
  conversation.hangUp();
  assert.deepEqual(sockets[0].said, [AUTH, HANG_UP]);
  lose();
  t.mock.timers.tick(60_000);
  assert.deepEqual([conversation.phase, conversation.reason, sockets.length], ["ended", "caller_left", 1]);
});

test("what the caller was saying when the connection broke stays, and is not taken for what is said next", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const after = (text, final) => {
    const { conversation, told, ready, lose } = begin();
    ready();
    told({ type: "transcript", text: "can i book", final: false });
    lose();
    t.mock.timers.tick(300);
    ready(true);
    told({ type: "transcript", text, final });
    const { lines } = conversation;
    assert.equal(new Set(lines.map(({ key }) => key)).size, lines.length);
    return texts(lines);
  };
  assert.deepEqual(after("for", false), [["can i book", true], ["for", false]]);
  assert.deepEqual(after("can i book a table", true), [["can i book a table", true]], "all of it came later");
});

test("a conversation that cannot go on is said to be over in the page's words, one that cannot begin in the API's", () => {
  const closed = (code, error, begun) => {
    const { conversation, told, ready, lose } = begin();
    if (begun) ready();
    told({ type: "error", code: error, message: "begin another, without ?call=" });
    lose(code);
    return [conversation.phase, conversation.problem.code];
  };
  assert.deepEqual(closed(4403, "subject_differs", true), ["ended", "conversation_foreign"]);
  assert.deepEqual(closed(4404, "call_unknown", true), ["ended", "conversation_lost"]);
  assert.deepEqual(closed(4410, "call_ended", true), ["ended", "conversation_over"]);
  assert.deepEqual(closed(4404, "bot_unknown", false), ["ended", "bot_unknown"]);
});
