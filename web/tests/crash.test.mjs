// The edge breaks down. By itself, since it takes everybody's conversations along.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";
import { edgePid, token } from "./platform.mjs";
import { heard, noting, phase, type } from "./talking.mjs";

test("the edge is killed, comes back, and the same conversation goes on", async (t) => {
  const page = await open(t, "/", { token: token() });
  await page.locator("#bot").selectOption("mesa");
  await page.getByRole("button", { name: "Type without a microphone" }).click();
  await heard(page, "bot", "How can I help you?");
  await type(page, "can i book a table");
  await heard(page, "bot", "how many people");
  const phases = await noting(page);
  process.kill(edgePid, "SIGKILL");
  await page.waitForFunction(() => window.phases.some((phase) => phase.startsWith("Connection lost")));
  await phase(page).getByText(/Listening|Speaking/).waitFor();
  await type(page, "for four people");
  await heard(page, "bot", /which day/i);
  const texts = await page.locator(".heard .lines li .said").allTextContents();
  assert.equal(texts.filter((text) => text.includes("Thank you for calling")).length, 1, "nobody was greeted twice");
  assert.ok(texts.includes("for four people"));
  assert.ok((await phases()).includes("Connection lost. Reconnecting …"));
});
