import { useState } from "preact/hooks";
import { api } from "../shared/api.js";
import { t, wrong } from "../shared/words.js";

/** Orders to a call in progress. */
export function Controls({ call }) {
  const [told, setTold] = useState({ text: "", bad: false });
  async function order(what, done) {
    try {
      await api.order(call.call, what);
      setTold({ text: t(`order.${what.do}.done`), bad: false });
      done?.();
    } catch (error) {
      setTold({ text: wrong(error), bad: true });
    }
  }
  const form = (make) => (event) => {
    event.preventDefault();
    const field = event.target.elements[0];
    const value = field.value.trim();
    if (value) order(make(value), () => (field.value = ""));
  };
  return (
    <section class="card stack" aria-labelledby="controls">
      <h2 id="controls">{t("order")}</h2>
      <div class="row">
        <button type="button" onClick={() => order({ do: "interrupt" })}>{t("order.interrupt")}</button>
        <button type="button" class="danger" onClick={() => order({ do: "hang_up" })}>{t("order.hang_up")}</button>
      </div>
      <Form id="say" onSubmit={form((text) => ({ do: "say", text }))} maxlength={1000} />
      <Form id="transfer" onSubmit={form((to) => ({ do: "transfer", to: to.replace(/[\s()-]/g, "") }))} type="tel" placeholder="+15005550009" />
      <Form id="send_keys" onSubmit={form((keys) => ({ do: "send_keys", keys }))} pattern="[0-9*#w]{1,32}" placeholder="1w2#" />
      <p role="status" class={`notice ${told.bad ? "danger" : ""}`}>{told.text}</p>
    </section>
  );
}

function Form({ id, onSubmit, ...input }) {
  return (
    <form class="field" onSubmit={onSubmit}>
      <label for={id}>{t(`order.${id}.label`)}</label>
      <div class="type">
        <input id={id} required autocomplete="off" {...input} />
        <button>{t(`order.${id}`)}</button>
      </div>
    </form>
  );
}
