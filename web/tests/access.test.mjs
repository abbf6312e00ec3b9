// Every page for everybody: axe's rules in both themes and languages, the keyboard, a telephone's screen; and how soon there is
// something to see.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { before, test } from "node:test";
import { open, picture } from "./browser.mjs";
import { CALL, answered, token } from "./platform.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let places;
before(async () => {
  const running = await answered();
  places = {
    talk: ["/", ".orb"],
    calls: ["/console#/calls", "tbody tr"],
    call: [`/console#/calls/${CALL}`, ".bill"],
    live: [`/console#/calls/${running}`, ".pill.state-speaking, .pill.state-listening"],
    bots: ["/console#/bots", ".bots li"],
    editor: ["/console#/bots/mesa", "fieldset"],
    usage: ["/console#/usage", ".chart canvas"],
    keys: ["/console#/keys", "h1"],
  };
});

async function visit(t, place, options) {
  const [path, ready] = places[place];
  const page = await open(t, path, { token: token(), ...options });
  await page.locator(ready).first().waitFor();
  return page;
}

/** What is drawn is there. */
const drawn = (page, place) => place === "call" && page.waitForFunction(() => document.querySelector(".player button")?.disabled === false);

async function violations(page) {
  // Through the debugger's door, which the page's policy does not guard.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

for (const theme of ["light", "dark"]) {
  test(`axe finds nothing against any page in the ${theme} theme`, async (t) => {
    for (const place of Object.keys(places)) {
      const page = await visit(t, place, { theme, language: theme === "dark" ? "es-ES" : "en-US" });
      await drawn(page, place);
      assert.deepEqual(await violations(page), [], place);
      assert.deepEqual(page.complaints, [], place);
      if (theme === "dark" && ["talk", "calls", "call", "usage"].includes(place)) await picture(page, `${place}-dark`);
      await page.context().close();
    }
    const page = await open(t, "/console", { theme });
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    assert.deepEqual(await violations(page), [], "signing in");
  });
}

test("a telephone's screen shows every page without scrolling sideways", async (t) => {
  for (const place of Object.keys(places)) {
    const page = await visit(t, place, { width: 360, height: 740 });
    await drawn(page, place);
    const wide = await page.evaluate(() => {
      if (document.documentElement.scrollWidth <= innerWidth) return [];
      const all = [...document.querySelectorAll("#page *")].filter((element) => element.getBoundingClientRect().right > innerWidth);
      return all.map((element) => `${element.cloneNode().outerHTML} ${Math.round(element.getBoundingClientRect().right)} ${element.textContent.slice(0, 40)}`);
    });
    assert.deepEqual(wide, [], `${place} is too wide`);
    if (["talk", "calls", "call"].includes(place)) await picture(page, `${place}-phone`);
    await page.context().close();
  }
});

test("the keyboard reaches what matters, first of all the content", async (t) => {
  const page = await visit(t, "talk");
  await page.waitForFunction(() => document.querySelector("#bot").value && !document.querySelector(".orb").disabled);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  const names = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press("Tab");
    names.push(await page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.type));
  }
  assert.deepEqual(names, ["bot", "orb", "checkbox", "scroll"]);
});

test("every file comes with the same headers, and one that is known is not sent again", async (t) => {
  const page = await open(t, "/");
  for (const path of ["/", "/console", "/talk.js", "/console.css", "/capture.worklet.js"]) {
    const answer = await page.request.get(path);
    const headers = answer.headers();
    assert.match(headers["content-security-policy"], /default-src 'none'; script-src 'self' 'sha256-[^']+'; style-src 'self' 'sha256-/, path);
    assert.equal(headers["x-content-type-options"], "nosniff", path);
    assert.equal(headers["referrer-policy"], "no-referrer", path);
    assert.match(headers["permissions-policy"], /microphone=\(self\)/, path);
    assert.equal((await page.request.get(path, { headers: { "if-none-match": headers.etag } })).status(), 304, path);
  }
  assert.equal((await page.request.get("/_headers")).status(), 404);
});

test("a page paints before any script has run, and all that it needs is asked for at once", async (t) => {
  for (const path of ["/", "/console"]) {
    const page = await open(t, path);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    const files = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name, initiatorType }) => [new URL(name).pathname, initiatorType]));
    const needed = files.filter(([path]) => /\.(js|css)$/.test(path));
    assert.deepEqual(needed.map(([, by]) => by).sort(), ["link", "script"], `${path}: ${needed}`);
    const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
    // Printed, not held: it depends on what else the machine does.
    console.log(`${path}: first paint after ${Math.round(paint)} ms (wanted: 300)`);
    await page.route("**/*.js", (route) => route.abort());
    await page.goto(path);
    await page.locator(".top .brand").waitFor();
  }
});

test("nothing on a page tells a secret", async (t) => {
  const page = await open(t, "/");
  const { api_url, ...rest } = await (await page.request.get("/config.json")).json();
  assert.match(api_url, /^http/);
  assert.deepEqual(rest, {});
});
