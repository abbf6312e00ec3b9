// A call as it runs: events folded into what can be shown of it.

import { useEffect, useReducer } from "preact/hooks";
import { api } from "./api.js";

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

/** Watches a call while `running`; whoever loses the connection goes on after the last number. */
export function useLive(id, running) {
  const [call, tell] = useReducer((call, event) => (event === "anew" ? NOTHING : fold(call, event)), NOTHING);
  useEffect(() => {
    if (!id || !running) return undefined;
    tell("anew");
    const stop = new AbortController();
    let last = 0;
    let over = false;
    (async () => {
      while (!stop.signal.aborted && !over) {
        try {
          tell({ event: "connected_again" });
          for await (const event of api.events(id, { after: last || undefined, signal: stop.signal })) {
            last = Math.max(last, event.data?.number ?? 0);
            over ||= event.event === "end";
            tell(event);
          }
        } catch (error) {
          if (stop.signal.aborted || error.status === 401 || error.status === 403) return;
        }
        if (!over) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    })();
    return () => stop.abort();
  }, [id, running]);
  return call;
}
