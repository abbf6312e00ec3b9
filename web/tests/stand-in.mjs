// A stand-in for the functions' API, as pages and edge see it: its routes, shapes and refusals, with made-up content. Tokens
// are unsigned, and the edge's seals are not looked at.

import { createServer } from "node:http";
import { bots, detail, keys, live, rows, usage } from "./fixtures.mjs";

export const KEY = "cbx_0123456789abcdef_" + "0".repeat(64);

const b64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token as the API makes them, but for its signature. */
export function token({ expires_in_s = 3600, ...claims } = {}) {
  const exp = Math.floor(Date.now() / 1000) + expires_in_s;
  return `${b64({ alg: "HS256" })}.${b64({ sub: "key:test", tenant: "default", scopes: ["calls:write", "talk"], exp, ...claims })}.stand-in`;
}

const claims = (text) => JSON.parse(Buffer.from(text.split(".")[1] ?? "", "base64url").toString() || "{}");

class Refusal {
  constructor(status, code, message, field) {
    Object.assign(this, { status, body: { error: { code, message, ...(field && { field }) } } });
  }
}

export class Api {
  static async open({ port, origin, bot }) {
    const api = new Api();
    Object.assign(api, { origin, url: `http://127.0.0.1:${port}`, orders: [], placed: [], records: [], files: new Map(), watchers: new Set() });
    api.bots = new Map(bots().map((bot) => [bot.id, bot]));
    if (bot) api.bots.set(bot.id, bot);
    api.keys = keys();
    api.rows = rows();
    api.server = createServer((request, response) => api.#answer(request, response));
    await new Promise((resolve) => api.server.listen(port, "127.0.0.1", resolve));
    return api;
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  async #answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const url = new URL(request.url, this.url);
    const cors = { "access-control-allow-origin": this.origin, vary: "origin" };
    if (request.method === "OPTIONS") {
      response.writeHead(204, { ...cors, "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE", "access-control-allow-headers": "authorization, content-type, idempotency-key" });
      return response.end();
    }
    try {
      const body = bytes.length && request.headers["content-type"]?.includes("json") ? JSON.parse(bytes) : null;
      const answer = await this.#route(request, url, body, response, cors, bytes);
      if (answer === undefined) return undefined;
      const binary = Buffer.isBuffer(answer);
      response.writeHead(200, { ...cors, "content-type": binary ? "audio/wav" : "application/json" });
      return response.end(binary ? answer : JSON.stringify(answer));
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, "internal", String(error));
      response.writeHead(refusal.status, { ...cors, "content-type": "application/json" });
      return response.end(JSON.stringify(refusal.body));
    }
  }

  async #route(request, url, body, response, cors, bytes) {
    const { method } = request;
    const [, room, id, more] = url.pathname.split("/");
    if (room === "files") {
      if (method === "PUT") return this.files.set(id, bytes) && {};
      return this.files.get(id) ?? this.recording;
    }
    // What the edge asks.
    if (room === "sessions") return this.#session(body);
    if (room === "records") {
      this.records.push(...body.records);
      return { through: Math.max(0, ...body.records.map(({ number }) => number)), wrap: false };
    }
    if (room === "uploads") {
      return { uploads: body.files.map(({ name }) => ({ name, key: `recordings/${name}`, url: `${this.url}/files/${name}`, headers: {} })) };
    }
    // What the pages ask.
    const shown = request.headers.authorization?.replace("Bearer ", "") ?? "";
    if (room === "tokens") {
      if (shown !== KEY) throw new Refusal(401, "key_unknown", "this key opens nothing");
      const made = token();
      return { token: made, expires_s: claims(made).exp };
    }
    if (!(claims(shown).exp > Date.now() / 1000)) throw new Refusal(401, "token_expired", "this token has expired");
    const route = `${method} /${room}${id ? "/…" : ""}${more ? `/${more}` : ""}`;
    switch (route) {
      case "GET /bots": return { bots: [...this.bots.values()], next: null };
      case "GET /bots/…": return this.bots.get(id) ?? notFound();
      case "PUT /bots/…": return this.#putBot(id, body);
      case "DELETE /bots/…": return this.bots.delete(id) ? {} : notFound();
      case "GET /numbers": return { numbers: [{ number: "+15005550006", bot: "mesa" }], next: null };
      case "PUT /numbers/…": return { number: decodeURIComponent(id), bot: body.bot };
      case "GET /calls": return this.#calls(url.searchParams);
      case "POST /calls": return this.#place(body);
      case "GET /calls/…": return detail(id, this.url) ?? this.placed.find(({ call }) => call === id) ?? notFound();
      case "PUT /calls/…/note": return { call: id, note: body.note };
      case "POST /calls/…/orders": return this.orders.push({ call: id, id: request.headers["idempotency-key"], order: body }) && { fresh: true };
      case "GET /calls/…/events": return this.#watch(id, url, response, cors);
      case "GET /usage/…": return usage(id);
      case "GET /statements/…": return this.#statement(request, response, cors, id);
      case "GET /keys": return { keys: this.keys, next: null };
      case "POST /keys": return this.#createKey(body);
      case "DELETE /keys/…": return Object.assign(this.keys.find((key) => key.id === id) ?? notFound(), { revoked_ms: Date.now() });
      default: return notFound();
    }
  }

  #session({ call, token: shown, bot }) {
    const { sub, exp } = claims(shown);
    if (!(exp > Date.now() / 1000)) throw new Refusal(401, "token_expired", "this token has expired: ask for a new one");
    const opening = {
      call, account: `AC${"0".repeat(32)}`, from: "client:browser", to: "+15005550006", direction: "inbound",
      bot: this.bots.get(bot ?? "mesa"), handshakes: [], records_url: `${this.url}/records`, uploads_url: `${this.url}/uploads`,
    };
    return { opening, subject: sub, expires_s: exp };
  }

  #putBot(id, bot) {
    const silence = bot.turns?.end?.silence_ms;
    if (silence !== undefined && (silence < 200 || silence > 10000)) {
      throw new Refusal(400, "field_invalid", "200 to 10000 milliseconds", "turns.end.silence_ms");
    }
    if (!bot.name) throw new Refusal(400, "field_invalid", "1 to 100 characters", "name");
    const saved = { ...bot, id, version: (this.bots.get(id)?.version ?? 0) + 1 };
    this.bots.set(id, saved);
    return saved;
  }

  #calls(query) {
    const wanted = ["bot", "status", "direction"].filter((name) => query.has(name));
    const found = this.rows.filter((row) => wanted.every((name) => row[name] === query.get(name)));
    const from = found.findIndex((row) => row.call === query.get("after")) + 1;
    const limit = Number(query.get("limit") ?? 20);
    const calls = found.slice(from, from + limit);
    return { calls, next: found.length > from + limit ? calls.at(-1).call : null };
  }

  #place({ bot, to }) {
    if (!to.startsWith("+1")) throw new Refusal(422, "country_not_allowed", "this bot may not call that country", "to");
    const placed = { call: `CA${"9".repeat(31)}${this.placed.length}`, status: "queued", bot, to, turns: [], events: [], carrier: [] };
    this.placed.push(placed);
    return placed;
  }

  #watch(id, url, response, cors) {
    response.writeHead(200, { ...cors, "content-type": "text/event-stream" });
    const tell = (event, data) => response.write(`${data.number ? `id: ${data.number}\n` : ""}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    for (const [event, data] of live()) if (!(data.number <= Number(url.searchParams.get("after")))) tell(event, data);
    const watcher = { id, tell };
    this.watchers.add(watcher);
    response.on("close", () => this.watchers.delete(watcher));
    return undefined;
  }

  /** Something happens in a running call. */
  tell(event, data) {
    for (const { tell } of this.watchers) tell(event, data);
  }

  #statement(request, response, cors, month) {
    if (!request.headers.accept?.includes("text/csv")) return { month, lines: usage(month).bots };
    response.writeHead(200, { ...cors, "content-type": "text/csv" });
    response.end("bot,calls,micro_dollars\nmesa,170,9000000\nclinic,40,2200000\n");
    return undefined;
  }

  #createKey({ name, scopes }) {
    const id = String(this.keys.length).padStart(16, "a");
    this.keys.push({ id, name, scopes, created_ms: Date.now(), used_ms: null, revoked_ms: null });
    return { ...this.keys.at(-1), key: `cbx_${id}_${"1".repeat(64)}` };
  }
}

function notFound() {
  throw new Refusal(404, "not_found", "there is no such thing");
}
