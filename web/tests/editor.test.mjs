// The editor of bots, with the real API behind it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, outOfOrder, picture, signIn } from "./browser.mjs";
import { ask, token } from "./platform.mjs";

const at = (t, path, options) => open(t, `/console#${path}`, { token: token(), ...options });
const save = (page) => page.getByRole("button", { name: "Save" }).click();
const focused = (field) => field.evaluate((field) => field === document.activeElement);

test("a bot is made and edited: what is wrong is said at its field, what is right is saved and can be tested", async (t) => {
  const page = await at(t, "/bots");
  await page.getByLabel("ID", { exact: true }).fill("night-desk");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByLabel("End of the caller's turn").selectOption("silence");
  const silence = page.getByLabel("Silence, in milliseconds");
  await silence.fill("50");
  await page.getByLabel("Greeting").fill("Hello, this is the night desk.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Must be 200 to 10000 milliseconds").waitFor();
  assert.equal(await silence.getAttribute("aria-invalid"), "true");
  assert.equal(await silence.evaluate((field) => field === document.activeElement), true);
  await picture(page, "console-editor");
  await silence.fill("700");
  await page.getByRole("button", { name: "+ Webhook" }).click();
  await page.getByLabel("Name for the model").fill("look_up");
  await page.getByLabel("Address").fill("https://example.com/look-up");
  await page.getByLabel("What it does, and when to use it").fill("Looks up a guest.");
  await page.getByLabel("Only at certain hours").check();
  await page.getByLabel("Said outside these hours").fill("We are closed.");
  await page.getByLabel("Price per answered call, in dollars").fill("0.25");
  await page.getByLabel("Countries it may dial").fill("es, us");
  await page.getByRole("button", { name: "Test this" }).click();
  await page.waitForURL(/\/\?bot=night-desk$/);
  await page.waitForFunction(() => document.querySelector("#bot")?.value === "night-desk");
  const saved = await ask("GET", "/bots/night-desk");
  assert.deepEqual(saved.turns.end, { by: "silence", silence_ms: 700 });
  assert.equal(saved.greeting, "Hello, this is the night desk.");
  assert.equal(saved.tools.at(-1).name, "look_up");
  assert.equal(saved.price.per_call_micro_dollars, 250_000);
  assert.deepEqual(saved.limits.outbound_countries, ["ES", "US"]);
  assert.equal(saved.hours.open[0].days.length, 5);
  await page.goto("/console");
  await page.evaluate(() => (location.hash = "/bots/night-desk"));
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete for good" }).click();
  await page.getByRole("heading", { name: "Bots" }).waitFor();
  await assert.rejects(ask("GET", "/bots/night-desk"), /404/);
});

test("a figure can be typed key by key", async (t) => {
  await ask("PUT", "/bots/figures", { name: "Figures" });
  const page = await at(t, "/bots/figures");
  for (const [label, keys] of [["Price per started minute, in dollars", "0.05"], ["Silence before asking, in seconds", "10.5"], ["Longest call, in minutes", "100"]]) {
    const field = page.getByLabel(label);
    await field.press("ControlOrMeta+a");
    await field.press("Delete");
    await field.pressSequentially(keys);
    assert.equal(await field.inputValue(), keys, label);
  }
  await save(page);
  await page.getByText("Saved as version 2").waitFor();
  const { price, idle, duration_max_s } = await ask("GET", "/bots/figures");
  assert.deepEqual([price.per_minute_micro_dollars, idle.after_ms, duration_max_s], [50_000, 10_500, 6_000]);
  assert.deepEqual(page.complaints, []);
});

test("what is written while the bot is being saved stays, and is saved by the next time", async (t) => {
  await ask("PUT", "/bots/hasty", { name: "Hasty" });
  const page = await at(t, "/bots/hasty");
  const greeting = page.getByLabel("Greeting");
  await greeting.fill("Hello.");
  let go;
  const held = new Promise((resolve) => (go = resolve));
  await page.route(/\/bots\/hasty$/, async (route) => {
    if (route.request().method() === "PUT") await held;
    await route.continue();
  });
  await save(page);
  await page.locator("button.main:disabled").waitFor();
  await greeting.fill("Hello, and welcome.");
  assert.equal(await page.getByRole("button", { name: "Save" }).isDisabled(), true, "one at a time");
  go();
  await page.getByText("v2", { exact: true }).waitFor();
  assert.equal(await greeting.inputValue(), "Hello, and welcome.");
  assert.equal(await page.getByText("Saved as version").count(), 0);
  await save(page);
  await page.getByText("Saved as version 3").waitFor();
  assert.equal((await ask("GET", "/bots/hasty")).greeting, "Hello, and welcome.");
});

test("JSON that cannot be read is not saved as something else, and goes with its tool", async (t) => {
  const tool = (name) => ({ kind: "webhook", name, description: "Looks it up.", url: "https://example.com/", schema: { type: "object", title: name, properties: {} }, timeout_ms: 8000, filler: "" });
  await ask("PUT", "/bots/tools", { name: "Tools", tools: [tool("one"), tool("two")] });
  const page = await at(t, "/bots/tools");
  const schemas = page.getByLabel("JSON schema of the arguments");
  await schemas.first().fill("{");
  await save(page);
  await page.getByRole("alert").getByText("This is not JSON yet.").waitFor();
  assert.equal(await focused(schemas.first()), true);
  assert.equal((await ask("GET", "/bots/tools")).version, 1);
  await page.getByRole("button", { name: "Remove Webhook" }).first().click();
  assert.equal(JSON.parse(await schemas.inputValue()).title, "two");
  // One that is folded away is unfolded.
  const options = page.getByLabel("Options, as JSON").first();
  await page.getByText("Options, as JSON").first().click();
  await options.fill("[");
  await page.locator("details[open] summary").click();
  await save(page);
  await options.waitFor();
  assert.equal(await focused(options), true);
  await options.fill("{}");
  await save(page);
  await page.getByText("Saved as version 2").waitFor();
  assert.deepEqual((await ask("GET", "/bots/tools")).tools.map(({ name }) => name), ["two"]);
  assert.deepEqual(page.complaints, []);
});

test("a bot that is no more is not made again by whoever looks for it, nor one of the same ID made twice", async (t) => {
  await ask("PUT", "/bots/gone", { name: "Gone" });
  const page = await at(t, "/bots");
  await page.getByRole("heading", { name: "Gone" }).getByRole("link").click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete for good" }).click();
  await page.getByRole("heading", { name: "Bots" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Bots" }).waitFor();
  await page.evaluate(() => (location.hash = "/bots/gone"));
  await page.getByRole("alert").getByText("There is no such bot.").waitFor();
  await assert.rejects(ask("GET", "/bots/gone"), /404/);
  await page.evaluate(() => (location.hash = "/bots"));
  await page.getByLabel("ID", { exact: true }).fill("mesa");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("alert").getByText("There is a bot of that ID already.").waitFor();
});

test("what is being written waits for a fresh sign-in of the same holder, and for nobody else", async (t) => {
  await ask("PUT", "/bots/patient", { name: "Patient" });
  const page = await open(t, "/console#/bots/patient", { token: token({ sub: "operator" }) });
  const greeting = page.getByLabel("Greeting");
  // The page believes the token to be good; the API knows better.
  const expire = () => page.evaluate((token) => sessionStorage.setItem("callbox.session", JSON.stringify({ token, expires_s: 0 })), token({ expires_in_s: -1 }));
  await greeting.fill("Good evening.");
  await expire();
  await save(page);
  await page.getByText("Your sign-in has expired").waitFor();
  assert.equal(await greeting.isVisible(), false);
  await signIn(page);
  assert.equal(await greeting.inputValue(), "Good evening.");
  await save(page);
  await page.getByText("Saved as version 2").waitFor();
  assert.equal((await ask("GET", "/bots/patient")).greeting, "Good evening.");
  await greeting.fill("Good night.");
  await expire();
  await save(page);
  await page.getByText("Your sign-in has expired").waitFor();
  await outOfOrder(page, /\/tokens$/, 201, { token: token({ sub: "another" }), expires_s: 0 });
  await signIn(page);
  await page.waitForFunction(() => document.querySelector("#f-greeting")?.value === "Good evening.");
});

test("whoever leaves what is not saved is asked first, and asked once", async (t) => {
  await ask("PUT", "/bots/careful", { name: "Careful" });
  const page = await at(t, "/bots/careful");
  const asked = [];
  let answer = "dismiss";
  page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    return dialog[answer]();
  });
  const greeting = page.getByLabel("Greeting");
  await page.getByRole("link", { name: "Usage" }).click();
  await page.getByRole("heading", { name: "Usage" }).waitFor();
  assert.deepEqual(asked, [], "nothing would be lost");
  await page.goBack();
  await greeting.click();
  await greeting.fill("Hello.");
  await page.getByRole("link", { name: "Usage" }).click();
  await page.locator("#language").selectOption("es");
  await page.getByRole("link", { name: "Talk" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForFunction(() => location.hash === "#/bots/careful");
  assert.deepEqual([asked, await greeting.inputValue()], [["confirm", "confirm", "beforeunload", "confirm"], "Hello."]);
  assert.equal(await page.locator("#language").inputValue(), "en");
  answer = "accept";
  await page.locator("#language").selectOption("es");
  await page.getByRole("button", { name: "Guardar" }).waitFor();
  assert.equal(asked.length, 5);
  assert.equal((await ask("GET", "/bots/careful")).greeting, "");
});
