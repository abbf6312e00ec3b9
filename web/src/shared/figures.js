// Figures as people read them.

import { language, t } from "./words.js";

const DASH = "–";

/** With at most `digits` after the point, and at least `least`, so that a column's points stand below each other. */
export function money(micro_dollars, digits = 4, least = 2) {
  if (micro_dollars == null) return DASH;
  const format = { style: "currency", currency: "USD", minimumFractionDigits: least, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, format).format(micro_dollars / 1e6);
}

export function count(number) {
  return number == null ? DASH : new Intl.NumberFormat(language).format(number);
}

/** `1:05`, `1:01:05`. */
export function duration(ms) {
  if (ms == null) return DASH;
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, i) => (i ? String(part).padStart(2, "0") : part)).join(":");
}

/** Milliseconds within a call: `0:07.3`. */
export function position(ms) {
  const tenths = Math.floor(ms / 100);
  return `${Math.floor(tenths / 600)}:${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
}

export function time(ms) {
  if (!ms) return DASH;
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(ms);
}

export function shortTime(ms) {
  if (!ms) return DASH;
  const format = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(language, format).format(ms);
}

export function month(text) {
  const [year, number] = text.split("-").map(Number);
  return new Intl.DateTimeFormat(language, { month: "long", year: "numeric" }).format(new Date(year, number - 1, 15));
}

/** Who calls: a telephone number, or why there is none. */
export function caller(text) {
  if (!text || text === "anonymous") return t("party.withheld");
  return text.startsWith("client:") ? t("party.browser") : text;
}

/** Who is called: a telephone number, or the bot whom somebody talks to without one. */
export function callee(text) {
  return text?.replace(/^client:/, "") || t("party.withheld");
}
