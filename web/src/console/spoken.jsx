import { position } from "../shared/figures.js";
import { Line } from "../shared/transcript.jsx";
import { t } from "../shared/words.js";

/** The transcript in step with the recording: the line that is heard is marked, and a click on a line plays it. */
export function Spoken({ turns, now_ms, hear }) {
  const heard = turns.findLast((turn) => now_ms > 0 && turn.began_ms <= now_ms)?.number;
  return (
    <section class="card stack" aria-labelledby="transcript">
      <h2 id="transcript">{t("transcript")}</h2>
      {!turns.length && <p class="soft">{t("call.silent")}</p>}
      <ol class="lines spoken">
        {turns.map((turn) => (
          <Line key={turn.number} line={turn} onSaid={hear && (() => hear(turn.began_ms))}>
            {hear ? (
              <button type="button" class="at figures" aria-current={turn.number === heard ? "true" : undefined} onClick={() => hear(turn.began_ms)}>
                <span class="unseen">{t("call.hear")} </span>{position(turn.began_ms)}
              </button>
            ) : (
              <span class="figures soft">{position(turn.began_ms)}</span>
            )}
          </Line>
        ))}
      </ol>
    </section>
  );
}
