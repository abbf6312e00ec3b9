import { useEffect, useRef, useState } from "preact/hooks";
import { position } from "../shared/figures.js";
import { Pause, Play } from "../shared/icons.jsx";
import { t } from "../shared/words.js";
import { colours } from "./colours.js";
import { interruptions } from "./interruptions.js";

const HEIGHT = 56;

/** Both sides of a recording, one above the other. `link`: whenever the call is asked for it is another one, to the same
 * recording; the first is loaded, and what plays plays on. */
export function Player({ link, turns, control, onTime }) {
  const [url] = useState(link);
  const place = useRef();
  const [wave, setWave] = useState(null);
  const [state, setState] = useState({ playing: false, ms: 0, total_ms: 0, problem: null });
  useEffect(() => {
    let made;
    let gone = false;
    const tell = (changes) => setState((state) => ({ ...state, ...changes }));
    const at = (ms) => {
      tell({ ms });
      onTime(ms);
    };
    // Only who opens a call loads what draws it.
    import("wavesurfer.js").then(({ default: WaveSurfer }) => {
      if (gone) return;
      const side = (colour) => ({ waveColor: colour, progressColor: `color-mix(in srgb, ${colour} 55%, ${colours().ink})` });
      made = WaveSurfer.create({
        container: place.current, url, height: HEIGHT, cursorColor: colours().ink, cursorWidth: 2, normalize: true,
        barWidth: 2, barGap: 1, barRadius: 2,
        splitChannels: [side(colours().caller), side(colours().accent)],
      });
      // What is taken down still tells of its end.
      const on = (event, act) => made.on(event, (value) => !gone && act(value));
      on("ready", (seconds) => tell({ total_ms: seconds * 1000 }));
      on("timeupdate", (seconds) => at(seconds * 1000));
      on("play", () => tell({ playing: true }));
      on("pause", () => tell({ playing: false }));
      on("error", () => tell({ problem: t("call.recording_failed") }));
      control.current = {
        hear: (ms) => {
          made.setTime(ms / 1000);
          made.play();
        },
      };
      setWave(made);
    });
    return () => {
      gone = true;
      control.current = null;
      made?.destroy();
    };
  }, []);
  const { playing, ms, total_ms, problem } = state;
  const cuts = interruptions(turns);
  return (
    <div class="player stack">
      <div class="wave">
        <span class="side caller">{t("speaker.caller")}</span>
        <span class="side bot">{t("speaker.bot")}</span>
        <div ref={place} aria-hidden="true" />
        {total_ms > 0 && <Marks at={cuts.map((ms) => ms / total_ms)} />}
      </div>
      <div class="row">
        <button type="button" class="main" disabled={!wave || !total_ms} onClick={() => wave.playPause()}>
          {playing ? <Pause /> : <Play />}
          {t(playing ? "call.pause" : "call.play")}
        </button>
        <label class="unseen" for="seek">{t("call.seek")}</label>
        <input id="seek" class="grow" type="range" min="0" max={Math.ceil(total_ms)} step="100" value={ms} aria-valuetext={position(ms)} disabled={!total_ms} onInput={(event) => wave.setTime(event.target.value / 1000)} />
        <span class="figures soft">{position(ms)} / {position(total_ms)}</span>
        {cuts.length > 0 && <span class="pill bad">{t("call.interruptions", { count: cuts.length })}</span>}
      </div>
      {problem && <p class="notice danger" role="alert">{problem}</p>}
    </div>
  );
}

/** Where somebody was interrupted. */
function Marks({ at }) {
  return (
    <svg class="marks" viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true">
      {at.map((x) => <line key={x} x1={x * 1000} x2={x * 1000} y1="0" y2="1" vector-effect="non-scaling-stroke" />)}
    </svg>
  );
}
