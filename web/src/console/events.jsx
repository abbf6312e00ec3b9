import { position, time } from "../shared/figures.js";
import { t } from "../shared/words.js";

const COLUMNS = ["date", "event", "text", "duration", "sid", "ip"];

/** The audio log: everything that happened in a call, in its order. */
export function Events({ call, events }) {
  const rows = log(call, events);
  return (
    <section class="card stack" aria-labelledby="events">
      <div class="row spread">
        <h2 id="events">{t("events")}</h2>
        <button type="button" onClick={() => download(`${call.call}.json`, rows)}>{t("events.json")}</button>
      </div>
      <div class="table inner" role="group" aria-labelledby="events" tabindex="0">
        <table class="small">
          <thead><tr>{COLUMNS.map((name) => <th key={name} scope="col" class={name === "duration" ? "number" : ""}>{t(`events.${name}`)}</th>)}</tr></thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={i}>
                <td class="figures">{typeof row.date === "number" ? time(row.date) : row.date}</td>
                <td class="mono">{row.event}</td>
                <td class="text">{row.text}</td>
                <td class="number">{row.duration_ms == null ? "" : position(row.duration_ms)}</td>
                <td class="mono">{row.sid}</td>
                <td class="mono">{row.ip}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Turns, the edge's events and the carrier's news, as lines of one log. */
export function log(call, events) {
  const sid = call.call;
  const turns = call.turns.map(({ at_ms, speaker, text, began_ms, ended_ms, interrupted }) => ({
    date: at_ms, event: `${speaker}_spoke${interrupted ? "_interrupted" : ""}`, text, duration_ms: ended_ms - began_ms, sid, ip: "",
  }));
  const from = ({ source = {} }) => ({ sid: source.sid || sid, ip: source.ip ?? "" });
  const edge = events.map((event) => ({ date: event.at_ms, event: event.name, text: event.detail, duration_ms: null, ...from(event) }));
  const carrier = (call.carrier ?? []).map((news) => ({
    date: Date.parse(news.timestamp) || news.at_ms || "", event: news.name, text: news.detail ?? "",
    duration_ms: news.duration_s == null ? null : news.duration_s * 1000, ...from(news),
  }));
  return [...turns, ...edge, ...carrier].sort((a, b) => (Number(a.date) || 0) - (Number(b.date) || 0));
}

/** Saves something as a file. @param {string} name @param {Blob | object} what */
export function download(name, what) {
  const blob = what instanceof Blob ? what : new Blob([JSON.stringify(what, null, 2)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
