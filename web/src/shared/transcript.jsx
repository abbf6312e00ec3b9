import { t } from "./words.js";

/** What was said, line by line. Words of callers and bots are only ever text. `onSaid`: what a click on the words does, for
 * whoever has a pointer; whoever has not finds the same on a button among `children`. */
export function Line({ line, onSaid, children }) {
  return (
    <li class={`${line.speaker} ${line.final === false ? "open" : ""} ${onSaid ? "pressable" : ""}`}>
      <div class="who">
        <span>{t(`speaker.${line.speaker}`)}</span>
        {children}
      </div>
      <div class="said" onClick={onSaid}>{line.text}</div>
      {line.interrupted && <span class="cut">{t("interrupted")}</span>}
    </li>
  );
}
