import { useMemo } from "preact/hooks";
import { t } from "../shared/words.js";
import { Chart } from "./chart.jsx";
import { colours } from "./colours.js";

export const STAGES = ["wait", "listen", "think", "speak"];

/** What the caller waited for, one after the other, in milliseconds: the silence that told the end of the turn, then
 * whatever was not ready by then. What was done meanwhile costs nobody's time. */
export function stages({ decided_ms, text_ms, words_ms, sound_ms }) {
  const wait = Math.min(decided_ms, sound_ms);
  const text = Math.max(wait, Math.min(text_ms, sound_ms));
  const words = Math.max(text, Math.min(words_ms, sound_ms));
  return { wait, listen: text - wait, think: words - text, speak: sound_ms - words };
}

/** Per reply, a stacked bar and the same in a table. */
export function Latency({ turns, latency }) {
  const replies = useMemo(() => turns.filter(({ timing }) => timing).map(({ timing }) => ({ ...stages(timing), total: timing.sound_ms })), [turns]);
  const data = useMemo(() => stacked(replies), [replies]);
  if (!replies.length) return null;
  return (
    <section class="card stack" aria-labelledby="latency">
      <div class="row spread">
        <h2 id="latency">{t("latency")}</h2>
        {latency && <span class="soft small figures">{t("latency.median", { median: latency.median_ms, p90: latency.p90_ms })}</span>}
      </div>
      <Chart options={options} data={data} height={180} />
      <ul class="legend small">
        {STAGES.map((stage) => <li key={stage}><i class={`swatch ${stage}`} />{t(`latency.${stage}`)}</li>)}
      </ul>
      <details>
        <summary>{t("latency.table")}</summary>
        <table class="figures small">
          <thead>
            <tr><th scope="col">{t("latency.reply")}</th>{STAGES.map((stage) => <th key={stage} scope="col" class="number">{t(`latency.${stage}`)}</th>)}<th scope="col" class="number">{t("total")}</th></tr>
          </thead>
          <tbody>
            {replies.map((reply, i) => (
              <tr key={i}><th scope="row">{i + 1}</th>{STAGES.map((stage) => <td key={stage} class="number">{reply[stage]}</td>)}<td class="number">{reply.total}</td></tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

/** uPlot draws bars from zero: the sums are drawn from the highest to the lowest, each over the one before. */
function stacked(replies) {
  const sums = replies.map((reply) => STAGES.map((_, i) => STAGES.slice(0, i + 1).reduce((sum, stage) => sum + reply[stage], 0)));
  const columns = STAGES.map((_, i) => sums.map((sum) => sum[i]));
  return [replies.map((_, i) => i + 1), ...columns.reverse()];
}

function options(uPlot) {
  const colour = colours();
  const axis = { stroke: colour.soft, grid: { stroke: colour.line, width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  const bars = uPlot.paths.bars({ size: [0.55, 44] });
  return {
    scales: { x: { time: false, range: (_, min, max) => [min - 0.6, max + 0.6] }, y: { range: (_, __, max) => [0, max * 1.1] } },
    axes: [
      { ...axis, size: 28, grid: { show: false }, splits: (u) => u.data[0], values: (_, all) => all.map((n) => `#${n}`) },
      { ...axis, size: 64, values: (_, all) => all.map((ms) => `${ms} ms`) },
    ],
    series: [{}, ...STAGES.toReversed().map((stage) => ({ fill: colour[stage], stroke: colour[stage], width: 0, paths: bars, points: { show: false } }))],
  };
}
