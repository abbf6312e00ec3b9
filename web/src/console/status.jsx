import { t } from "../shared/words.js";

const LIVE = ["queued", "initiated", "ringing", "in-progress"];
const BAD = ["failed", "busy", "no-answer", "canceled"];

export const STATUSES = [...LIVE, "completed", ...BAD];

/** How far a call is. One through a browser has no carrier that would tell: then its own end does. */
export function statusOf(call) {
  return call.status ?? (call.ended ? "completed" : "in-progress");
}

export const isLive = (call) => LIVE.includes(statusOf(call)) && !call.ended;

/** How long it took, or has taken so far. */
export function durationOf(call) {
  if (call.ended) return call.ended.duration_ms;
  if (call.carrier_duration_s != null) return call.carrier_duration_s * 1000;
  return isLive(call) ? Date.now() - call.began_ms : null;
}

export function Status({ call }) {
  const status = statusOf(call);
  const kind = isLive(call) ? "live" : BAD.includes(status) || call.ended?.reason === "failed" ? "bad" : "";
  return <span class={`pill ${kind}`}>{t(`status.${status}`)}</span>;
}
