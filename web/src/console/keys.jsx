import { useRef, useState } from "preact/hooks";
import { api } from "../shared/api.js";
import { time } from "../shared/figures.js";
import { t, wrong } from "../shared/words.js";
import { useBusy } from "./busy.js";
import { SCOPES } from "./scopes.js";
import { Sure } from "./sure.jsx";

/** The keys. A token must not become a key, so whoever looks after keys shows one: it stands in its field, goes with what is asked
 * here, and is gone with the page. */
export function Keys() {
  const own = useRef();
  const [keys, setKeys] = useState(null);
  const [made, setMade] = useState(null);
  const [fault, setFault] = useState(null);
  const [busy, once] = useBusy();
  function refuse(text, mine) {
    setFault({ text, mine });
    if (mine) own.current.focus();
  }
  const act = (work) => once(() => attempt(work));
  async function attempt(work) {
    const key = own.current.value.trim();
    if (!key) return refuse(t("keys.own_missing"), true);
    try {
      setFault(null);
      await work?.(key);
      setKeys((await api.keys(key)).keys);
    } catch (error) {
      const unknown = ["key_wrong", "key_revoked"].includes(error.code);
      refuse(unknown ? t("sign_in.wrong") : wrong(error), unknown);
    }
  }
  function create(event) {
    event.preventDefault();
    const { name, scope } = event.target.elements;
    const scopes = [...scope].filter(({ checked }) => checked).map(({ value }) => value);
    if (!scopes.length) return refuse(t("keys.no_scope"));
    return act(async (key) => {
      setMade(await api.createKey(key, name.value.trim(), scopes));
      event.target.reset();
    });
  }
  function show(event) {
    event.preventDefault();
    return act();
  }
  return (
    <>
      <h1>{t("keys")}</h1>
      <div role="alert">{fault && <p class="notice danger">{fault.text}</p>}</div>
      <form class="card stack" onSubmit={show}>
        <div class="field narrow">
          <label for="own">{t("keys.own")}</label>
          <input id="own" ref={own} type="password" required autocomplete="off" spellcheck={false} aria-describedby="own-hint" aria-invalid={fault?.mine ? "true" : undefined} />
          <span id="own-hint" class="hint">{t("keys.own_hint")}</span>
        </div>
        <div><button disabled={busy}>{t("keys.show")}</button></div>
      </form>
      {made && <Made made={made} onDone={() => setMade(null)} />}
      <form class="card stack" onSubmit={create}>
        <h2>{t("keys.new")}</h2>
        <div class="field narrow">
          <label for="name">{t("keys.name")}</label>
          <input id="name" name="name" required maxlength={100} autocomplete="off" />
        </div>
        <fieldset>
          <legend class="label">{t("keys.scopes")}</legend>
          <div class="ticks">
            {SCOPES.map((scope) => (
              <label key={scope} class="tick"><input type="checkbox" name="scope" value={scope} /><span><code>{scope}</code> <span class="soft small">{t(`scope.${scope}`)}</span></span></label>
            ))}
          </div>
        </fieldset>
        <div><button class="main" disabled={busy}>{t("keys.create")}</button></div>
      </form>
      {keys && <List keys={keys} onRevoke={(id) => act((key) => api.revokeKey(key, id))} />}
    </>
  );
}

/** Shown once, since nobody keeps it. */
function Made({ made, onDone }) {
  const field = useRef();
  return (
    <section class="card stack made" aria-labelledby="made">
      <h2 id="made">{t("keys.made", { name: made.name })}</h2>
      <p class="soft">{t("keys.once")}</p>
      <label class="unseen" for="made-key">{t("sign_in.key")}</label>
      <input id="made-key" ref={field} class="mono" readOnly value={made.key} onFocus={() => field.current.select()} />
      <div class="row">
        <button type="button" onClick={() => navigator.clipboard.writeText(made.key)}>{t("keys.copy")}</button>
        <button type="button" class="plain" onClick={onDone}>{t("keys.hide")}</button>
      </div>
    </section>
  );
}

function List({ keys, onRevoke }) {
  return (
    <div class="table card" role="group" aria-label={t("keys")} tabindex="0">
      <table>
        <thead><tr>{["name", "id", "scopes", "created", "used", "state"].map((name) => <th key={name} scope="col">{t(`keys.column.${name}`)}</th>)}</tr></thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <th scope="row">{key.name}</th>
              <td class="mono">{key.id}</td>
              <td class="mono text">{key.scopes.join(" ")}</td>
              <td>{time(key.created_ms)}</td>
              <td>{time(key.used_ms)}</td>
              <td>{key.revoked_ms ? <span class="pill bad">{t("keys.revoked")}</span> : <Sure act="keys.revoke" what={key.name} sure="keys.revoke_sure" onSure={() => onRevoke(key.id)} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

