import { t } from "./words.js";

/** What was said, line by line. Words of callers and bots are only ever text. */
export function Line({ line, children }) {
  return (
    <li class={`${line.speaker} ${line.final === false ? "open" : ""}`}>
      <div class="who">
        <span>{t(`speaker.${line.speaker}`)}</span>
        {children}
      </div>
      <div class="said">{line.text}</div>
      {line.interrupted && <span class="cut">{t("interrupted")}</span>}
    </li>
  );
}
