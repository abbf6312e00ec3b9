import { useEffect, useState } from "preact/hooks";
import { api } from "../shared/api.js";
import { lines, useLive } from "../shared/live.js";
import { Line } from "../shared/transcript.jsx";
import { t, wrong } from "../shared/words.js";

const NUMBER = /^\+[1-9]\d{6,14}$/;
const OVER = ["completed", "busy", "no-answer", "failed", "canceled"];
const EVERY_MS = 1000;

/** Has the bot call a telephone, and shows how it goes. */
export function Outbound({ bot }) {
  const [call, setCall] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  useStatus(call, setCall);
  async function place(event) {
    event.preventDefault();
    const field = event.target.elements.to;
    const to = field.value.replace(/[\s()./-]/g, "").replace(/^00/, "+");
    if (!NUMBER.test(to)) {
      setProblem(t("outbound.number_wrong"));
      field.focus();
      return;
    }
    setProblem(null);
    setBusy(true);
    try {
      const placed = await api.place(bot, to);
      setCall({ id: placed.call, to, status: placed.status });
    } catch (error) {
      setProblem(wrong(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <section class="card stack outbound" aria-labelledby="outbound">
      <h2 id="outbound">{t("outbound")}</h2>
      <form onSubmit={place} noValidate>
        <div class="field">
          <label for="to">{t("outbound.to")}</label>
          <input id="to" name="to" type="tel" autocomplete="tel" placeholder="+34 600 000 000" aria-describedby="to-hint to-fault" aria-invalid={problem ? "true" : undefined} />
        </div>
        <button disabled={busy || !bot}>{t("outbound.do")}</button>
      </form>
      <span id="to-hint" class="soft small">{t("outbound.hint")}</span>
      <span id="to-fault" class="field fault" role="alert">{problem}</span>
      {call && <Watch call={call} />}
    </section>
  );
}

function Watch({ call }) {
  const over = OVER.includes(call.status);
  const live = useLive(call.id, over);
  return (
    <div class="watch stack">
      <p role="status" class="row">
        <span class={`pill ${over ? "" : "live"}`}>{t(`status.${call.status}`)}</span>
        <span class="mono">{call.to}</span>
        {live.state && !over && <span class="soft">{t(`phase.${live.state}`)}</span>}
        <a href={`/console#/calls/${call.id}`}>{t("outbound.open")}</a>
      </p>
      <ol class="lines" aria-label={t("transcript")} aria-live="polite">
        {lines(live).map((line) => <Line key={line.key} line={line} />)}
      </ol>
    </div>
  );
}

function useStatus(call, setCall) {
  const id = call?.id;
  const over = OVER.includes(call?.status);
  useEffect(() => {
    if (!id || over) return undefined;
    let gone = false;
    let timer = setTimeout(look, EVERY_MS);
    async function look() {
      let pause = EVERY_MS;
      try {
        const { status } = await api.call(id);
        setCall((call) => (call?.id === id ? { ...call, status } : call));
      } catch (error) {
        pause = Math.max(pause, (error.retry_s ?? 0) * 1000);
      }
      if (!gone) timer = setTimeout(look, pause);
    }
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [id, over]);
}
