// What somebody does on the Talk page, and what it shows.

/** What the page says of the conversation. */
export const phase = (page) => page.locator(".phase");
/** Waits until somebody was heard to say this. */
export const heard = (page, speaker, text) => page.locator(`.heard .lines li.${speaker}:not(.open)`, { hasText: text }).first().waitFor();

export async function type(page, text) {
  await page.getByLabel("Type instead of speaking").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** How loud the page shows the microphone to be, from 0 to 1. */
export const level = (page) => page.locator("#level").evaluate((meter) => meter.value);
/** Waits until it is louder than this, and then until it is as good as silent. */
export async function loud(page, least) {
  await page.waitForFunction((least) => document.querySelector("#level").value > least, least);
  await page.waitForFunction(() => document.querySelector("#level").value < 0.1);
}

/** Counts the microphones that the page has open. */
export async function microphones(page) {
  await page.evaluate(() => {
    window.tracks = [];
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wanted) => {
      const stream = await ask(wanted);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  });
  return () => page.evaluate(() => window.tracks.filter(({ readyState }) => readyState === "live").length);
}

/** Has the page wait for the microphone until the answer is called. */
export async function hesitating(page) {
  await page.evaluate(() => {
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wanted) => {
      await new Promise((resolve) => (window.allow = resolve));
      return ask(wanted);
    };
  });
  return () => page.evaluate(() => window.allow());
}

/** The id of the conversation that the page begins next. */
export const callOf = (page) => new Promise((resolve) => page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => {
  if (typeof payload === "string" && payload.startsWith("{") && JSON.parse(payload).type === "ready") resolve(JSON.parse(payload).call);
})));

/** Gathers in `window.phases` what the page said of itself, however briefly. */
export async function noting(page) {
  await page.evaluate(() => {
    window.phases = [];
    const note = () => window.phases.push(document.querySelector(".phase")?.textContent);
    new MutationObserver(note).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  return () => page.evaluate(() => window.phases);
}
