import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { session } from "../shared/session.js";
import { wrong } from "../shared/words.js";

/** Asks, shows the answer, and asks again every so often while somebody looks. @param {() => Promise<any>} ask */
export function useLoad(ask, { depends = [], every_ms } = {}) {
  const [answer, setAnswer] = useState(null);
  const [problem, setProblem] = useState(null);
  const round = useRef(0);
  const asking = useRef(false);
  const again = useCallback(async () => {
    const mine = ++round.current;
    asking.current = true;
    try {
      const fresh = await ask();
      if (mine !== round.current) return;
      setAnswer(fresh);
      setProblem(null);
    } catch (error) {
      // The sign-in form says the rest.
      if (mine === round.current && session()) setProblem(wrong(error));
    } finally {
      if (mine === round.current) asking.current = false;
    }
  }, depends);
  useEffect(() => {
    again();
    // A slow answer is waited for: asking anew would throw it away.
    const timer = every_ms && setInterval(() => !document.hidden && session() && !asking.current && again(), every_ms);
    addEventListener("callbox:signed-in", again);
    return () => {
      removeEventListener("callbox:signed-in", again);
      round.current++;
      clearInterval(timer);
    };
  }, [again, every_ms]);
  return { answer, problem, again };
}
