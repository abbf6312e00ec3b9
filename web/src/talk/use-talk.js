// What the Talk page holds: one conversation, its sound, and what goes wrong with either.

import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { session, signOut } from "../shared/session.js";
import { Conversation } from "./conversation.js";
import { Sound } from "./sound.js";

const TAIL_MS = 8000;

/** `away`: whoever talks is asked to sign in again, and sees nothing of the conversation. */
export function useTalk({ bot, bargeIn, away }) {
  const [, draw] = useReducer((n) => n + 1, 0);
  const [problem, setProblem] = useState(null);
  const [level, setLevel] = useState(0);
  const held = useRef({ conversation: null, sound: null, opening: null, away: false });

  function close() {
    held.current.sound?.close();
    held.current.sound = null;
    setLevel(0);
  }

  // Nobody is on the page any more to hang up.
  function leave() {
    const { conversation } = held.current;
    held.current.opening = null;
    if (conversation && conversation.phase !== "ended") conversation.hangUp();
    close();
  }

  async function start({ withMicrophone = true } = {}) {
    // The microphone may take its time to be allowed, and a button is pressed twice.
    if (held.current.opening) return;
    const opening = (held.current.opening = {});
    // Until the microphone is allowed, whoever wanted to talk may have left.
    const isWanted = () => held.current.opening === opening;
    try {
      await open(withMicrophone, isWanted);
    } finally {
      if (isWanted()) held.current.opening = null;
    }
  }

  async function open(withMicrophone, isWanted) {
    setProblem(null);
    // The goodbye of the conversation before may still be playing.
    close();
    const conversation = new Conversation({ url: socketUrl(), token: () => session()?.token, bot, bargeIn });
    try {
      const sound = await Sound.open({
        withMicrophone,
        onFrame: ({ samples, level }) => {
          conversation.hear(samples);
          setLevel(conversation.isDeaf() ? 0 : loudness(level));
        },
        onPlayed: (report) => conversation.played(report),
        onLost: () => setProblem({ code: "microphone_lost" }),
      });
      if (!isWanted()) return sound.close();
      if (held.current.away) sound.mute();
      Object.assign(held.current, { conversation, sound });
      conversation.sound = sound;
    } catch (error) {
      setProblem({ code: error.code ?? "microphone_failed" });
      return;
    }
    conversation.addEventListener("change", () => {
      draw();
      // At once, and not when it is noticed that the time is over: else the same token would be shown again.
      if (conversation.phase === "signed_out") signOut();
      if (conversation.phase === "ended" && held.current.conversation === conversation) lastWords(conversation);
    });
    conversation.start();
    draw();
  }

  // The bot's goodbye is still being played when the edge has said all.
  function lastWords(conversation) {
    const { sound } = held.current;
    const until = performance.now() + TAIL_MS;
    const look = () => {
      if (held.current.sound !== sound) return;
      if (conversation.speaking && performance.now() < until) setTimeout(look, 100);
      else close();
    };
    look();
  }

  useEffect(() => {
    if (held.current.conversation) held.current.conversation.bargeIn = bargeIn;
  }, [bargeIn]);
  // Behind the sign-in form nobody sees that the microphone is open.
  useEffect(() => {
    held.current.away = away;
    const { sound } = held.current;
    if (away) sound?.mute();
    else sound?.unmute().catch(({ code = "microphone_failed" }) => setProblem({ code }));
  }, [away]);
  useEffect(() => {
    // A page that is left for another one is not always taken down.
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      leave();
    };
  }, []);

  const { conversation } = held.current;
  return {
    start,
    level,
    conversation,
    phase: conversation?.phase ?? "idle",
    lines: conversation?.transcript() ?? [],
    problem: problem ?? conversation?.problem ?? null,
  };
}

function socketUrl() {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
}

/** 0 to 1 for what a person would call silent to loud: −60 to −10 dB below full scale. */
function loudness(level) {
  const decibels = 20 * Math.log10(level || 1e-6);
  return Math.round(Math.max(0, Math.min(1, (decibels + 60) / 50)) * 50) / 50;
}
