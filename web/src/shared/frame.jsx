// What both pages have around them: the bar at the top, the theme, the language, and the door.

import { useEffect, useRef, useState } from "preact/hooks";
import { signIn } from "./api.js";
import { Logo } from "./icons.jsx";
import { claims, forget, session } from "./session.js";
import { mayLeave } from "./unsaved.js";
import { LANGUAGES, language, speak, t, wrong } from "./words.js";

const THEME = "callbox.theme";
const THEMES = ["auto", "light", "dark"];

/** The bar at the top. @param {{links: [string, string, boolean][], onSignOut?: () => void}} props */
export function Top({ links, onSignOut }) {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme);
  function choose(event) {
    const { value } = event.target;
    localStorage.setItem(THEME, value);
    // When a page is opened, a line in its head does this before anything is painted.
    document.documentElement.dataset.theme = value;
    setTheme(value);
    dispatchEvent(new Event("callbox:theme"));
  }
  function translate(event) {
    const field = event.target;
    if (mayLeave()) speak(field.value);
    else field.value = language;
  }
  return (
    <header class="top">
      <a class="skip" href="#main" onClick={toMain}>{t("skip")}</a>
      <a class="brand" href="/"><Logo />Callbox</a>
      <nav aria-label={t("nav")}>
        {links.map(([href, name, current]) => (
          <a key={href} href={href} aria-current={current ? "page" : undefined}>{name}</a>
        ))}
      </nav>
      <div class="settings">
        <label class="unseen" for="language">{t("language")}</label>
        <select id="language" value={language} onChange={translate}>
          {Object.entries(LANGUAGES).map(([tag, name]) => <option key={tag} value={tag}>{name}</option>)}
        </select>
        <label class="unseen" for="theme">{t("theme")}</label>
        <select id="theme" value={theme} onChange={choose}>
          {THEMES.map((name) => <option key={name} value={name}>{t(`theme.${name}`)}</option>)}
        </select>
        {onSignOut && <button type="button" onClick={() => mayLeave() && onSignOut()}>{t("sign_out")}</button>}
      </div>
    </header>
  );
}

// The address's # is the console's route, so the link moves the focus itself.
function toMain(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** Whether somebody is signed in, and a way to sign out. `holder`: whose things are on the page, also when a sign-in has expired:
 * it all goes on after a fresh one. Who signs out has left. */
export function useSession() {
  const [known, setKnown] = useState(session);
  const holder = useRef(null);
  const entering = useRef(false);
  if (known) holder.current = holderOf(known);
  useEffect(() => {
    if (entering.current) document.getElementById("main")?.focus({ preventScroll: true });
    entering.current = false;
  }, [known]);
  useEffect(() => {
    const look = () => setKnown(session());
    addEventListener("callbox:signed-out", look);
    // A token expires whether or not anything is asked.
    const timer = setInterval(() => !session() && look(), 5000);
    return () => {
      removeEventListener("callbox:signed-out", look);
      clearInterval(timer);
    };
  }, []);
  return {
    signedIn: Boolean(known),
    holder: holder.current,
    entered: () => {
      entering.current = true;
      setKnown(session());
      dispatchEvent(new Event("callbox:signed-in"));
    },
    signOut: () => {
      forget();
      holder.current = null;
      setKnown(null);
    },
  };
}

function holderOf({ token }) {
  const { tenant, sub } = claims(token);
  return `${tenant}/${sub}`;
}

/** Asks for a key once, and keeps the token it is exchanged for. */
export function SignIn({ onDone, expired }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  async function submit(event) {
    event.preventDefault();
    const field = event.target.elements.key;
    setBusy(true);
    setProblem(null);
    try {
      await signIn(field.value);
      field.value = "";
      onDone();
    } catch (error) {
      setProblem(["key_wrong", "key_revoked"].includes(error.code) ? t("sign_in.wrong") : wrong(error));
      field.focus();
    } finally {
      setBusy(false);
    }
  }
  return (
    <main id="main" tabindex="-1" class="sign-in">
      <form class="card stack" onSubmit={submit}>
        <h1>{t("sign_in")}</h1>
        {expired && <p class="notice" role="status">{t("error.token_expired")}</p>}
        <div class="field">
          <label for="key">{t("sign_in.key")}</label>
          <input id="key" name="key" type="password" required autocomplete="off" spellcheck={false} aria-describedby="key-hint key-fault" aria-invalid={problem ? "true" : undefined} />
          <span id="key-hint" class="hint">{t("sign_in.hint")}</span>
          <span id="key-fault" class="fault" role="alert">{problem}</span>
        </div>
        <button class="main" disabled={busy}>{t(busy ? "sign_in.busy" : "sign_in.do")}</button>
      </form>
    </main>
  );
}
