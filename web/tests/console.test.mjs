// The console, with real calls behind it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { open, outOfOrder, picture, signIn } from "./browser.mjs";
import { BUSY, CALL, KEY, NOBODY, answered, ask, dial, last, token, until } from "./platform.mjs";

const EVIL_CALLER = `<script>window.harm = "caller"</script> hello`;
const EVIL_BOT = `<img src=x onerror="window.harm='bot'"> I see`;

const at = (t, path, options) => open(t, `/console#${path}`, { token: token(), ...options });
const rows = (page) => page.locator("tbody tr");
const dollars = (micro_dollars) => new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits: 6 }).format(micro_dollars / 1e6);
/** In the page: whether a waveform is painted, and not only a place for one. */
const drawn = () => [...document.querySelector(".wave > div > div").shadowRoot.querySelectorAll("canvas")].some((canvas) => {
  const { width, height } = canvas;
  return width && height && canvas.getContext("2d").getImageData(0, 0, width, height).data.some(Boolean);
});
const harm = (page) => page.evaluate(() => window.harm);

before(async () => {
  const none = await Promise.all([dial(BUSY), dial(NOBODY), dial(BUSY)]);
  for (const call of none) await until(`/calls/${call}`, ({ complete }) => complete);
});

test("the table of calls is filtered and searched, grows on demand, and keeps itself up to date", async (t) => {
  const page = await at(t, "/calls");
  const all = (text, cell) => page.waitForFunction(([text, cell]) => {
    const cells = [...document.querySelectorAll("tbody tr")].map((row) => row.cells[cell].textContent);
    return cells.length > 0 && cells.every((found) => found === text);
  }, [text, cell]);
  // As many as there are at first: calls of other tests come above them at any time.
  const first = await page.waitForFunction(() => document.querySelectorAll("tbody tr").length);
  assert.equal(await first.jsonValue(), 25);
  const row = rows(page).filter({ has: page.locator(`a[href="#/calls/${CALL}"]`) });
  const told = await ask("GET", `/calls/${CALL}`);
  const cells = await row.locator("th, td").allTextContents();
  const turns = told.turns.filter(({ speaker }) => speaker === "caller").length;
  const cost = dollars(Math.round(told.cost_micro_dollars / 100) * 100);
  assert.deepEqual([cells[1], cells[2], cells[3], cells[4], cells[6]], [told.from, told.to, "mesa", "Completed", String(turns)]);
  assert.ok(Math.abs(Number(cells[7].slice(1)) - told.cost_micro_dollars / 1e6) <= 0.00006, `${cells[7]} for ${cost}`);
  assert.equal(cells[8], dollars(told.price_micro_dollars));
  await picture(page, "console-calls");
  await page.getByRole("button", { name: "Show older calls" }).click();
  await rows(page).nth(30).waitFor();
  const links = () => page.locator("tbody th a").evaluateAll((links) => links.map(({ hash }) => hash));
  const before = await links();
  const above = await dial(BUSY);
  await page.locator(`a[href="#/calls/${above}"]`).waitFor();
  const after = await links();
  assert.deepEqual(before.filter((link) => !after.includes(link)), [], "no call leaves the table because another came");
  await page.getByLabel("Search").fill(CALL.slice(-9));
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  await page.getByLabel("Search").fill("");
  await page.getByLabel("Status", { exact: true }).selectOption("busy");
  await all("Busy", 4);
  await page.getByLabel("Status", { exact: true }).selectOption("");
  await page.getByLabel("Bot", { exact: true }).selectOption("clinica-sol");
  await all("clinica-sol", 3);
  await page.getByLabel("Bot", { exact: true }).selectOption("");
  const call = await dial(NOBODY);
  await page.locator(`a[href="#/calls/${call}"]`).waitFor();
  await rows(page).filter({ has: page.locator(`a[href="#/calls/${call}"]`) }).getByText("Failed").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a search says how far it has looked, and goes on from there", async (t) => {
  const oldest = await last("/calls?limit=100");
  const page = await at(t, "/calls");
  await rows(page).nth(24).waitFor();
  await page.getByLabel("Search").fill(oldest.call);
  await page.getByRole("status").getByText(/^0 of the latest \d+ calls fit; older ones are not searched yet\.$/).waitFor();
  await page.getByRole("button", { name: "Search older calls" }).click();
  await page.locator(`a[href="#/calls/${oldest.call}"]`).waitFor();
  assert.equal(await rows(page).count(), 1);
  assert.deepEqual(page.complaints, []);
});

test("an API that is slow is waited for", async (t) => {
  const page = await at(t, "/bots");
  await page.getByRole("heading", { name: "Bots" }).waitFor();
  // Slower than the table asks again.
  await page.route(/\/calls\?/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await route.continue();
  });
  await page.evaluate(() => (location.hash = "/calls"));
  await rows(page).first().waitFor();
});

test("a call is heard and read: player, transcript in step, interruptions, latency, receipt, log", async (t) => {
  const call = await ask("GET", `/calls/${CALL}`);
  const cut = call.turns.filter(({ interrupted }) => interrupted);
  assert.ok(cut.length > 0 && call.turns.some(({ timing }) => timing));
  const page = await at(t, `/calls/${CALL}`);
  await page.getByText(`Interrupted: ${cut.length}`).waitFor();
  await page.waitForFunction(() => document.querySelector(".player button")?.disabled === false);
  assert.equal(await page.locator(".marks line").count(), cut.length);
  assert.equal(await page.locator(".spoken .cut").count(), cut.length);
  await page.waitForFunction(drawn);
  await page.locator(".chart canvas").waitFor();
  await picture(page, "console-call");
  const { began_ms } = call.turns.find(({ text }) => text.includes("for four people"));
  const line = page.locator(".spoken li", { hasText: "for four people" });
  for (const click of [line.locator(".said"), line.getByRole("button")]) {
    await click.click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.waitForFunction((ms) => Number(document.querySelector("#seek").value) >= ms - 100, began_ms);
    await page.waitForFunction(() => document.querySelector(".spoken li:has([aria-current]) .said")?.textContent.includes("for four people"));
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByLabel("Position in the recording").fill("0");
  }
  await page.getByText("As a table, in milliseconds").click();
  const waits = call.turns.filter(({ timing }) => timing).map(({ timing }) => timing.sound_ms);
  assert.deepEqual((await page.locator("details tbody td:last-child").allTextContents()).map(Number), waits);
  const receipt = await page.getByRole("region", { name: "Receipt" }).textContent();
  const { cost, price, margin_micro_dollars } = call;
  for (const amount of [cost.total_micro_dollars, price.total_micro_dollars, margin_micro_dollars]) assert.ok(receipt.includes(dollars(amount)), `${amount}: ${receipt}`);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download JSON" }).click()]);
  const saved = JSON.parse(readFileSync(await file.path(), "utf8"));
  assert.ok(saved.some(({ event, text, sid }) => event === "caller_spoke" && text === "for four people" && sid === CALL));
  // Who told of the end: the carrier, from its address.
  const end = page.getByRole("region", { name: "Audio log" }).locator("tr", { has: page.getByText("completed", { exact: true }) });
  assert.deepEqual(await end.locator("td").nth(4).textContent(), CALL);
  assert.match(await end.locator("td").nth(5).textContent(), /^[\d.:a-f]+$/);
  assert.ok(saved.every(({ date }) => date), "everything has its time");
  // What is heard goes on while a note is saved, and the call is asked for again.
  const again = page.waitForResponse((answer) => answer.url().endsWith(`/calls/${CALL}`) && answer.request().method() === "GET");
  await page.evaluate(() => (window.wave = document.querySelector(".wave > div > div")));
  await page.getByRole("button", { name: "Play" }).click();
  await page.getByLabel("Note").fill("Called back.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  await again;
  const ms = Number(await page.locator("#seek").inputValue());
  await page.waitForFunction((ms) => Number(document.querySelector("#seek").value) > ms, ms);
  assert.ok(await page.evaluate(() => window.wave.isConnected), "it is the same player");
  assert.equal((await ask("GET", `/calls/${CALL}`)).note, "Called back.");
  assert.deepEqual(page.complaints, []);
});

test("a receipt shows what one of a thing costs to the millionth of a dollar", async (t) => {
  const call = await ask("GET", `/calls/${CALL}`);
  call.price.items[0].unit_micro_dollars = 8_512;
  const page = await at(t, "/calls");
  await outOfOrder(page, new RegExp(`/calls/${CALL}$`), 200, call);
  await page.evaluate((call) => (location.hash = `/calls/${call}`), CALL);
  await page.getByRole("region", { name: "Receipt" }).getByText("$0.008512 each").waitFor();
});

test("markup that a caller says or a bot writes is only ever text", async (t) => {
  await ask("PUT", "/bots/evil", { name: EVIL_BOT, greeting: EVIL_BOT });
  const talk = await open(t, "/?bot=evil", { token: token({ bot: "evil", scopes: ["talk"] }) });
  await talk.getByRole("button", { name: "Type without a microphone" }).click();
  await talk.locator("li.bot:not(.open) .said", { hasText: EVIL_BOT }).waitFor();
  await talk.getByLabel("Type instead of speaking").fill(EVIL_CALLER);
  await talk.getByRole("button", { name: "Send" }).click();
  await talk.locator("li.caller .said", { hasText: EVIL_CALLER }).waitFor();
  await talk.getByRole("button", { name: "Hang up" }).click();
  await talk.getByText("The conversation is over").waitFor();
  const { calls } = await until("/calls?bot=evil&limit=1", ({ calls }) => calls[0]?.ended);
  const { call } = calls[0];
  await ask("PUT", `/calls/${call}/note`, { note: EVIL_CALLER });
  const page = await at(t, "/calls");
  await page.locator(`a[href="#/calls/${call}"]`).click();
  await page.locator(".spoken .said", { hasText: EVIL_CALLER }).waitFor();
  await page.locator(".spoken .said", { hasText: EVIL_BOT }).first().waitFor();
  await page.getByRole("region", { name: "Audio log" }).getByText(EVIL_CALLER).waitFor();
  await page.evaluate(() => (location.hash = "/bots"));
  await page.getByText(EVIL_BOT).first().waitFor();
  for (const seen of [talk, page]) {
    assert.equal(await harm(seen), undefined);
    assert.equal(await seen.locator("#page script, #page img").count(), 0);
  }
  assert.deepEqual(page.complaints, []);
});

test("a running call is watched and ordered about", async (t) => {
  const call = await answered();
  const page = await at(t, `/calls/${call}`);
  await page.getByRole("status").getByText("Speaking").waitFor();
  // Whoever comes in the middle of a sentence sees what is being said.
  const late = await at(t, `/calls/${call}`);
  await late.locator("li.bot.open .said", { hasText: "You have reached the front desk" }).waitFor();
  await page.getByRole("button", { name: "Interrupt the bot" }).click();
  await page.getByText("The bot was interrupted.").waitFor();
  await page.getByRole("status").getByText("Listening").waitFor();
  await page.getByLabel("Have the bot say").fill(EVIL_BOT);
  await page.getByRole("button", { name: "Say", exact: true }).click();
  await page.getByText("The bot says it.").waitFor();
  // What happens meanwhile comes by itself, as text.
  await page.locator("li.bot .said", { hasText: "<img src=x" }).waitFor();
  assert.equal(await harm(page), undefined);
  await page.getByLabel("Have the bot say").fill("One moment, please. I will put you through to a colleague who can help you.");
  await page.getByRole("button", { name: "Say", exact: true }).click();
  await page.locator("li.bot.open .said", { hasText: "One moment, please." }).waitFor();
  await picture(page, "console-live");
  await page.getByLabel("Hand the caller over to").fill("+1 500 555 0009");
  await page.getByRole("button", { name: "Transfer" }).click();
  await page.getByText("the caller was handed over").waitFor();
  const { ended } = await ask("GET", `/calls/${call}`);
  assert.equal(ended.reason, "transferred");
  assert.deepEqual(page.complaints, []);
});

test("keys are pressed in a running call, and only what a telephone has", async (t) => {
  const call = await answered();
  const page = await at(t, `/calls/${call}`);
  await page.getByRole("status").getByText("Speaking").waitFor();
  const keys = page.getByLabel("Press keys");
  await keys.fill("12a");
  await page.getByRole("button", { name: "Press", exact: true }).click();
  assert.equal(await keys.evaluate((field) => field.validity.patternMismatch), true);
  await keys.fill("1w2#");
  await page.getByRole("button", { name: "Press", exact: true }).click();
  await page.getByText("The keys are pressed.").waitFor();
  assert.equal(await keys.inputValue(), "");
  await page.getByRole("region", { name: "Audio log" }).getByText("order_send_keys").waitFor();
  // The call goes on, on another stream.
  await until(`/calls/${call}`, ({ streams }) => streams === 2);
  await page.getByLabel("Have the bot say").fill("The keys were pressed for you.");
  await page.getByRole("button", { name: "Say", exact: true }).click();
  await page.locator("li.bot:not(.open) .said", { hasText: "The keys were pressed for you." }).waitFor();
  const orders = (await ask("GET", `/calls/${call}`)).events.filter(({ name }) => name.startsWith("order_"));
  assert.deepEqual(orders.map(({ name }) => name), ["order_send_keys", "order_say"]);
  await ask("POST", `/calls/${call}/orders`, { do: "hang_up" });
  assert.deepEqual(page.complaints, []);
});

test("what is sent by a double click is sent once, and what was not done is still there to be sent", async (t) => {
  const call = await answered();
  const page = await at(t, `/calls/${call}`);
  await page.getByRole("status").getByText("Speaking").waitFor();
  const words = page.getByLabel("Have the bot say");
  const say = page.getByRole("button", { name: "Say", exact: true });
  const sent = [];
  page.on("request", (request) => request.method() === "POST" && request.url().endsWith("/orders") && sent.push(request.postDataJSON()));
  await words.fill("Only once.");
  await say.dblclick();
  await page.getByText("The bot says it.").waitFor();
  assert.deepEqual([sent, await words.inputValue()], [[{ do: "say", text: "Only once." }], ""]);
  const repaired = await outOfOrder(page, /\/orders$/, 503, { error: { code: "store_unavailable", message: "try again in a moment" } });
  await words.fill("Not yet.");
  await say.click();
  await page.getByText("try again in a moment").waitFor();
  assert.equal(await words.inputValue(), "Not yet.");
  await repaired();
  await ask("POST", `/calls/${call}/orders`, { do: "hang_up" });
});

test("a running call is ended from here", async (t) => {
  const call = await answered();
  const page = await at(t, `/calls/${call}`);
  await page.getByRole("status").getByText("Speaking").waitFor();
  await page.getByRole("button", { name: "Hang up" }).click();
  await page.getByText("it was ended from outside").waitFor();
  await page.getByRole("region", { name: "Receipt" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("numbers are given to bots and taken away", async (t) => {
  const page = await at(t, "/bots");
  await page.getByLabel("Telephone number").fill("+1 (500) 555-0077");
  await page.getByLabel("Bot", { exact: true }).selectOption("clinica-sol");
  await page.getByRole("button", { name: "Assign" }).click();
  await page.getByText("Saved.").waitFor();
  assert.equal((await ask("GET", "/numbers/+15005550077")).bot, "clinica-sol");
  await page.getByRole("button", { name: "Remove +15005550077" }).click();
  await page.waitForFunction(() => !document.body.textContent.includes("+15005550077"));
  await assert.rejects(ask("GET", "/numbers/+15005550077"), /404/);
});

test("numbers that cannot be shown are said to be so", async (t) => {
  const page = await at(t, "/calls");
  await outOfOrder(page, /\/numbers\?/, 503, { error: { code: "store_unavailable", message: "try again in a moment" } });
  await page.evaluate(() => (location.hash = "/bots"));
  await page.getByRole("alert").getByText("try again in a moment").waitFor();
});

test("usage is shown by month, and saved as CSV", async (t) => {
  const page = await at(t, "/usage");
  await page.locator(".chart canvas").waitFor();
  await page.getByRole("rowheader", { name: "clinica-sol" }).waitFor();
  await picture(page, "console-usage");
  for (const [name, head] of [["Statement (CSV)", "bot,paid,quantity,"], ["Costs (CSV)", "bot,of,item,provider,"]]) {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
    assert.match(file.suggestedFilename(), /^callbox-\w+-\d{4}-\d\d\.csv$/);
    const text = readFileSync(await file.path(), "utf8");
    assert.ok(text.startsWith(head) && text.split("\n").length > 2, text);
  }
  // What this page was told: calls of other tests end at any time, and cost something.
  const month = new Date().toISOString().slice(0, 7);
  const isTold = (answer) => answer.url().endsWith(`/usage/${month}`) && answer.request().method() === "GET" && answer.ok();
  const [answer] = await Promise.all([page.waitForResponse(isTold), page.reload()]);
  const { price_micro_dollars } = await answer.json();
  await page.locator("tr.total", { hasText: dollars(price_micro_dollars) }).waitFor();
});

test("a key is made, shown once, and revoked, by a key of one's own that is kept nowhere", async (t) => {
  const page = await at(t, "/keys");
  await page.getByLabel("What it is for").fill("Front desk");
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByText("Choose at least one thing").waitFor();
  await page.getByLabel("talk in the browser").check();
  await page.getByRole("button", { name: "Create key" }).click();
  // Whoever is only signed in sees no key and makes none.
  await page.getByRole("alert").getByText("Give your own API key first.").waitFor();
  const own = page.getByLabel("Your own API key");
  assert.equal(await own.getAttribute("aria-invalid"), "true");
  assert.equal(await own.evaluate((field) => field === document.activeElement), true);
  await own.fill(`${KEY}-wrong`);
  await page.getByRole("button", { name: "Show keys" }).click();
  await page.getByText("This key is not known").waitFor();
  assert.equal(await page.locator("table").count(), 0);
  // The key that was tried is no session, and the session goes on.
  await own.fill(KEY);
  await page.getByRole("button", { name: "Create key" }).dblclick();
  const made = page.locator("#made-key");
  await made.waitFor();
  assert.match(await made.inputValue(), /^cbx_/);
  await page.getByRole("button", { name: "I have it" }).click();
  assert.equal(await page.getByText("cbx_").count(), 0);
  const { keys } = await ask("GET", "/keys");
  assert.deepEqual(keys.filter(({ name }) => name === "Front desk").map(({ scopes }) => scopes), [["talk"]], "a double click makes one");
  await picture(page, "console-keys");
  // By the keyboard: the focus is where one goes on.
  const revoke = page.getByRole("button", { name: "Revoke Front desk" });
  await revoke.press("Enter");
  await page.getByRole("button", { name: "Revoke for good" }).and(page.locator(":focus")).waitFor();
  await page.getByRole("button", { name: "Cancel" }).press("Enter");
  await revoke.and(page.locator(":focus")).press("Enter");
  await page.getByRole("button", { name: "Revoke for good" }).and(page.locator(":focus")).press("Enter");
  await rows(page).filter({ hasText: "Front desk" }).getByText("Revoked").waitFor();
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  assert.ok(!kept.includes(KEY));
  await page.evaluate(() => (location.hash = "/calls"));
  await rows(page).first().waitFor();
  await page.evaluate(() => (location.hash = "/keys"));
  await page.getByRole("button", { name: "Show keys" }).waitFor();
  assert.equal(await own.inputValue(), "");
  // The browser notes a refused request by itself.
  assert.deepEqual(page.complaints.filter((text) => !text.includes("401")), []);
});

test("whoever may not see costs has no column for them", async (t) => {
  const scopes = ["calls:read", "bots:read", "usage:read"];
  const page = await open(t, "/console#/calls", { token: token({ scopes }) });
  await rows(page).first().waitFor();
  const heads = () => page.locator("thead th").allTextContents();
  assert.deepEqual((await heads()).slice(-3), ["Duration", "Turns", "Price"]);
  await page.evaluate((call) => (location.hash = `/calls/${call}`), CALL);
  const receipt = page.getByRole("region", { name: "Receipt" });
  await receipt.getByText("Total").first().waitFor();
  assert.doesNotMatch(await receipt.textContent(), /Margin|What it cost/);
  await page.evaluate(() => (location.hash = "/usage"));
  await page.getByRole("rowheader", { name: "clinica-sol" }).waitFor();
  assert.deepEqual(await heads(), ["Bot", "Calls", "Time", "Price"]);
  await page.locator(".chart canvas").waitFor();
  assert.deepEqual(await page.locator(".legend li").allTextContents(), ["Price"]);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Usage (CSV)" }).click()]);
  assert.doesNotMatch(readFileSync(await file.path(), "utf8"), /cost/);
  assert.deepEqual(page.complaints, []);
});

test("whose token has expired sees nothing any more", async (t) => {
  const page = await at(t, "/calls");
  await rows(page).first().waitFor();
  // The page believes it to be good; the API knows better.
  await page.evaluate((token) => sessionStorage.setItem("callbox.session", JSON.stringify({ token, expires_s: 0 })), token({ expires_in_s: -1 }));
  await page.getByText("Your sign-in has expired").waitFor();
  assert.equal(await page.locator("table").isVisible(), false);
  // Nor is anything asked for in the time in which the table would be renewed, and with a fresh sign-in the page goes on.
  const asked = [];
  page.on("request", (request) => request.url().includes("/calls") && asked.push(request.url()));
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  assert.deepEqual(asked, []);
  await signIn(page);
  await page.waitForFunction(() => document.activeElement.id === "main");
  await rows(page).first().waitFor();
  assert.equal(await page.getByText("Your sign-in has expired").count(), 0);
});

test("an API that is out of order is said to be so, and what comes when it is back is shown", async (t) => {
  const page = await open(t, "/console", { token: token() });
  await rows(page).first().waitFor();
  const repaired = await outOfOrder(page, /\/calls\?/, 503, { error: { code: "store_unavailable", message: "try again in a moment" } });
  await page.getByRole("alert").getByText("try again in a moment").waitFor();
  assert.ok((await rows(page).count()) > 0, "what was known is still there");
  await repaired();
  await page.waitForFunction(() => !document.querySelector("[role=alert]").textContent);
});
