import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { api } from "../shared/api.js";
import { session } from "../shared/session.js";
import { useUnsaved } from "../shared/unsaved.js";
import { t, wrong } from "../shared/words.js";
import { useBusy } from "./busy.js";
import { unreadable, without } from "./draft.js";
import { Area, Choice, Figure, Form, Json, Text, Tick, get, set, useTyped } from "./form.jsx";
import { Hours } from "./hours.jsx";
import { useLoad } from "./load.js";
import { PROVIDERS } from "./providers.js";
import { Sure } from "./sure.jsx";
import { Tools } from "./tools.jsx";

const same = (names) => names.map((name) => [name, name]);

/** One bot, all of it. The API judges; what it finds wrong stands at its field. */
export function Editor({ id }) {
  const { answer, problem } = useLoad(() => api.bot(id).catch(missing), { depends: [id] });
  if (answer) return <Fields id={id} found={answer} />;
  return problem ? <p class="notice danger" role="alert">{problem}</p> : <p class="soft" role="status">{t("loading")}</p>;
}

function missing(error) {
  throw error.status === 404 ? { code: "bot_unknown" } : error;
}

/** `found`: the bot as it was when it came. What is asked later does not take the place of what is being written. */
function Fields({ id, found }) {
  const [bot, setBot] = useState(found);
  const [state, setState] = useState({});
  const [draft, setDraft] = useState({});
  const [busy, once] = useBusy();
  const form = useRef();
  // How many changes there were, and how many of them are saved: some come while others are being saved.
  const changes = useRef({ made: 0, saved: 0 });
  const isSaved = () => changes.current.saved === changes.current.made;
  useUnsaved(() => !isSaved());
  useEffect(() => {
    const field = state.problem && form.current.querySelector('[aria-invalid="true"]');
    const folded = field?.closest("details");
    if (folded) folded.open = true;
    field?.focus();
  }, [state]);
  function changed() {
    changes.current.made++;
    setState({});
  }
  function change(path, value) {
    setBot((bot) => set(bot, path, value));
    changed();
  }
  function keepDraft(path, text) {
    setDraft((draft) => ({ ...draft, [path]: text }));
    changed();
  }
  function remove(list, index) {
    change(list, get(bot, list).filter((_, i) => i !== index));
    setDraft((draft) => without(draft, list, index));
  }
  async function save() {
    const wanting = unreadable(draft);
    if (wanting) return setState({ problem: t("field.wrong", { field: nameOf(wanting), what: t("field.not_json") }) });
    const { made } = changes.current;
    try {
      const { version, tenant, ...fields } = bot;
      const kept = await api.putBot(id, fields);
      changes.current.saved = made;
      // What was written meanwhile stands, and is not saved.
      if (!isSaved()) return setBot((bot) => ({ ...bot, version: kept.version }));
      setBot(kept);
      setDraft({});
      return setState({ saved: true });
    } catch (error) {
      // Asked to sign in again, one saves again.
      if (!session()) return setState({});
      const { field, message } = error;
      return setState(field ? { problem: t("field.wrong", { field: nameOf(field), what: message }), fault: { field, message } } : { problem: wrong(error) });
    }
  }
  async function drop() {
    try {
      await api.deleteBot(id);
      changes.current.saved = changes.current.made;
      // It is not to be come back to.
      location.replace("#/bots");
    } catch (error) {
      setState({ problem: wrong(error) });
    }
  }
  async function test() {
    if (!isSaved()) await once(save);
    if (isSaved()) location.href = `/?bot=${encodeURIComponent(id)}`;
  }
  function submit(event) {
    event.preventDefault();
    once(save);
  }
  return (
    <Form.Provider value={{ bot, change, remove, fault: state.fault, draft, keepDraft }}>
      <div class="stack tight"><a class="small" href="#/bots">← {t("bots")}</a><div class="row"><h1>{bot.name || id}</h1><span class="pill">v{bot.version}</span><span class="mono soft">{id}</span></div></div>
      <form ref={form} class="stack" onSubmit={submit} noValidate>
        <Words />
        <Providers />
        <Turns />
        <Tools />
        <Hours />
        <Terms />
        <div class="card bar row">
          <button class="main" disabled={busy}>{t("save")}</button>
          <button type="button" onClick={test}>{t("bots.test")}</button>
          <Sure act="bots.delete" what={bot.name || id} sure="bots.delete_sure" onSure={drop} />
          <span role="status" class="soft small">{state.saved && t("saved_as", { version: bot.version })}</span>
          <span role="alert" class="fault">{state.problem}</span>
        </div>
      </form>
    </Form.Provider>
  );
}

/** A field's name as it stands above it; one inside of a list by its place. */
function nameOf(path) {
  const key = `field.${path}`;
  const name = t(key);
  return name === key ? path : name;
}

function Section({ name, children }) {
  return <fieldset class="card stack"><legend><h2>{t(`section.${name}`)}</h2></legend>{children}</fieldset>;
}

const Words = () => (
  <Section name="words">
    <div class="grid"><Text path="name" /><Text path="language" hint="hint.language" /></div>
    <Area path="greeting" /><Area path="instructions" rows={7} hint="hint.instructions" /><Area path="consent" hint="hint.consent" />
    <div class="grid"><Area path="goodbye" /><Area path="apology" /><Area path="filler" /></div>
  </Section>
);

const Providers = () => (
  <Section name="providers">
    {["listen", "think", "speak"].map((stage) => (
      <div key={stage} class="tool stack">
        <h3>{t(`stage.${stage}`)}</h3>
        <div class="grid"><Choice path={`${stage}.provider`} label="field.provider" options={same(PROVIDERS[stage])} /><Text path={`${stage}.model`} label="field.model" hint="hint.model" /></div>
        <details><summary>{t("field.options")}</summary><Json path={`${stage}.options`} label="field.options" hint="hint.options" /></details>
      </div>
    ))}
    <div class="grid"><Text path="voice.id" hint="hint.model" /><Text path="voice.directions" /></div>
  </Section>
);

const Turns = () => (
  <Form.Consumer>
    {({ bot, change }) => (
      <Section name="turns">
        <div class="grid">
          <Choice path="turns.end.by" options={["adaptive", "silence"].map((name) => [name, t(`turns.${name}`)])} onChoose={(by) => change("turns.end", by === "silence" ? { by, silence_ms: 1000 } : { by })} />
          {bot.turns.end.by === "silence" && <Figure path="turns.end.silence_ms" />}
          <Figure path="reply_chars_max" />
          <Choice path="reply" options={["stream", "url"].map((name) => [name, t(`reply.${name}`)])} />
        </div>
        <div class="ticks"><Tick path="turns.barge_in" /><Tick path="turns.speculate" /></div>
        <div class="grid"><Figure path="idle.after_ms" scale={1000} step={0.5} /><Text path="idle.prompt" /><Figure path="idle.prompts_max" /><Figure path="duration_max_s" scale={60} /></div>
        <div class="grid"><Text path="fallback_number" type="tel" nullable />
          {["machine", "unknown"].map((who) => (
            <Choice key={who} path={`${who}.do`} options={["continue", "hang_up", "leave_message"].map((name) => [name, t(`machine.${name}`)])} onChoose={(what) => change(who, what === "leave_message" ? { do: what, text: "" } : { do: what })} />
          ))}</div>
        {bot.machine.do === "leave_message" && <Area path="machine.text" />}
        {bot.unknown.do === "leave_message" && <Area path="unknown.text" />}
        <div class="ticks"><Tick path="record" /><Tick path="summarise" /></div>
      </Section>
    )}
  </Form.Consumer>
);

const Terms = () => (
  <Section name="terms">
    <div class="grid">
      <Figure path="price.per_call_micro_dollars" scale={1e6} step={0.000001} /><Figure path="price.per_minute_micro_dollars" scale={1e6} step={0.000001} /><Figure path="price.included_minutes" />
      <Figure path="limits.concurrent_calls_max" hint="hint.no_limit" /><Figure path="limits.spend_per_day_max" scale={1e6} step={0.01} hint="hint.no_limit" />
      <Countries />
    </div>
  </Section>
);

/** Countries as people write them: with spaces or commas between. */
function Countries() {
  const path = "limits.outbound_countries";
  const { bot, change } = useContext(Form);
  const read = (text) => text.toUpperCase().split(/[\s,]+/).filter(Boolean);
  const [text, setTyped] = useTyped(bot.limits.outbound_countries, { read, write: (all) => all.join(" ") });
  function type(event) {
    setTyped(event.target.value);
    change(path, read(event.target.value));
  }
  return (
    <div class="field"><label for="countries">{t(`field.${path}`)}</label><input id="countries" value={text} onInput={type} autocomplete="off" aria-describedby="countries-hint" /><span id="countries-hint" class="hint">{t("hint.countries")}</span></div>
  );
}
