import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../shared/words.js";

/** A button for what cannot be undone: it asks once more. @param {{act: string, what: string, sure: string, onSure: () => void}} props
 * words for both buttons, and what it is about */
export function Sure({ act, what, sure, onSure }) {
  const [asked, setAsked] = useState(null);
  const button = useRef();
  // The button that was pressed is gone: whoever has no pointer goes on at the one in its place.
  useEffect(() => {
    if (asked !== null) button.current.focus();
  }, [asked]);
  if (!asked) return <button type="button" class="danger" ref={button} onClick={() => setAsked(true)}>{t(act)}<span class="unseen"> {what}</span></button>;
  return (
    <span class="row">
      <button type="button" class="danger" ref={button} onClick={onSure}>{t(sure)}</button>
      <button type="button" class="plain" onClick={() => setAsked(false)}>{t("cancel")}</button>
    </span>
  );
}
