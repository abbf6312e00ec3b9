import { useState } from "preact/hooks";
import { api } from "../shared/api.js";
import { t, wrong } from "../shared/words.js";
import { useBusy } from "./busy.js";
import { useLoad } from "./load.js";

const ID = "[a-z0-9-]{1,64}";

export function Bots() {
  const { answer, problem } = useLoad(() => api.bots());
  const numbers = useLoad(() => api.numbers());
  const [busy, once] = useBusy();
  const [fault, setFault] = useState(null);
  async function make(field) {
    const id = field.value;
    setFault(null);
    try {
      // The rest has the API's own defaults.
      await api.createBot({ id, name: id });
      location.hash = `#/bots/${id}`;
    } catch (error) {
      setFault(wrong(error));
      field.focus();
    }
  }
  function create(event) {
    event.preventDefault();
    const field = event.target.elements.id;
    once(() => make(field));
  }
  const assigned = numbers.answer?.numbers ?? [];
  return (
    <>
      <h1>{t("bots")}</h1>
      <div role="alert">{(problem ?? numbers.problem) && <p class="notice danger">{problem ?? numbers.problem}</p>}</div>
      {!answer && !problem && <p class="soft" role="status">{t("loading")}</p>}
      <ul class="bots">
        {(answer?.bots ?? []).map((bot) => (
          <li key={bot.id} class="card stack">
            <div class="row spread"><h2><a href={`#/bots/${bot.id}`}>{bot.name || bot.id}</a></h2><span class="pill">v{bot.version}</span></div>
            <p class="soft small mono">{bot.id} · {bot.language}</p>
            <p class="greeting">{bot.greeting || t("bots.silent")}</p>
            <p class="small">{assigned.filter((number) => number.bot === bot.id).map(({ number }) => <span key={number} class="pill mono">{number}</span>)}</p>
            <div class="row"><a class="button" href={`#/bots/${bot.id}`}>{t("bots.edit")}</a><a class="button" href={`/?bot=${bot.id}`}>{t("bots.test")}</a></div>
          </li>
        ))}
      </ul>
      <div class="two">
        <form class="card stack" onSubmit={create}>
          <h2>{t("bots.new")}</h2>
          <div class="field">
            <label for="id">{t("bots.id")}</label>
            <input id="id" name="id" required pattern={ID} autocomplete="off" aria-describedby="id-hint id-fault" aria-invalid={fault ? "true" : undefined} />
            <span id="id-hint" class="hint">{t("bots.id_hint")}</span>
            <span id="id-fault" class="fault" role="alert">{fault}</span>
          </div>
          <div><button disabled={busy}>{t("bots.create")}</button></div>
        </form>
        <Numbers bots={answer?.bots ?? []} numbers={assigned} onDone={numbers.again} />
      </div>
    </>
  );
}

/** Which bot answers which number. */
function Numbers({ bots, numbers, onDone }) {
  const [told, setTold] = useState({ text: "", bad: false });
  async function change(what) {
    try {
      await what;
      setTold({ text: t("saved"), bad: false });
      onDone();
    } catch (error) {
      setTold({ text: wrong(error), bad: true });
    }
  }
  function assign(event) {
    event.preventDefault();
    const { number, bot } = event.target.elements;
    change(api.putNumber(number.value.replace(/[\s()-]/g, ""), bot.value));
  }
  return (
    <form class="card stack" onSubmit={assign}>
      <h2>{t("numbers")}</h2>
      {numbers.length > 0 && (
        <ul class="numbers">
          {numbers.map(({ number, bot }) => (
            <li key={number} class="row spread">
              <span><span class="mono">{number}</span> <span class="soft small">{bot}</span></span>
              <button type="button" class="plain" onClick={() => change(api.deleteNumber(number))}>{t("remove")}<span class="unseen"> {number}</span></button>
            </li>
          ))}
        </ul>
      )}
      <div class="field"><label for="number">{t("outbound.to")}</label><input id="number" name="number" type="tel" required placeholder="+15005550006" autocomplete="off" /></div>
      <div class="field"><label for="of">{t("bot")}</label><select id="of" name="bot">{bots.map(({ id, name }) => <option key={id} value={id}>{name || id}</option>)}</select></div>
      <div class="row"><button>{t("numbers.assign")}</button><span role="status" class={told.bad ? "fault" : "soft small"}>{told.text}</span></div>
    </form>
  );
}
