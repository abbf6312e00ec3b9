import { useRef, useState } from "preact/hooks";

/** One thing at a time: what is begun while another is under way, as by a second click, is not begun.
 * @returns {[boolean, (work: () => Promise<any>) => Promise<any>]} */
export function useBusy() {
  const [busy, setBusy] = useState(false);
  const under = useRef(false);
  const mark = (is) => setBusy((under.current = is));
  async function once(work) {
    if (under.current) return undefined;
    mark(true);
    try {
      return await work();
    } finally {
      mark(false);
    }
  }
  return [busy, once];
}
