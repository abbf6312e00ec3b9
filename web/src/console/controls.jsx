import { useRef, useState } from "preact/hooks";
import { api } from "../shared/api.js";
import { t, wrong } from "../shared/words.js";
import { useBusy } from "./busy.js";

/** Orders to a call in progress. */
export function Controls({ call }) {
  const [told, setTold] = useState({ text: "", bad: false });
  /** Whether it is done. */
  async function order(what) {
    try {
      await api.order(call.call, what);
      setTold({ text: t(`order.${what.do}.done`), bad: false });
      return true;
    } catch (error) {
      setTold({ text: wrong(error), bad: true });
      return false;
    }
  }
  return (
    <section class="card stack" aria-labelledby="controls">
      <h2 id="controls">{t("order")}</h2>
      <div class="row">
        <Act id="interrupt" order={order} />
        <Act id="hang_up" order={order} danger />
      </div>
      <Form id="say" order={order} make={(text) => ({ do: "say", text })} maxlength={1000} />
      <Form id="transfer" order={order} make={(to) => ({ do: "transfer", to: to.replace(/[\s()-]/g, "") })} type="tel" placeholder="+15005550009" />
      <Form id="send_keys" order={order} make={(keys) => ({ do: "send_keys", keys })} pattern="[0-9*#w]{1,32}" placeholder="1w2#" />
      <p role="status" class={`notice ${told.bad ? "danger" : ""}`}>{told.text}</p>
    </section>
  );
}

function Act({ id, order, danger }) {
  const [busy, once] = useBusy();
  const act = () => once(() => order({ do: id }));
  return <button type="button" class={danger ? "danger" : ""} disabled={busy} onClick={act}>{t(`order.${id}`)}</button>;
}

/** Each is busy by itself: who waits to have something said can still hang up. */
function Form({ id, order, make, ...input }) {
  const [busy, once] = useBusy();
  const field = useRef();
  async function send() {
    const value = field.current.value.trim();
    if (!value) return;
    // Out of the field at once, so that what is written meanwhile is the next; back again if it came to nothing.
    field.current.value = "";
    const done = await order(make(value));
    if (!done && field.current?.value === "") field.current.value = value;
  }
  function submit(event) {
    event.preventDefault();
    once(send);
  }
  return (
    <form class="field" onSubmit={submit}>
      <label for={id}>{t(`order.${id}.label`)}</label>
      <div class="type">
        <input id={id} ref={field} required autocomplete="off" {...input} />
        <button disabled={busy}>{t(`order.${id}`)}</button>
      </div>
    </form>
  );
}
