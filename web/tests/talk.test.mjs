// The Talk page: the edge in workerd, the real API, real speech in both directions, and a fake microphone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, picture, signIn, speech } from "./browser.mjs";
import { ABROAD, BUSY, KEY, LATE, ask, token, until } from "./platform.mjs";
import { callOf, heard, hesitating, level, loud, microphones, noting, phase, type } from "./talking.mjs";

test("a table is booked by voice: heard, answered, written down", async (t) => {
  // Said again and again, with time for an answer between: what the bot's greeting covers is heard the next time.
  const page = await open(t, "/", { token: token(), microphone: speech(t, [4.5, "can i book a table", 8, "for four people", 6]) });
  assert.equal(new URL(page.url()).hash, "", "the token has left the address bar");
  await page.locator("#bot").selectOption("mesa");
  const phases = await noting(page);
  await page.getByRole("button", { name: "Start talking" }).click();
  await heard(page, "bot", "How can I help you?");
  await loud(page, 0.3);
  await heard(page, "caller", "can i book a table");
  await heard(page, "caller", "for four people");
  // Asked in whichever order both were heard.
  await heard(page, "bot", /which day/i);
  await picture(page, "talk");
  await page.getByRole("button", { name: "Hang up" }).click();
  await page.getByText("The conversation is over").waitFor();
  assert.equal(await level(page), 0, "nobody listens any more");
  const seen = await phases();
  for (const wanted of ["Listening", "Speaking"]) assert.ok(seen.includes(wanted), `${wanted}: ${[...new Set(seen)]}`);
  assert.deepEqual(page.complaints, []);
  const { calls } = await until("/calls?bot=mesa&limit=1", ({ calls }) => calls[0].ended);
  const { turns } = await ask("GET", `/calls/${calls[0].call}`);
  assert.ok(turns.some(({ speaker, text }) => speaker === "caller" && text === "can i book a table"));
});

for (const bargeIn of [false, true]) {
  test(`while the bot speaks the microphone is ${bargeIn ? "open with barge-in, and the bot stops" : "held back, and nothing cuts it off"}`, async (t) => {
    // The front desk talks for long; somebody speaks up in the middle of it, and if that is of no use, not again for long.
    const page = await open(t, "/", { token: token(), microphone: speech(t, [10, "wait can i book a table", 1, "for four people", bargeIn ? 6 : 90]) });
    await page.locator("#bot").selectOption("desk");
    await page.getByLabel("Let me interrupt the bot").setChecked(bargeIn);
    await page.getByRole("button", { name: "Start talking" }).click();
    if (bargeIn) return page.locator(".heard li.bot .cut").first().waitFor();
    await page.getByText("Your microphone is held back while the bot speaks.").waitFor();
    assert.equal(await level(page), 0);
    await page.locator(".heard li.bot:not(.open)").first().waitFor();
    assert.equal(await page.locator(".cut").count(), 0);
    assert.equal(await page.locator("li.caller").count(), 0);
    return undefined;
  });
}

test("a refused microphone is said so, and typing still works", async (t) => {
  const page = await open(t, "/", { token: token(), refuse: true });
  await page.locator("#bot").selectOption("mesa");
  await page.getByRole("button", { name: "Start talking" }).click();
  await page.getByRole("alert").getByText("The microphone is blocked").waitFor();
  await picture(page, "talk-refused");
  await page.getByRole("button", { name: "Type without a microphone" }).click();
  await page.getByLabel("Type instead of speaking").and(page.locator(":focus")).waitFor();
  await heard(page, "bot", "How can I help you?");
  const phases = await noting(page);
  await type(page, "can i book a table");
  await heard(page, "bot", "how many people");
  const seen = await phases();
  const order = ["Thinking", "Speaking"].map((phase) => seen.indexOf(phase));
  assert.ok(order[0] >= 0 && order[0] < order[1], `${[...new Set(seen)]}`);
  assert.equal(await page.getByText("The microphone is blocked").count(), 0);
});

test("who has begun to speak may go on by typing", async (t) => {
  const page = await open(t, "/?bot=mesa", { token: token(), microphone: speech(t, [6]) });
  await page.getByRole("button", { name: "Start talking" }).click();
  await heard(page, "bot", "How can I help you?");
  await type(page, "can i book a table");
  await heard(page, "caller", "can i book a table");
  await heard(page, "bot", "how many people");
  await type(page, "for four people");
  await heard(page, "bot", /which day/i);
  assert.deepEqual(page.complaints, []);
});

test("a button pressed twice begins one conversation, and another one leaves no microphone open behind it", async (t) => {
  const page = await open(t, "/?bot=mesa", { token: token(), microphone: speech(t, [6]) });
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(socket));
  const open_tracks = await microphones(page);
  await page.getByRole("button", { name: "Start talking" }).dblclick();
  await heard(page, "bot", "How can I help you?");
  assert.deepEqual([sockets.length, await open_tracks()], [1, 1]);
  await type(page, "can i book a table");
  await phase(page).getByText("Speaking").waitFor();
  // Both at once, while the bot's last words are still being played.
  await page.evaluate(() => {
    document.querySelector(".orb").click();
    const again = () => document.querySelector(".orb").textContent === "Talk again" && (watch.disconnect(), document.querySelector(".orb").click());
    const watch = new MutationObserver(again);
    watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  await page.waitForFunction(() => document.querySelectorAll(".heard li").length === 1);
  await heard(page, "bot", "How can I help you?");
  assert.deepEqual([sockets.length, await open_tracks()], [2, 1]);
  assert.deepEqual(page.complaints, []);
});

test("who signs out has hung up, and no microphone stays open", async (t) => {
  const page = await open(t, "/?bot=mesa", { token: token(), microphone: speech(t, [6]) });
  const closed = new Promise((resolve) => page.once("websocket", (socket) => socket.once("close", resolve)));
  const open_tracks = await microphones(page);
  await page.getByRole("button", { name: "Start talking" }).click();
  await heard(page, "bot", "How can I help you?");
  assert.equal(await open_tracks(), 1);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("API key").waitFor();
  assert.equal(await open_tracks(), 0);
  assert.equal(await page.getByText("Your sign-in has expired").count(), 0);
  await closed;
});

test("who signs out while the microphone is still to be allowed leaves none open", async (t) => {
  const page = await open(t, "/?bot=mesa", { token: token(), microphone: speech(t, [6]) });
  const open_tracks = await microphones(page);
  const allow = await hesitating(page);
  await page.getByRole("button", { name: "Start talking" }).click();
  await page.waitForFunction(() => window.allow);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("API key").waitFor();
  await allow();
  await page.waitForFunction(() => window.tracks.length > 0 && window.tracks.every(({ readyState }) => readyState === "ended"));
  assert.equal(await open_tracks(), 0);
});

test("who leaves the page for another one has hung up", async (t) => {
  const page = await open(t, "/?bot=mesa", { token: token() });
  const call = callOf(page);
  await page.getByRole("button", { name: "Type without a microphone" }).click();
  await heard(page, "bot", "How can I help you?");
  await page.goto("/console");
  // Whose connection is only lost is waited for, and has ended otherwise.
  const { ended } = await until(`/calls/${await call}`, ({ ended }) => ended);
  assert.equal(ended.reason, "caller_left");
});

test("behind the sign-in form the microphone hears nothing, and the conversation can be ended", async (t) => {
  const page = await open(t, "/?bot=mesa", { token: token({ sub: "operator" }), microphone: speech(t, [6]) });
  const open_tracks = await microphones(page);
  const hearing = () => page.evaluate(() => window.tracks.filter(({ enabled, readyState }) => enabled && readyState === "live").length);
  // As after an answer of the API that says that the token is not good.
  const expire = () => page.evaluate(() => {
    sessionStorage.clear();
    dispatchEvent(new Event("callbox:signed-out"));
  });
  await page.getByRole("button", { name: "Start talking" }).click();
  await heard(page, "bot", "How can I help you?");
  assert.equal(await hearing(), 1);
  await expire();
  await page.getByLabel("API key").waitFor();
  assert.deepEqual([await hearing(), await open_tracks()], [0, 1]);
  await signIn(page);
  await heard(page, "bot", "How can I help you?");
  assert.equal(await hearing(), 1);
  await expire();
  await page.getByRole("button", { name: "Hang up" }).click();
  await page.waitForFunction(() => window.tracks.every(({ readyState }) => readyState === "ended"));
  await signIn(page);
  await page.getByText("The conversation is over").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a microphone that is unplugged is missed", async (t) => {
  const page = await open(t, "/?bot=mesa", { token: token(), microphone: speech(t, [6]) });
  await microphones(page);
  await page.getByRole("button", { name: "Start talking" }).click();
  await heard(page, "bot", "How can I help you?");
  await page.evaluate(() => window.tracks[0].dispatchEvent(new Event("ended")));
  await page.getByRole("alert").getByText("The microphone is gone").waitFor();
});

test("an expired token is said so, and with a fresh sign-in the same conversation goes on", async (t) => {
  // As if the key had made a token some time ago: it is the same holder's. Not before the browser is up, which takes a while.
  const page = await open(t, "/icon.svg");
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(new URL(socket.url())));
  const call = callOf(page);
  await page.goto(`/#token=${token({ sub: "operator", expires_in_s: 20 })}`);
  await page.locator("#bot").selectOption("mesa");
  await page.getByRole("button", { name: "Type without a microphone" }).click();
  await page.getByText("Your sign-in has expired").waitFor();
  await signIn(page);
  await phase(page).getByText(/Listening|Speaking/).waitFor();
  await type(page, "can i book a table");
  await heard(page, "bot", "how many people");
  assert.deepEqual(sockets.map(({ searchParams }) => searchParams.get("call")), [null, await call]);
  const texts = await page.locator(".heard .lines li .said").allTextContents();
  assert.equal(texts.filter((text) => text.includes("Thank you for calling")).length, 1, "nobody was greeted twice");
});

test("a key is exchanged for a token, and the key is kept nowhere", async (t) => {
  const page = await open(t, "/");
  await page.getByLabel("API key").fill("cbx_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This key is not known").waitFor();
  await signIn(page);
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));
  assert.ok(!kept.includes(KEY));
  assert.match(kept, /eyJ\w+\.eyJ/, "the token is kept for this tab");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("API key").waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

test("a telephone is called from here, and its call is followed", async (t) => {
  const page = await open(t, "/?bot=mesa", { token: token() });
  const call = page.getByRole("button", { name: "Call", exact: true });
  await page.getByLabel("Telephone number").fill("600");
  await call.click();
  await page.getByText("Give the number with +").waitFor();
  await page.getByLabel("Telephone number").fill(ABROAD);
  await call.click();
  await page.getByText("may not call numbers of that country").waitFor();
  await page.getByLabel("Telephone number").fill(LATE.replace("+1", "+1 (").replace("555", ") 555-"));
  await call.click();
  const watch = page.locator(".watch");
  await watch.getByText("In progress").waitFor();
  await watch.locator("li.bot .said", { hasText: "How can I help you?" }).waitFor();
  const id = new URL(await watch.getByRole("link").getAttribute("href"), page.url()).hash.split("/").at(-1);
  assert.equal((await ask("GET", `/calls/${id}`)).to, LATE);
  await ask("POST", `/calls/${id}/orders`, { do: "hang_up" });
  await watch.getByText("Completed").waitFor();
});

test("a telephone that nobody answers is asked about no more once that is known", async (t) => {
  const page = await open(t, "/?bot=mesa", { token: token() });
  await page.getByLabel("Telephone number").fill(BUSY);
  await page.getByRole("button", { name: "Call", exact: true }).click();
  await page.locator(".watch").getByText("Busy").waitFor();
  const asked = [];
  page.on("request", (request) => request.url().includes("/calls/") && asked.push(request.url()));
  const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  // One question is the last; then none, in the time in which there would be some.
  await pass(4_000);
  asked.length = 0;
  await pass(4_000);
  assert.deepEqual(asked, []);
});

test("Spanish readers read Spanish", async (t) => {
  const page = await open(t, "/", { token: token(), language: "es-ES" });
  await page.getByRole("button", { name: "Empezar a hablar" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "es");
});
