// The Talk page, with the edge in workerd, real speech in both directions, and a fake microphone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk, picture, speech } from "./browser.mjs";
import { KEY, token } from "./stand-in.mjs";

const LONG = { timeout: 40_000 };
const said = (page) => page.locator(".heard .lines li .said");
const phase = (page) => page.locator(".phase");

async function line(page, speaker, text) {
  await page.locator(`.heard .lines li.${speaker}:not(.open)`, { hasText: text }).first().waitFor(LONG);
}

test("a table is booked by voice: heard, answered, written down", async (t) => {
  // Said again and again: how long a busy machine takes to get ready is nobody's business here.
  const desk = await Desk.open(t, { microphone: speech([1, "can i book a table", 9, "for four people", 8]) });
  const page = await desk.page({ token: token() });
  assert.equal(new URL(page.url()).hash, "", "the token has left the address bar");
  await page.getByRole("button", { name: "Start talking" }).click();
  await line(page, "bot", "How can I help you?");
  await line(page, "caller", "can i book a table");
  await line(page, "bot", "For how many people?");
  await line(page, "caller", "for four people");
  await line(page, "bot", "For which day?");
  await picture(page, "talk");
  await page.getByRole("button", { name: "Hang up" }).click();
  await page.getByText("The conversation is over").waitFor();
  assert.deepEqual(page.complaints, []);
  assert.ok(desk.api.records.some(({ record }) => record.kind === "turn" && record.text === "can i book a table"));
});

for (const bargeIn of [false, true]) {
  test(`while the bot speaks the microphone is ${bargeIn ? "open with barge-in, and the bot stops" : "held back, and nothing cuts it off"}`, async (t) => {
    // Somebody who never lets the bot finish.
    const desk = await Desk.open(t, { microphone: speech([2.2, "can i book a table"]) });
    const page = await desk.page({ token: token() });
    await page.getByLabel("Let me interrupt the bot").setChecked(bargeIn);
    await page.getByRole("button", { name: "Start talking" }).click();
    if (bargeIn) return page.locator(".heard li.bot .cut").first().waitFor(LONG);
    await page.getByText("Your microphone is held back while the bot speaks.").waitFor(LONG);
    await page.locator(".heard li.bot:not(.open)").nth(2).waitFor(LONG);
    assert.equal(await page.locator(".cut").count(), 0);
  });
}

test("a refused microphone is said so, and typing still works", async (t) => {
  const desk = await Desk.open(t, { refuse: true });
  const page = await desk.page({ token: token() });
  await page.getByRole("button", { name: "Start talking" }).click();
  await page.getByRole("alert").getByText("The microphone is blocked").waitFor();
  await picture(page, "talk-refused");
  await page.getByRole("button", { name: "Type without a microphone" }).click();
  await line(page, "bot", "How can I help you?");
  await page.getByLabel("Type instead of speaking").fill("can i book a table");
  await page.getByRole("button", { name: "Send" }).click();
  await line(page, "bot", "how many people");
  assert.equal(await page.getByText("The microphone is blocked").count(), 0);
});

test("the edge is killed, comes back, and the same conversation goes on", async (t) => {
  const desk = await Desk.open(t);
  const page = await desk.page({ token: token() });
  await page.getByRole("button", { name: "Type without a microphone" }).click();
  await line(page, "bot", "How can I help you?");
  await page.getByLabel("Type instead of speaking").fill("can i book a table");
  await page.getByRole("button", { name: "Send" }).click();
  await line(page, "bot", "how many people");
  process.kill(Number(process.env.PAGES_EDGE_PID), "SIGKILL");
  await phase(page).getByText("Reconnecting").waitFor();
  await phase(page).getByText(/Listening|Speaking/).waitFor(LONG);
  await page.getByLabel("Type instead of speaking").fill("for four people");
  await page.getByRole("button", { name: "Send" }).click();

  await line(page, "bot", "For which day?");
  const texts = await said(page).allTextContents();
  assert.equal(texts.filter((text) => text.includes("Thank you for calling")).length, 1, "nobody was greeted twice");
  assert.ok(texts.includes("for four people"));
});

test("an expired token is said so, and a fresh sign-in goes on", async (t) => {
  const desk = await Desk.open(t);
  const page = await desk.page({ token: token({ expires_in_s: 8 }) });
  await page.getByRole("button", { name: "Type without a microphone" }).click();
  await line(page, "bot", "How can I help you?");
  await page.getByText("Your sign-in has expired").waitFor(LONG);
  await desk.signIn(page);
  await phase(page).getByText(/Listening|Speaking/).waitFor(LONG);
  await page.getByLabel("Type instead of speaking").fill("can i book a table");
  await page.getByRole("button", { name: "Send" }).click();
  await line(page, "bot", "how many people");
});

test("a key is exchanged for a token, and the key is kept nowhere", async (t) => {
  const desk = await Desk.open(t);
  const page = await desk.page();
  await page.getByLabel("API key").fill("cbx_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This key is not known").waitFor();
  await desk.signIn(page);
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));
  assert.ok(!kept.includes(KEY));
  assert.ok(kept.includes("stand-in"), "the token is kept for this tab");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("API key").waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

test("a telephone is called from here, and its status is followed", async (t) => {
  const desk = await Desk.open(t);
  const page = await desk.page({ token: token() });
  const call = page.getByRole("button", { name: "Call", exact: true });
  await page.getByLabel("Telephone number").fill("600");
  await call.click();
  await page.getByText("Give the number with +").waitFor();
  await page.getByLabel("Telephone number").fill("+34600000000");
  await call.click();
  await page.getByText("may not call that country").waitFor();
  await page.getByLabel("Telephone number").fill("+1 (500) 555-0001");
  await call.click();
  await page.getByText("Queued").waitFor();
  desk.api.placed[0].status = "in-progress";
  await page.getByText("In progress").waitFor();
  desk.api.placed[0].status = "completed";
  await page.getByText("Completed").waitFor();
  assert.equal(desk.api.placed[0].to, "+15005550001");
});

test("Spanish readers read Spanish", async (t) => {
  const desk = await Desk.open(t);
  const page = await desk.page({ token: token(), language: "es-ES" });
  await page.getByRole("button", { name: "Empezar a hablar" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "es");
});
