// What somebody does on the Talk page, and what it shows.

/** What the page says of the conversation. */
export const phase = (page) => page.locator(".phase");
/** Waits until somebody was heard to say this. */
export const heard = (page, speaker, text) => page.locator(`.heard .lines li.${speaker}:not(.open)`, { hasText: text }).first().waitFor();

export async function type(page, text) {
  await page.getByLabel("Type instead of speaking").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** Gathers in `window.phases` what the page said of itself, however briefly. */
export async function noting(page) {
  await page.evaluate(() => {
    window.phases = [];
    const note = () => window.phases.push(document.querySelector(".phase")?.textContent);
    new MutationObserver(note).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  return () => page.evaluate(() => window.phases);
}
