// The platform that tests/e2e has started: its real API, and tokens as it makes them.

import { createHmac, randomUUID } from "node:crypto";

const place = JSON.parse(process.env.PAGES ?? "null");

/** Where the pages are. */
export const url = place?.url;
/** What opens the API. */
export const KEY = place?.key;
/** A telephone call in which the bot was interrupted. */
export const CALL = place?.call;
/** The edge's process. */
export const edgePid = place?.edge_pid;

/** Numbers that are answered after a moment and in silence, are on another call, or do not exist; and one abroad. */
export const CALLEE = "+15005550001";
export const LATE = "+15005550023";
export const BUSY = "+15005550021";
export const NOBODY = "+15005550022";
export const ABROAD = "+34600000000";

export async function ask(method, path, body) {
  const answer = await fetch(place.api + path, {
    method,
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Asks until the answer is as wanted; whoever waits for ever is ended by the test's own limit. */
export async function until(path, wanted) {
  for (;;) {
    const found = await ask("GET", path);
    if (wanted(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The last call of a list, page by page. */
export async function last(path) {
  let page = await ask("GET", path);
  while (page.next) page = await ask("GET", `${path}&after=${encodeURIComponent(page.next)}`);
  return page.calls.at(-1);
}

/** Has a bot call somebody. Answers the call's id. */
export async function dial(to = CALLEE, bot = "desk") {
  return (await ask("POST", "/calls", { bot, to })).call;
}

/** The same, once the bot is heard. */
export async function answered(bot) {
  const call = await dial(CALLEE, bot);
  await until(`/calls/${call}`, ({ status }) => status === "in-progress");
  return call;
}

const SCOPES = ["calls:read", "calls:write", "bots:read", "bots:write", "numbers:write", "prices:write", "usage:read", "costs:read", "talk"];

/** A token as the API makes them; this one may be about to expire, or have done so. */
export function token({ expires_in_s = 3600, ...claims } = {}) {
  const iat = Math.floor(Date.now() / 1000);
  const said = { sub: "tests", tenant: "default", scopes: SCOPES, exp: iat + expires_in_s, iat, jti: randomUUID(), ...claims };
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ typ: "JWT", alg: "HS256" })}.${part(said)}`;
  return `${text}.${createHmac("sha256", place.token_key).update(text).digest("base64url")}`;
}
