import { useRef, useState } from "preact/hooks";
import { api } from "../shared/api.js";
import { callee, caller, duration, time } from "../shared/figures.js";
import { lines, useLive } from "../shared/live.js";
import { Line } from "../shared/transcript.jsx";
import { t, wrong } from "../shared/words.js";
import { Controls } from "./controls.jsx";
import { Events } from "./events.jsx";
import { Latency } from "./latency.jsx";
import { useLoad } from "./load.js";
import { Player } from "./player.jsx";
import { Receipt } from "./receipt.jsx";
import { Spoken } from "./spoken.jsx";
import { Status, durationOf, isLive } from "./status.jsx";

const EVERY_MS = 2000;
// The recording and the receipt come some seconds after the end.
const LATE_MS = 60_000;

export function Call({ id }) {
  const [settled, setSettled] = useState(false);
  const { answer: call, problem, again } = useLoad(
    async () => {
      const call = await api.call(id);
      const late = call.ended && Date.now() - call.ended.at_ms > LATE_MS;
      setSettled(Boolean(call.complete && (call.recording || late)));
      return call;
    },
    { depends: [id], every_ms: settled ? undefined : EVERY_MS },
  );
  if (problem && !call) return <Missing id={id} problem={problem} />;
  if (!call) return <p role="status" class="soft">{t("loading")}</p>;
  return (
    <>
      <Head call={call} />
      {isLive(call) ? <Running call={call} /> : <Over call={call} again={again} />}
    </>
  );
}

function Missing({ id, problem }) {
  return (
    <>
      <h1>{t("call")}</h1>
      <p class="notice danger" role="alert">{problem}</p>
      <p class="mono soft">{id}</p>
      <p><a href="#/calls">{t("call.back")}</a></p>
    </>
  );
}

function Head({ call }) {
  return (
    <div class="stack tight">
      <a class="small" href="#/calls">← {t("call.back")}</a>
      <div class="row">
        <h1><span class="figures">{caller(call.from)}</span> → <span class="figures">{callee(call.to)}</span></h1>
        <Status call={call} />
      </div>
      <dl class="facts">
        <Fact name="column.time">{time(call.began_ms)}</Fact>
        <Fact name="column.bot">{call.bot} <span class="soft">v{call.bot_version}</span></Fact>
        <Fact name="direction">{call.direction ? t(`direction.${call.direction}`) : "–"}</Fact>
        <Fact name="column.duration">{duration(durationOf(call))}</Fact>
        {call.unanswered && <Fact name="call.unanswered">{t(`unanswered.${call.unanswered}`)}</Fact>}
        {call.ended && <Fact name="call.reason">{t(`reason.${call.ended.reason}`)}</Fact>}
        <Fact name="call.id"><span class="mono">{call.call}</span></Fact>
      </dl>
    </div>
  );
}

function Fact({ name, children }) {
  return (
    <div>
      <dt>{t(name)}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Running({ call }) {
  const live = useLive(call.call);
  const said = lines(live);
  return (
    <>
      <div class="two">
        <section class="card stack" aria-labelledby="live">
          <div class="row spread">
            <h2 id="live">{t("call.live")}</h2>
            {live.state && <span class={`pill state-${live.state}`} role="status">{t(`phase.${live.state}`)}</span>}
          </div>
          <ol class="lines" aria-live="polite" aria-label={t("transcript")}>
            {said.map((line) => <Line key={line.key} line={line} />)}
          </ol>
          {!said.length && <p class="soft">{t("call.quiet")}</p>}
        </section>
        <Controls call={call} />
      </div>
      <Events call={{ ...call, turns: live.turns }} events={live.events} />
    </>
  );
}

function Over({ call, again }) {
  const [now_ms, setNow] = useState(0);
  const player = useRef(null);
  const hear = (ms) => player.current?.hear(ms);
  return (
    <>
      {call.summary && <p class="card summary"><span class="label">{t("call.summary")}</span> {call.summary}</p>}
      <section class="card stack" aria-labelledby="recording">
        <h2 id="recording">{t("call.recording")}</h2>
        {call.recording ? (
          <Player key={call.recording.key} link={call.recording.url} turns={call.turns} control={player} onTime={setNow} />
        ) : (
          <p class="soft">{t("call.no_recording")}</p>
        )}
      </section>
      <div class="two">
        <Spoken turns={call.turns} now_ms={now_ms} hear={call.recording ? hear : undefined} />
        <div class="stack">
          <Latency turns={call.turns} latency={call.latency} />
          <Receipt call={call} />
          <Note call={call} onSaved={again} />
        </div>
      </div>
      <Events call={call} events={call.events} />
    </>
  );
}

function Note({ call, onSaved }) {
  const [said, setSaid] = useState(null);
  async function save(event) {
    event.preventDefault();
    try {
      await api.note(call.call, event.target.elements.note.value);
      setSaid(t("saved"));
      onSaved();
    } catch (error) {
      setSaid(wrong(error));
    }
  }
  return (
    <form class="card stack" onSubmit={save}>
      <div class="field">
        <label for="note">{t("call.note")}</label>
        <textarea id="note" name="note" maxlength={2000} rows={2}>{call.note}</textarea>
      </div>
      <div class="row"><button>{t("save")}</button><span role="status" class="soft small">{said}</span></div>
    </form>
  );
}
