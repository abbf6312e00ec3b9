// Chromium with a fake microphone, on the pages of the platform.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { KEY, url } from "./platform.mjs";

const { CHROMIUM = "/usr/bin/chromium" } = process.env;
/** Long enough for whatever a page waits for on a busy machine. */
const PATIENCE_MS = 60_000;

export const root = new URL("../..", import.meta.url).pathname;

let silent;
after(() => silent?.close());

/** A browser; with `microphone` one that hears this WAV again and again, with `refuse` one that lets nobody hear anything. */
async function browser(test, { microphone, refuse }) {
  if (!url) throw new Error("PAGES is not set: run these by `cargo test -p e2e --test suite pages`");
  const args = ["--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream", "--mute-audio"];
  if (!refuse) args.push("--use-fake-ui-for-media-stream");
  if (microphone) args.push(`--use-file-for-fake-audio-capture=${microphone}`);
  if (process.getuid() === 0) args.push("--no-sandbox");
  const launch = () => chromium.launch({ executablePath: CHROMIUM, args });
  if (!microphone && !refuse) return (silent ??= await launch());
  const own = await launch();
  test.after(() => own.close());
  return own;
}

/** A fresh page, closed when the test is over; signed in, if there is a token. What it complains of is in `page.complaints`. */
export async function open(test, path, { token, theme = "light", width = 1280, height = 900, language = "en-US", ...kind } = {}) {
  const context = await (await browser(test, kind)).newContext({
    baseURL: url, colorScheme: theme, locale: language, viewport: { width, height }, reducedMotion: "reduce", timezoneId: "Europe/Madrid",
  });
  test.after(() => context.close());
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.setDefaultTimeout(PATIENCE_MS);
  const [before, hash] = path.split("#");
  await page.goto(token ? `${before}#token=${token}` : before);
  if (hash) await page.evaluate((hash) => (location.hash = hash), hash);
  return page;
}

export async function signIn(page) {
  await page.getByLabel("API key").fill(KEY);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

/** A stand-in for an API that is out of order: what the page asks of this kind is answered so, until the answer is called. */
export async function outOfOrder(page, pattern, status, body) {
  const answer = (route) => route.fulfill({ status, json: body, headers: { "access-control-allow-origin": url } });
  await page.route(pattern, answer);
  return () => page.unroute(pattern, answer);
}

/** Has flite say sentences, with silences between. @param {(string | number)[]} parts words, or seconds of silence */
export function speech(test, parts) {
  const folder = mkdtempSync(join(tmpdir(), "pages-"));
  test.after(() => rmSync(folder, { recursive: true }));
  const pieces = parts.map((part, i) => {
    const piece = join(folder, `${i}.wav`);
    if (typeof part === "number") execFileSync("sox", ["-n", "-r", "48000", "-b", "16", "-c", "1", piece, "trim", "0", String(part)]);
    else {
      execFileSync("flite", ["-voice", "rms", "-t", part, "-o", `${piece}.raw.wav`]);
      execFileSync("sox", [`${piece}.raw.wav`, "-r", "48000", "-b", "16", "-c", "1", piece]);
    }
    return piece;
  });
  const out = join(folder, "speech.wav");
  execFileSync("sox", [...pieces, out]);
  return out;
}

/** Keeps a picture for the documentation, if asked for by PAGES_SCREENSHOTS=1: the top of the page, so that it stays small. */
export async function picture(page, name) {
  if (process.env.PAGES_SCREENSHOTS !== "1") return;
  const folder = join(root, "docs/screenshots");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled", caret: "hide", clip: { x: 0, y: 0, ...page.viewportSize(), height: Math.min(page.viewportSize().height, 800) } });
}
