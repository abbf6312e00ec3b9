// The Talk page: choose a bot, press one button, speak.

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "./shared/api.js";
import { SignIn, Top, useSession } from "./shared/frame.jsx";
import { Microphone, Stop } from "./shared/icons.jsx";
import { claims, may, session, takeTokenFromAddress } from "./shared/session.js";
import { Line } from "./shared/transcript.jsx";
import { t, wrong } from "./shared/words.js";
import { Outbound } from "./talk/outbound.jsx";
import { useTalk } from "./talk/use-talk.js";

const RUNNING = ["connecting", "reconnecting", "listening", "thinking", "speaking"];
const BARGE_IN = "callbox.barge_in";

takeTokenFromAddress();

function Talk() {
  const { signedIn, holder, entered, signOut } = useSession();
  const links = [["/", t("talk"), true], ["/console", t("console"), false]];
  return (
    <>
      <Top links={links} onSignOut={signedIn ? signOut : undefined} />
      {!signedIn && <SignIn onDone={entered} expired={Boolean(holder)} />}
      {holder && <Room key={holder} hidden={!signedIn} />}
    </>
  );
}

function Room({ hidden }) {
  const { bots, bot, setBot, problem: botProblem } = useBots();
  const [bargeIn, setBargeIn] = useState(localStorage.getItem(BARGE_IN) === "yes");
  const talk = useTalk({ bot, bargeIn, away: hidden });
  const running = RUNNING.includes(talk.phase);
  const problem = talk.problem ? wrong(talk.problem) : botProblem;
  useEffect(() => {
    if (!hidden && talk.phase === "signed_out") talk.conversation.resume();
  }, [hidden, talk.phase]);
  const mayPlace = may("calls:write");
  // Whatever asked for the sign-in, the conversation's own socket may still be open.
  if (hidden) return running ? <Behind talk={talk} /> : null;
  return (
    <main id="main" tabindex="-1" class="talk">
      <h1 class="unseen">{t("talk.title")}</h1>
      <section class="card stack speak" aria-label={t("talk.speak")}>
        <div class="field">
          <label for="bot">{t("bot")}</label>
          <select id="bot" value={bot} disabled={running} onChange={(event) => setBot(event.target.value)}>
            {bots.map(({ id, name }) => <option key={id} value={id}>{name || id}</option>)}
          </select>
        </div>
        <Orb talk={talk} running={running} ready={Boolean(bot)} />
        <p class="phase" role="status">{t(`phase.${talk.phase}`)}</p>
        <Meter level={talk.level} deaf={running && talk.conversation.isDeaf()} />
        <label class="tick">
          <input type="checkbox" checked={bargeIn} onChange={(event) => keepBargeIn(event.target.checked, setBargeIn)} />
          {t("talk.barge_in")}
        </label>
        <div role="alert">{problem && <p class="notice danger">{problem}</p>}</div>
      </section>
      <Heard talk={talk} running={running} bot={bot} />
      {mayPlace && <Outbound bot={bot} />}
    </main>
  );
}

function Behind({ talk }) {
  return (
    <section class="sign-in stack" aria-label={t("talk.speak")}>
      <p>{t("talk.goes_on")}</p>
      <div><button type="button" onClick={() => talk.conversation.hangUp()}>{t("talk.stop")}</button></div>
    </section>
  );
}

function keepBargeIn(wanted, set) {
  localStorage.setItem(BARGE_IN, wanted ? "yes" : "no");
  set(wanted);
}

function Orb({ talk, running, ready }) {
  const orb = useRef();
  // A property of the element's own, since the page's policy allows no style attribute.
  useEffect(() => orb.current.style.setProperty("--level", talk.level), [talk.level]);
  const act = () => (running ? talk.conversation.hangUp() : talk.start());
  return (
    <button type="button" class="orb" ref={orb} data-phase={talk.phase} disabled={!ready && !running} onClick={act}>
      {running ? <Stop /> : <Microphone />}
      {t(running ? "talk.stop" : talk.phase === "ended" ? "talk.again" : "talk.start")}
    </button>
  );
}

function Meter({ level, deaf }) {
  return (
    <div class="meter">
      <label class="unseen" for="level">{t("talk.level")}</label>
      <meter id="level" min="0" max="1" value={level} />
      <span class="hint soft small">{deaf ? t("talk.held_back") : ""}</span>
    </div>
  );
}

function Heard({ talk, running, bot }) {
  const end = useRef();
  const typing = useRef(false);
  const { lines } = talk;
  useEffect(() => {
    const box = end.current?.parentElement;
    if (box) box.scrollTop = box.scrollHeight;
  }, [lines]);
  // Where the button was that began it is now a field.
  useEffect(() => {
    if (running && typing.current) document.getElementById("words").focus();
    typing.current = false;
  }, [running]);
  function begin() {
    typing.current = true;
    talk.start({ withMicrophone: false });
  }
  async function type(event) {
    event.preventDefault();
    const field = event.target.elements.words;
    const words = field.value.trim();
    if (!words) return;
    field.value = "";
    talk.conversation.type(words);
  }
  return (
    <section class="card heard" aria-labelledby="transcript">
      <div class="row spread">
        <h2 id="transcript">{t("transcript")}</h2>
        {talk.phase === "speaking" && (
          <button type="button" onClick={() => talk.conversation.interrupt()}>{t("talk.interrupt")}</button>
        )}
      </div>
      <div class="scroll" tabindex="0" role="log" aria-labelledby="transcript">
        {lines.length === 0 && <p class="empty">{t("talk.empty")}</p>}
        <ol class="lines">
          {lines.map((line) => <Line key={line.key} line={line} />)}
        </ol>
        <div ref={end} />
      </div>
      {running ? (
        <form class="type" onSubmit={type}>
          <label class="unseen" for="words">{t("talk.type")}</label>
          <input id="words" name="words" maxlength={2000} autocomplete="off" placeholder={t("talk.type")} />
          <button>{t("talk.send")}</button>
        </form>
      ) : (
        <button type="button" disabled={!bot} onClick={begin}>{t("talk.type_only")}</button>
      )}
    </section>
  );
}

/** The bots to choose from. A token for one bot shows that one, even if it may not list any. */
function useBots() {
  const asked = new URLSearchParams(location.search).get("bot");
  const own = claims(session()?.token ?? "").bot;
  const [bots, setBots] = useState(own ? [{ id: own, name: own }] : []);
  const [bot, setBot] = useState(own ?? asked ?? "");
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    api.bots().then(
      ({ bots: all }) => {
        const some = own ? all.filter(({ id }) => id === own) : all;
        setBots(some);
        setBot((bot) => (some.some(({ id }) => id === bot) ? bot : (some[0]?.id ?? "")));
        setProblem(some.length ? null : t("talk.no_bots"));
      },
      (error) => {
        if (asked && !own) setBots([{ id: asked, name: asked }]);
        if (!own && !asked) setProblem(wrong(error));
      },
    );
  }, []);
  return { bots, bot, setBot, problem };
}

render(<Talk />, document.getElementById("page"));
