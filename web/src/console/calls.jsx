import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../shared/api.js";
import { callee, caller, count, duration, money, shortTime } from "../shared/figures.js";
import { may } from "../shared/session.js";
import { t, wrong } from "../shared/words.js";
import { extended, fits, renewed } from "./listing.js";
import { useLoad } from "./load.js";
import { STATUSES, Status, durationOf } from "./status.jsx";

const EVERY_MS = 3000;
const PAGE = 25;
// As many as the API gives at once, and so many times in a row when something is searched for.
const PAGE_MAX = 100;
const SEARCHED_PAGES_MAX = 10;
const NO_FILTER = { bot: "", status: "", direction: "", from: "", to: "" };

/** The calls, newest first; the table keeps itself up to date. */
export function Calls() {
  const [filter, setFilter] = useState(NO_FILTER);
  const [search, setSearch] = useState("");
  const bots = useLoad(() => api.bots());
  const { calls, answered, next, problem, more, busy } = useCalls(filter);
  const shown = calls.filter((call) => fits(call, search));
  const searching = search.trim() !== "";
  const choose = (name) => (event) => setFilter({ ...filter, [name]: event.target.value });
  const found = { count: count(shown.length), looked: count(calls.length) };
  const told = !searching ? "calls.count" : next ? "calls.found_so_far" : "calls.found";
  const onMore = () => more(searching ? (call) => fits(call, search) : undefined);
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
      <p class="soft small" role="status">{answered ? t(told, found) : t("loading")}</p>
      {answered && <Table calls={shown} />}
      {next && <p class="row"><button type="button" disabled={busy} onClick={onMore}>{t(searching ? "calls.search_more" : "calls.more")}</button></p>}
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
const OPEN_COLUMNS = COLUMNS.filter((name) => name !== "cost");
const FIGURES = ["duration", "turns", "cost", "price"];

function Table({ calls }) {
  if (!calls.length) return <p class="card empty">{t("calls.none")}</p>;
  const costs = may("costs:read");
  return (
    <div class="table card" role="group" aria-label={t("calls")} tabindex="0">
      <table>
        <thead>
          <tr>{(costs ? COLUMNS : OPEN_COLUMNS).map((name) => <th key={name} scope="col" class={FIGURES.includes(name) ? "number" : ""}>{t(`column.${name}`)}</th>)}</tr>
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
              {costs && <td class="number">{money(call.cost_micro_dollars, 4, 4)}</td>}
              <td class="number">{money(call.price_micro_dollars)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Those that fit the filter, as far as they are loaded, and a way to load older ones. */
function useCalls(filter) {
  const [known, setKnown] = useState({ filter, calls: [], next: undefined, ready: false });
  const [fault, setFault] = useState(null);
  const [busy, setBusy] = useState(false);
  const loaded = useRef(0);
  const query = { ...filter, from: day(filter.from), to: day(filter.to, 1) };
  const first = async () => ({ filter, page: await api.calls({ ...query, limit: Math.min(PAGE_MAX, Math.max(PAGE, loaded.current)) }) });
  const { answer, problem } = useLoad(first, { depends: [filter], every_ms: EVERY_MS });
  useEffect(() => {
    if (!answer) return;
    setKnown((known) => {
      const same = known.filter === answer.filter;
      return { filter: answer.filter, calls: renewed(same ? known.calls : [], answer.page), next: same ? known.next : undefined, ready: true };
    });
  }, [answer]);
  loaded.current = known.filter === filter ? known.calls.length : 0;
  const next = known.next === undefined ? answer?.page.next : known.next;
  /** Loads a page of older calls; if some are looked for, one after the other until there is one of them. */
  async function more(wanted) {
    setBusy(true);
    setFault(null);
    try {
      let after = next;
      for (let pages = wanted ? SEARCHED_PAGES_MAX : 1; after && pages > 0; pages--) {
        const page = await api.calls({ ...query, after, limit: wanted ? PAGE_MAX : PAGE });
        after = page.next;
        setKnown((known) => (known.filter === filter ? { ...known, calls: extended(known.calls, page), next: page.next } : known));
        if (page.calls.some(wanted ?? Boolean)) break;
      }
    } catch (error) {
      setFault(wrong(error));
    } finally {
      setBusy(false);
    }
  }
  return { calls: known.calls, answered: known.ready, next, problem: problem ?? fault, more, busy };
}

/** A day of the reader's as a time; `plus` days later. */
function day(text, plus = 0) {
  if (!text) return undefined;
  const [year, month, date] = text.split("-").map(Number);
  return new Date(year, month - 1, date + plus).toISOString();
}
