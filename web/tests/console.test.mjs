// The console, with the stand-in for the API behind it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Desk, picture } from "./browser.mjs";
import { EVIL, EVIL_BOT, EVIL_CALLER, RUNNING, TALKED } from "./fixtures.mjs";
import { token } from "./stand-in.mjs";

async function open(t, path, options = {}) {
  const desk = await Desk.open(t);
  const page = await desk.page({ path: "/console", token: token(), ...options });
  await page.evaluate((path) => (location.hash = path), path);
  return { desk, page };
}

const rows = (page) => page.locator("tbody tr");
const until = (page, count) => page.waitForFunction((count) => document.querySelectorAll("tbody tr").length === count, count);

test("the table of calls is filtered and searched, grows on demand, and keeps itself up to date", async (t) => {
  const { desk, page } = await open(t, "/calls");
  await until(page, 25);
  assert.match(await rows(page).first().textContent(), /In progress/);
  await picture(page, "console-calls");
  await page.getByRole("button", { name: "Show older calls" }).click();
  await until(page, 34);
  await page.getByLabel("Search").fill("1500555 1003");
  await until(page, 1);
  await page.getByLabel("Search").fill("");
  await page.getByLabel("Status", { exact: true }).selectOption("no-answer");
  await until(page, 1);
  await page.getByLabel("Status", { exact: true }).selectOption("");
  await page.getByLabel("Bot", { exact: true }).selectOption("clinic");
  await page.waitForFunction(() => [...document.querySelectorAll("tbody tr")].every((row) => row.cells[3].textContent === "clinic"));
  await page.getByLabel("Bot", { exact: true }).selectOption("");
  await until(page, 25);
  desk.api.rows.unshift({ ...desk.api.rows[0], call: `CA${"7".repeat(32)}`, from: "+15005557777", status: "ringing" });
  await page.getByText("+15005557777").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a call is heard and read: player, transcript in step, interruptions, latency, receipt, log", async (t) => {
  const { page } = await open(t, `/calls/${TALKED}`);
  await page.getByText("Interrupted: 1").waitFor();
  const play = page.getByRole("button", { name: "Play" });
  await play.waitFor();
  await page.waitForFunction(() => !document.querySelector(".player button").disabled);
  assert.equal(await page.locator(".marks line").count(), 1);
  await picture(page, "console-call");
  const line = page.getByRole("button", { name: "Hear from 0:08.3" });
  await line.click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.waitForFunction(() => document.querySelector("#seek").value >= 8300);
  await page.waitForFunction(() => document.querySelector(".spoken [aria-current]")?.textContent.includes("0:08.3"));
  await page.getByRole("button", { name: "Pause" }).click();
  assert.ok((await page.locator(".chart canvas").count()) === 1);
  await page.getByText("As a table, in milliseconds").click();
  const third = page.locator("details tbody tr").nth(2);
  assert.deepEqual((await third.locator("td").allTextContents()).map(Number), [350, 260, 330, 150, 1090]);
  const receipt = page.getByRole("region", { name: "Receipt" });
  assert.match(await receipt.textContent(), /\$0\.012637.*\$0\.05.*\$0\.037363/);
  const log = page.getByRole("region", { name: "Audio log" }).first();
  const first = log.locator("tbody tr").first();
  assert.match(await first.textContent(), new RegExp(`ringing.*${TALKED}.*54\\.172\\.60\\.1`));
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download JSON" }).click()]);
  const saved = JSON.parse(readFileSync(await file.path(), "utf8"));
  assert.ok(saved.some(({ event, text }) => event === "caller_spoke" && text === "for four people"));
  assert.deepEqual(page.complaints, []);
});

test("markup that a caller says or a bot writes is only ever text", async (t) => {
  const { page } = await open(t, `/calls/${EVIL}`);
  await page.locator(".spoken .said", { hasText: EVIL_CALLER }).waitFor();
  await page.locator(".spoken .said", { hasText: EVIL_BOT }).waitFor();
  await page.locator(".summary", { hasText: EVIL_CALLER }).waitFor();
  assert.equal(await page.evaluate(() => window.harm), undefined);
  assert.equal(await page.locator("#page script, #page img").count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("a running call is watched and ordered about", async (t) => {
  const { desk, page } = await open(t, `/calls/${RUNNING}`);
  await page.locator("li.bot.open .said", { hasText: "Of course." }).waitFor();
  await page.getByRole("status").getByText("Speaking").waitFor();
  await page.locator("li.caller .said", { hasText: "wait can i book a table" }).waitFor();
  await picture(page, "console-live");
  await page.getByRole("button", { name: "Interrupt the bot" }).click();
  await page.getByText("The bot was interrupted.").waitFor();
  await page.getByLabel("Have the bot say").fill(EVIL_BOT);
  await page.getByRole("button", { name: "Say", exact: true }).click();
  await page.getByText("The bot says it.").waitFor();
  await page.getByLabel("Hand the caller over to").fill("+1 500 555 0009");
  await page.getByRole("button", { name: "Transfer" }).click();
  await page.getByText("The caller is being handed over.").waitFor();
  await page.getByRole("button", { name: "Hang up" }).click();
  await page.getByText("The call is being ended.").waitFor();
  assert.deepEqual(desk.api.orders.map(({ order }) => order), [
    { do: "interrupt" }, { do: "say", text: EVIL_BOT }, { do: "transfer", to: "+15005550009" }, { do: "hang_up" },
  ]);
  assert.equal(new Set(desk.api.orders.map(({ id }) => id)).size, 4, "each order has an id of its own");
  // What happens meanwhile comes by itself, as text.
  const turn = { kind: "turn", speaker: "bot", began_ms: 9000, ended_ms: 9900, text: EVIL_BOT };
  desk.api.tell("turn", { number: 9, at_ms: Date.now(), record: turn });
  await page.locator("li.bot:not(.open) .said", { hasText: EVIL_BOT }).waitFor();
  assert.equal(await page.evaluate(() => window.harm), undefined);
  assert.deepEqual(page.complaints, []);
});

test("a bot is edited: what is wrong is said at its field, what is right is saved and can be tested", async (t) => {
  const { desk, page } = await open(t, "/bots/mesa");
  await page.getByLabel("End of the caller's turn").selectOption("silence");
  const silence = page.getByLabel("Silence, in milliseconds");
  await silence.fill("50");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Must be 200 to 10000 milliseconds").waitFor();
  assert.equal(await silence.getAttribute("aria-invalid"), "true");
  assert.equal(await silence.evaluate((field) => field === document.activeElement), true);
  await picture(page, "console-editor");
  await silence.fill("700");
  await page.getByLabel("Greeting").fill("Hello, this is Mesa.");
  await page.getByRole("button", { name: "+ Webhook" }).click();
  await page.getByLabel("Name for the model").fill("look_up");
  await page.getByLabel("Only at certain hours").check();
  await page.getByLabel("Price per answered call, in dollars").fill("0.25");
  await page.getByLabel("Countries it may dial").fill("es, us");
  await page.getByRole("button", { name: "Test this" }).click();
  await page.waitForURL(/\/\?bot=mesa$/);
  await page.waitForFunction(() => document.querySelector("#bot")?.value === "mesa");
  const saved = desk.api.bots.get("mesa");
  assert.deepEqual(saved.turns.end, { by: "silence", silence_ms: 700 });
  assert.equal(saved.greeting, "Hello, this is Mesa.");
  assert.equal(saved.tools.at(-1).name, "look_up");
  assert.equal(saved.price.per_call_micro_dollars, 250_000);
  assert.deepEqual(saved.limits.outbound_countries, ["ES", "US"]);
  assert.deepEqual(saved.hours.open[0].days.length, 5);
});

test("usage is shown by month, and saved as CSV", async (t) => {
  const { page } = await open(t, "/usage");
  await page.locator(".chart canvas").waitFor();
  await page.getByRole("rowheader", { name: "mesa" }).waitFor();
  await picture(page, "console-usage");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download CSV" }).click()]);
  assert.match(file.suggestedFilename(), /^callbox-\d{4}-\d\d\.csv$/);
  assert.match(readFileSync(await file.path(), "utf8"), /^bot,calls,micro_dollars\n/);
});

test("a key is made, shown once, and revoked", async (t) => {
  const { desk, page } = await open(t, "/keys");
  await page.getByLabel("What it is for").fill("Front desk");
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByText("Choose at least one thing").waitFor();
  await page.getByLabel("talk in the browser").check();
  await page.getByRole("button", { name: "Create key" }).click();
  const made = page.locator("#made-key");
  await made.waitFor();
  assert.match(await made.inputValue(), /^cbx_/);
  await page.getByRole("button", { name: "I have it" }).click();
  assert.equal(await page.getByText("cbx_").count(), 0);
  assert.deepEqual(desk.api.keys.at(-1).scopes, ["talk"]);
  await page.getByRole("button", { name: "Revoke Front desk" }).click();
  await page.getByRole("button", { name: "Revoke for good" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".pill.bad").length === 2);
  await picture(page, "console-keys");
});

test("who signs out, or whose token expires, sees nothing any more", async (t) => {
  const { page } = await open(t, "/calls", { token: token({ expires_in_s: 4 }) });
  await rows(page).first().waitFor();
  await page.getByText("Your sign-in has expired").waitFor();
  assert.equal(await page.locator("table").count(), 0);
});
