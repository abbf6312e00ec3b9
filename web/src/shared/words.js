// The pages' words, in the reader's language.

import en from "../words/en.json";
import es from "../words/es.json";

const DICTIONARIES = { en, es };
const PLACE = "callbox.language";

export const LANGUAGES = { en: "English", es: "Español" };

export const language = choose();
document.documentElement.lang = language;

function choose() {
  const wanted = [localStorage.getItem(PLACE), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((tag) => tag in DICTIONARIES) ?? "en";
}

export function speak(tag) {
  localStorage.setItem(PLACE, tag);
  location.reload();
}

/** The words for `key`, with `{name}` replaced; a key nobody translated shows itself. */
export function t(key, values = {}) {
  const words = DICTIONARIES[language][key] ?? key;
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** What went wrong, in the reader's words where we have them, in the server's where we do not. */
export function wrong(error) {
  const key = `error.${error.code}`;
  if (DICTIONARIES[language][key]) return t(key, { seconds: error.retry_s ?? 60 });
  return error.message || t("error.unknown");
}
