import { useMemo, useState } from "preact/hooks";
import { api } from "../shared/api.js";
import { callee, caller, count, duration, money, shortTime } from "../shared/figures.js";
import { t } from "../shared/words.js";
import { useLoad } from "./load.js";
import { STATUSES, Status, durationOf } from "./status.jsx";

const EVERY_MS = 3000;
const PAGE = 25;
const NO_FILTER = { bot: "", status: "", direction: "", from: "", to: "" };

/** The calls, newest first; the table keeps itself up to date. */
export function Calls() {
  const [filter, setFilter] = useState(NO_FILTER);
  const [search, setSearch] = useState("");
  const [older, setOlder] = useState({ calls: [], next: undefined });
  const query = { ...filter, from: day(filter.from), to: day(filter.to, 1), limit: PAGE };
  const { answer, problem } = useLoad(() => api.calls(query), { depends: [filter], every_ms: EVERY_MS });
  const bots = useLoad(() => api.bots());
  const calls = useMemo(() => once([...(answer?.calls ?? []), ...older.calls]), [answer, older]);
  const shown = calls.filter((call) => fits(call, search));
  const next = older.next === undefined ? answer?.next : older.next;
  const choose = (name) => (event) => {
    setFilter({ ...filter, [name]: event.target.value });
    setOlder({ calls: [], next: undefined });
  };
  async function more() {
    const page = await api.calls({ ...query, after: next });
    setOlder({ calls: [...older.calls, ...page.calls], next: page.next });
  }
  return (
    <>
      <h1>{t("calls")}</h1>
      <form class="filters card" role="search" onSubmit={(event) => event.preventDefault()}>
        <div class="field wide">
          <label for="search">{t("calls.search")}</label>
          <input id="search" type="search" value={search} onInput={(event) => setSearch(event.target.value)} placeholder={t("calls.search_hint")} />
        </div>
        <Choice id="bot" value={filter.bot} onChange={choose("bot")} options={(bots.answer?.bots ?? []).map(({ id, name }) => [id, name || id])} />
        <Choice id="status" value={filter.status} onChange={choose("status")} options={STATUSES.map((name) => [name, t(`status.${name}`)])} />
        <Choice id="direction" value={filter.direction} onChange={choose("direction")} options={["inbound", "outbound"].map((name) => [name, t(`direction.${name}`)])} />
        <div class="field">
          <label for="from">{t("calls.from_day")}</label>
          <input id="from" type="date" value={filter.from} onChange={choose("from")} />
        </div>
        <div class="field">
          <label for="to">{t("calls.to_day")}</label>
          <input id="to" type="date" value={filter.to} onChange={choose("to")} />
        </div>
      </form>
      <div role="alert">{problem && <p class="notice danger">{problem}</p>}</div>
      <p class="soft small" role="status">{answer ? t("calls.count", { count: count(shown.length) }) : t("loading")}</p>
      {answer && <Table calls={shown} />}
      {next && <p class="row"><button type="button" onClick={more}>{t("calls.more")}</button></p>}
    </>
  );
}

function Choice({ id, value, onChange, options }) {
  return (
    <div class="field">
      <label for={id}>{t(id)}</label>
      <select id={id} value={value} onChange={onChange}>
        <option value="">{t("all")}</option>
        {options.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
      </select>
    </div>
  );
}

const COLUMNS = ["time", "from", "to", "bot", "status", "duration", "turns", "cost", "price"];
const FIGURES = ["duration", "turns", "cost", "price"];

function Table({ calls }) {
  if (!calls.length) return <p class="card empty">{t("calls.none")}</p>;
  return (
    <div class="table card" role="group" aria-label={t("calls")} tabindex="0">
      <table>
        <thead>
          <tr>{COLUMNS.map((name) => <th key={name} scope="col" class={FIGURES.includes(name) ? "number" : ""}>{t(`column.${name}`)}</th>)}</tr>
        </thead>
        <tbody>
          {calls.map((call) => (
            <tr key={call.call}>
              <th scope="row"><a href={`#/calls/${call.call}`}>{shortTime(call.began_ms)}</a></th>
              <td class="mono">{caller(call.from)}</td>
              <td class="mono">{callee(call.to)}</td>
              <td>{call.bot ?? "–"}</td>
              <td><Status call={call} /></td>
              <td class="number">{duration(durationOf(call))}</td>
              <td class="number">{count(call.turns)}</td>
              <td class="number">{money(call.cost_micro_dollars, 4, 4)}</td>
              <td class="number">{money(call.price_micro_dollars)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Of a call that came twice, the fresher one: pages shift while calls come in. */
function once(calls) {
  const known = new Map();
  for (const call of calls) if (!known.has(call.call)) known.set(call.call, call);
  return [...known.values()];
}

function fits(call, search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [call.call, call.from, call.to, call.bot, call.note].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** A day of the reader's as a time; `plus` days later. */
function day(text, plus = 0) {
  if (!text) return undefined;
  const [year, month, date] = text.split("-").map(Number);
  return new Date(year, month - 1, date + plus).toISOString();
}
