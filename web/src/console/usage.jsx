import { useMemo, useState } from "preact/hooks";
import { api } from "../shared/api.js";
import { count, duration, money, month as monthName } from "../shared/figures.js";
import { may } from "../shared/session.js";
import { t, wrong } from "../shared/words.js";
import { Chart } from "./chart.jsx";
import { colours } from "./colours.js";
import { download } from "./events.jsx";
import { useLoad } from "./load.js";

const MONTHS = 6;

/** The last months by their names, the oldest first: `2026-11`. */
export function lastMonths(now = new Date()) {
  const at = (back) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7);
  return Array.from({ length: MONTHS }, (_, i) => at(MONTHS - 1 - i));
}

export function Usage() {
  const months = useMemo(() => lastMonths(), []);
  const [month, setMonth] = useState(months.at(-1));
  const { answer, problem } = useLoad(() => Promise.all(months.map((month) => api.usage(month))));
  const [fault, setFault] = useState(null);
  const chosen = answer?.[months.indexOf(month)];
  const costs = may("costs:read");
  const chart = useMemo(() => answer && series(answer, costs), [answer]);
  async function save(what, file) {
    try {
      download(`callbox-${what}-${month}.csv`, await file);
      setFault(null);
    } catch (error) {
      setFault(wrong(error));
    }
  }
  return (
    <>
      <h1>{t("usage")}</h1>
      <div role="alert">{(problem || fault) && <p class="notice danger">{problem ?? fault}</p>}</div>
      {!answer && !problem && <p class="soft" role="status">{t("loading")}</p>}
      {answer && (
        <section class="card stack" aria-labelledby="by-month">
          <h2 id="by-month">{t("usage.by_month")}</h2>
          <Chart data={chart} options={(uPlot) => options(uPlot, months, costs)} height={220} />
          <ul class="legend small"><li><i class="swatch accent" />{t("column.price")}</li>{costs && <li><i class="swatch caller" />{t("column.cost")}</li>}</ul>
        </section>
      )}
      {chosen && (
        <section class="card stack" aria-labelledby="statement">
          <div class="row spread">
            <h2 id="statement">{t("usage.statement")}</h2>
            <div class="row statement">
              <label class="unseen" for="month">{t("usage.month")}</label>
              <select id="month" value={month} onChange={(event) => setMonth(event.target.value)}>
                {months.toReversed().map((name) => <option key={name} value={name}>{monthName(name)}</option>)}
              </select>
              <button type="button" onClick={() => save("statement", api.statementCsv(month))}>{t("usage.statement_csv")}</button>
              <button type="button" onClick={() => save("usage", api.usageCsv(month))}>{t(costs ? "usage.csv" : "usage.csv_open")}</button>
            </div>
          </div>
          <Statement usage={chosen} costs={costs} />
        </section>
      )}
    </>
  );
}

const COLUMNS = ["bot", "calls", "time", "cost", "price", "margin"];
const OPEN_COLUMNS = COLUMNS.filter((name) => name !== "cost" && name !== "margin");

function Statement({ usage, costs }) {
  const rows = [...usage.bots.map((meter) => [meter.bot, meter]), [null, usage]];
  return (
    <div class="table inner" role="group" aria-labelledby="statement" tabindex="0">
      <table>
        <thead><tr>{(costs ? COLUMNS : OPEN_COLUMNS).map((name) => <th key={name} scope="col" class={name === "bot" ? "" : "number"}>{t(`usage.column.${name}`)}</th>)}</tr></thead>
        <tbody>
          {rows.map(([bot, meter]) => (
            <tr key={bot} class={bot ? "" : "total"}>
              <th scope="row">{bot ?? t("total")}</th>
              <td class="number">{count(meter.calls)}</td>
              <td class="number">{duration(meter.line_ms)}</td>
              {costs && <td class="number">{money(amount(meter.cost), 6)}</td>}
              <td class="number">{money(amount(meter.price), 6)}</td>
              {costs && <td class="number">{money(meter.margin_micro_dollars, 6)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const amount = (lines) => lines?.total_micro_dollars ?? 0;

function series(usages, costs) {
  const sums = (what) => usages.map((usage) => amount(usage[what]) / 1e6);
  return [usages.map((_, i) => i), sums("price"), ...(costs ? [sums("cost")] : [])];
}

function options(uPlot, months, costs) {
  const colour = colours();
  const axis = { stroke: colour.soft, grid: { stroke: colour.line, width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  const bar = (fill, align) => ({ fill, width: 0, paths: uPlot.paths.bars({ size: [0.34, 40], align }), points: { show: false } });
  return {
    scales: { x: { time: false, range: (_, min, max) => [min - 0.6, max + 0.6] }, y: { range: (_, __, max) => [0, (max || 1) * 1.1] } },
    axes: [
      { ...axis, size: 28, grid: { show: false }, splits: (u) => u.data[0], values: (_, all) => all.map((i) => months[i] ?? "") },
      { ...axis, size: 64, values: (_, all) => all.map((dollars) => money(dollars * 1e6, 2)) },
    ],
    series: [{}, bar(colour.accent, costs ? -1 : 0), ...(costs ? [bar(colour.caller, 1)] : [])],
  };
}
