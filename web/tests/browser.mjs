// Chromium with a fake microphone, and the stand-in behind the pages.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Api, KEY } from "./stand-in.mjs";

const { PAGES_URL, PAGES_API_PORT, PAGES_BOT, CHROMIUM = "/usr/bin/chromium" } = process.env;

export const root = new URL("../..", import.meta.url).pathname;

/** A browser with pages on the edge, an API, and whatever went wrong on a page. */
export class Desk {
  /** Closed when the test is over. @param {{microphone?: string, refuse?: boolean}} options `microphone`: a WAV that it hears again and again */
  static async open(test, { microphone, refuse = false } = {}) {
    if (!PAGES_URL) throw new Error("PAGES_URL is not set: run these by `cargo test -p e2e --test suite pages`");
    const desk = new Desk();
    test.after(() => desk.close());
    const bot = PAGES_BOT && JSON.parse(PAGES_BOT);
    desk.api = await Api.open({ port: Number(PAGES_API_PORT), origin: PAGES_URL, bot });
    desk.api.recording = recording();
    const args = ["--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream", "--mute-audio"];
    if (!refuse) args.push("--use-fake-ui-for-media-stream");
    if (microphone) args.push(`--use-file-for-fake-audio-capture=${microphone}`);
    if (process.getuid() === 0) args.push("--no-sandbox");
    desk.browser = await chromium.launch({ executablePath: CHROMIUM, args });
    return desk;
  }

  /** A fresh page, signed in unless `token` is null. What the page complains of is gathered in `page.complaints`. */
  async page({ path = "/", token, theme = "light", width = 1280, language = "en-US" } = {}) {
    const context = await this.browser.newContext({
      baseURL: PAGES_URL, colorScheme: theme, locale: language, viewport: { width, height: 900 }, reducedMotion: "reduce", timezoneId: "Europe/Madrid",
    });
    const page = await context.newPage();
    page.complaints = [];
    page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
    page.on("pageerror", (error) => page.complaints.push(String(error)));
    page.setDefaultTimeout(20_000);
    await page.goto(token ? `${path}#token=${token}` : path);
    return page;
  }

  async signIn(page) {
    await page.getByLabel("API key").fill(KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Sign out" }).waitFor();
  }

  async close() {
    await this.browser?.close();
    await this.api?.close();
  }
}

/** Has flite say sentences, with silences between. @param {(string | number)[]} parts words, or seconds of silence */
export function speech(parts, file) {
  const folder = mkdtempSync(join(tmpdir(), "pages-"));
  const pieces = parts.map((part, i) => {
    const piece = join(folder, `${i}.wav`);
    if (typeof part === "number") execFileSync("sox", ["-n", "-r", "48000", "-b", "16", "-c", "1", piece, "trim", "0", String(part)]);
    else {
      execFileSync("flite", ["-voice", "rms", "-t", part, "-o", `${piece}.raw.wav`]);
      execFileSync("sox", [`${piece}.raw.wav`, "-r", "48000", "-b", "16", "-c", "1", piece]);
    }
    return piece;
  });
  const out = file ?? join(folder, "speech.wav");
  execFileSync("sox", [...pieces, out]);
  return out;
}

/** Both sides of a made-up call, as the edge records them: 8 kHz, stereo. */
function recording() {
  const folder = mkdtempSync(join(tmpdir(), "pages-"));
  const out = join(folder, "recording.wav");
  const side = (name, ...effects) => {
    const file = join(folder, `${name}.wav`);
    execFileSync("sox", ["-n", "-r", "8000", "-b", "16", "-c", "1", file, "synth", "22", "pinknoise", "tremolo", ...effects]);
    return file;
  };
  execFileSync("sox", ["-M", side("caller", "0.3", "95"), side("bot", "0.17", "95"), out]);
  const bytes = readFileSync(out);
  rmSync(folder, { recursive: true });
  return bytes;
}

/** Keeps a picture for the documentation, if asked for by PAGES_SCREENSHOTS=1. */
export async function picture(page, name) {
  if (process.env.PAGES_SCREENSHOTS !== "1") return;
  const folder = join(root, "docs/screenshots");
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled", caret: "hide" });
}
