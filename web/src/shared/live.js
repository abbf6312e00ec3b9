// A call as it runs: events folded into what can be shown of it.

import { useEffect, useReducer, useRef } from "preact/hooks";
import { api } from "./api.js";
import { session } from "./session.js";

const PAUSE_MS = 1500;
const NOTHING = { state: null, turns: [], events: [], open: {}, last: 0, over: false };

/** What a call looks like after one more event. */
export function fold(call = NOTHING, { event, data }) {
  if (data?.number && data.number <= call.last) return call;
  const numbered = data?.number ? { ...call, last: data.number } : call;
  switch (event) {
    // Whoever connects is told what is being said just then, all of it.
    case "connected_again":
      return { ...call, open: {} };
    case "state":
      return { ...numbered, state: data.state };
    case "partial":
      return { ...numbered, open: { ...call.open, caller: data.text } };
    case "saying":
      return { ...numbered, open: { ...call.open, bot: [call.open.bot, data.text].filter(Boolean).join(" ") } };
    case "unheard":
      return { ...numbered, open: { ...call.open, bot: "" } };
    case "turn": {
      const turn = { ...data.record, number: data.number, at_ms: data.at_ms };
      return { ...numbered, turns: [...call.turns, turn], open: { ...call.open, [turn.speaker]: "" } };
    }
    case "event": {
      const { name, detail = "", at_ms: call_ms, source } = data.record;
      return { ...numbered, events: [...call.events, { name, detail, call_ms, source, number: data.number, at_ms: data.at_ms }] };
    }
    case "ended":
      return { ...numbered, state: null, open: {}, reason: data.record.reason };
    case "end":
      return { ...numbered, state: null, open: {}, over: true };
    default:
      return numbered;
  }
}

/** Lines to show: what was said, and what is being said. */
export function lines({ turns, open }) {
  const said = turns.map((turn) => ({ ...turn, key: turn.number, final: true }));
  const being = Object.entries(open).filter(([, text]) => text);
  return [...said, ...being.map(([speaker, text]) => ({ key: speaker, speaker, text, final: false }))];
}

/** Tells a call's events until its end, over as many connections as it takes: each goes on after the last number.
 * @param {{events: (after?: number) => AsyncIterable<object>, tell: (event: object) => void, isOver: () => boolean,
 *   wait: (ms: number) => Promise<void>, signal: AbortSignal}} from `isOver`: whether the call is known to be over */
export async function follow({ events, tell, isOver, wait, signal }) {
  let last = 0;
  while (!signal.aborted) {
    let pause = PAUSE_MS;
    const known = isOver();
    try {
      tell({ event: "connected_again" });
      for await (const event of events(last || undefined)) {
        last = Math.max(last, event.data?.number ?? 0);
        tell(event);
        if (event.event === "end") return;
      }
    } catch (error) {
      // The edge has never heard of a call that nobody answered.
      if (signal.aborted || error.status === 403 || (error.status === 404 && known)) return;
      pause = Math.max(pause, (error.retry_s ?? 0) * 1000);
    }
    await wait(pause);
  }
}

/** Watches a call. @param {boolean} over whether it is known to be over: then there may be nothing more to hear of it */
export function useLive(id, over = false) {
  const [call, tell] = useReducer((call, event) => (event === "anew" ? NOTHING : fold(call, event)), NOTHING);
  const known = useRef(over);
  known.current = over;
  useEffect(() => {
    if (!id) return undefined;
    tell("anew");
    const stop = new AbortController();
    const { signal } = stop;
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    async function wait(ms) {
      await pause(ms);
      // Behind the sign-in form there is no token to ask with.
      while (!session() && !signal.aborted) await pause(PAUSE_MS);
    }
    follow({ events: (after) => api.events(id, { after, signal }), tell, isOver: () => known.current, wait, signal });
    return () => stop.abort();
  }, [id]);
  return call;
}
