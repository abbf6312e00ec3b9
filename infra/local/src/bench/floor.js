// The least that an object can be which answers a call and takes its messages: what the platform itself costs. Everything
// above that is ours.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

export class Line extends DurableObject {
  constructor(state, env) {
    super(state, env);
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS call (opening TEXT NOT NULL)");
  }

  async fetch(request) {
    if (request.headers.get("upgrade") !== "websocket") {
      this.ctx.storage.sql.exec("INSERT INTO call VALUES (?)", await request.text());
      return new Response("{}");
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage() {}

  webSocketClose(socket) {
    socket.close();
  }
}

export class Errand extends DurableObject {}

export default class extends WorkerEntrypoint {
  fetch(request) {
    const [, , call] = new URL(request.url).pathname.split("/");
    return this.env.LINES.get(this.env.LINES.idFromName(call)).fetch(request);
  }
}
