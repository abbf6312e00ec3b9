// What would be lost if the page were left now: whoever leaves is asked first.

import { useEffect } from "preact/hooks";
import { t } from "./words.js";

const nothing = () => false;
let isUnsaved = nothing;

addEventListener("beforeunload", (event) => isUnsaved() && event.preventDefault());

/** @param {() => boolean} ask whether there is something that is not saved */
export function useUnsaved(ask) {
  useEffect(() => {
    isUnsaved = ask;
    return () => (isUnsaved = nothing);
  }, []);
}

/** Whether what is not saved may be lost, if there is any. Whoever says so is not asked again. */
export function mayLeave() {
  if (!isUnsaved()) return true;
  if (!confirm(t("unsaved"))) return false;
  isUnsaved = nothing;
  return true;
}
