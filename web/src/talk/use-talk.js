// What the Talk page holds: one conversation, its sound, and what goes wrong with either.

import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { session, signOut } from "../shared/session.js";
import { Conversation } from "./conversation.js";
import { Sound } from "./sound.js";

const TAIL_MS = 8000;

export function useTalk({ bot, bargeIn }) {
  const [, draw] = useReducer((n) => n + 1, 0);
  const [problem, setProblem] = useState(null);
  const [level, setLevel] = useState(0);
  const held = useRef({ conversation: null, sound: null, opening: false });

  function close() {
    held.current.sound?.close();
    held.current.sound = null;
    setLevel(0);
  }

  // Nobody is on the page any more to hang up.
  function leave() {
    const { conversation } = held.current;
    if (conversation && conversation.phase !== "ended") conversation.hangUp();
    close();
  }

  async function start({ withMicrophone = true } = {}) {
    // The microphone may take its time to be allowed, and a button is pressed twice.
    if (held.current.opening) return;
    held.current.opening = true;
    try {
      await open(withMicrophone);
    } finally {
      held.current.opening = false;
    }
  }

  async function open(withMicrophone) {
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
      });
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
  useEffect(() => leave, []);

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
