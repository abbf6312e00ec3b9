import { useRef, useState } from "preact/hooks";
import { api } from "../shared/api.js";
import { time } from "../shared/figures.js";
import { t, wrong } from "../shared/words.js";
import { useLoad } from "./load.js";
import { Sure } from "./sure.jsx";

const SCOPES = ["calls:read", "calls:write", "bots:read", "bots:write", "numbers:write", "prices:write", "usage:read", "keys:write", "talk"];

export function Keys() {
  const { answer, problem, again } = useLoad(() => api.keys());
  const [made, setMade] = useState(null);
  const [fault, setFault] = useState(null);
  async function act(work) {
    try {
      setFault(null);
      await work();
      await again();
    } catch (error) {
      setFault(wrong(error));
    }
  }
  function create(event) {
    event.preventDefault();
    const { name, scope } = event.target.elements;
    const scopes = [...scope].filter(({ checked }) => checked).map(({ value }) => value);
    if (!scopes.length) return setFault(t("keys.no_scope"));
    return act(async () => {
      setMade(await api.createKey(name.value.trim(), scopes));
      event.target.reset();
    });
  }
  return (
    <>
      <h1>{t("keys")}</h1>
      <div role="alert">{(problem || fault) && <p class="notice danger">{problem ?? fault}</p>}</div>
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
        <div><button class="main">{t("keys.create")}</button></div>
      </form>
      {answer && <List keys={answer.keys} onRevoke={(id) => act(() => api.revokeKey(id))} />}
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

