// The API of the functions: one place that knows its routes.

import { claims, keep, session, signOut } from "./session.js";
import { sse } from "./sse.js";

/** What the API, or the way to it, has to say against a request. */
export class Refused extends Error {
  constructor(status, { code = "unreachable", message = "", field } = {}, retry_s) {
    super(message);
    Object.assign(this, { status, code, field, retry_s });
  }
}

let configuration;

/** Where the API is. */
export async function config() {
  configuration ??= fetch("/config.json").then(async (answer) => {
    if (!answer.ok) throw await refusal(answer);
    return answer.json();
  });
  try {
    return await configuration;
  } catch (error) {
    configuration = undefined;
    throw error instanceof Refused ? error : new Refused(0);
  }
}

async function refusal(answer) {
  const body = await answer.json().catch(() => ({}));
  const retry_s = Number(answer.headers.get("retry-after")) || undefined;
  return new Refused(answer.status, body.error ?? { code: `http_${answer.status}` }, retry_s);
}

async function ask(method, path, { body, token = session()?.token, headers = {}, signal, accept } = {}) {
  const { api_url } = await config();
  let answer;
  try {
    answer = await fetch(api_url + path, {
      method,
      signal,
      headers: {
        ...headers,
        ...(token && { authorization: `Bearer ${token}` }),
        ...(accept && { accept }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0);
  }
  if (answer.ok) return answer;
  const refused = await refusal(answer);
  // A token that has expired, or that no deployment knows any more; a key that is being tried is no session yet.
  if ((refused.status === 401 || refused.code === "key_wrong") && token === session()?.token) signOut();
  throw refused;
}

async function json(method, path, options) {
  const answer = await ask(method, path, options);
  return answer.status === 204 ? null : answer.json();
}

/** A whole list, page by page: those that are short enough to be shown at once. */
async function all(room, options) {
  const found = [];
  let after;
  do {
    const page = await json("GET", `/${room}${query({ limit: 100, after })}`, options);
    found.push(...page[room]);
    after = page.next;
  } while (after);
  return { [room]: found };
}

/** Asks with this key instead of the token, and for the same tenant: the operator's key opens all of them. */
function by(key) {
  const { tenant } = claims(session()?.token ?? "");
  return { token: key, headers: tenant ? { "x-callbox-tenant": tenant } : {} };
}

const csv = async (path) => (await ask("GET", path, { accept: "text/csv" })).blob();
const once = () => ({ "idempotency-key": crypto.randomUUID() });

const at = (strings, ...parts) => strings.reduce((path, text, i) => path + encodeURIComponent(parts[i - 1]) + text);

function query(filters) {
  const given = Object.entries(filters).filter(([, value]) => value !== undefined && value !== "" && value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** Exchanges an API key for a token, which alone is kept. */
export async function signIn(key) {
  const answer = await json("POST", "/tokens", { token: key.trim(), body: {} });
  keep(answer.token, answer.expires_s);
}

export const api = {
  bots: () => all("bots"),
  bot: (id) => json("GET", at`/bots/${id}`),
  createBot: (bot) => json("POST", "/bots", { body: bot }),
  putBot: (id, bot) => json("PUT", at`/bots/${id}`, { body: bot }),
  deleteBot: (id) => json("DELETE", at`/bots/${id}`),
  numbers: () => all("numbers"),
  putNumber: (number, bot) => json("PUT", at`/numbers/${number}`, { body: { bot } }),
  deleteNumber: (number) => json("DELETE", at`/numbers/${number}`),
  calls: (filters) => json("GET", `/calls${query(filters)}`),
  call: (id) => json("GET", at`/calls/${id}`),
  place: (bot, to) => json("POST", "/calls", { body: { bot, to }, headers: once() }),
  order: (id, order) => json("POST", at`/calls/${id}/orders`, { body: order, headers: once() }),
  note: (id, note) => json("PUT", at`/calls/${id}/note`, { body: { note } }),
  usage: (month) => json("GET", at`/usage/${month}`),
  usageCsv: (month) => csv(at`/usage/${month}`),
  statementCsv: (month) => csv(at`/statements/${month}`),
  // Keys are for whoever shows one: a token neither makes nor changes any.
  keys: (key) => all("keys", by(key)),
  createKey: (key, name, scopes) => json("POST", "/keys", { ...by(key), body: { name, scopes } }),
  revokeKey: (key, id) => json("DELETE", at`/keys/${id}`, by(key)),
  /** A running call's events, from the one after `after` on: the API redirects to the object that holds the call. */
  events: async function* (id, { after, signal }) {
    const answer = await ask("GET", at`/calls/${id}/events` + query({ after }), { signal, accept: "text/event-stream" });
    yield* sse(answer.body);
  },
};
