// A bot as a form: fields are named by their place in it, as the API names them in a refusal.

import { createContext } from "preact";
import { useContext, useState } from "preact/hooks";
import { t } from "../shared/words.js";
import { isReadable } from "./draft.js";

export const Form = createContext(null);

/** @param {object} value @param {string} path `turns.end.silence_ms` */
export const get = (value, path) => path.split(".").reduce((value, name) => value?.[name], value);

/** A copy with one place changed. */
export function set(value, path, to) {
  const [name, ...rest] = path.split(".");
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[name] = rest.length ? set(copy[name] ?? {}, rest.join("."), to) : to;
  return copy;
}

function useField(path) {
  const { bot, change, fault } = useContext(Form);
  const mine = fault && (fault.field === path || fault.field.startsWith(`${path}.`)) ? fault.message : null;
  const id = `f-${path.replaceAll(".", "-")}`;
  return { id, value: get(bot, path), mine, put: (value) => change(path, value) };
}

function Field({ path, label, hint, children }) {
  const { id, mine } = useField(path);
  return (
    <div class="field">
      <label for={id}>{t(label ?? `field.${path}`)}</label>
      {children}
      {hint && <span id={`${id}-hint`} class="hint">{t(hint)}</span>}
      <span id={`${id}-fault`} class="fault">{mine && t("field.must", { what: mine })}</span>
    </div>
  );
}

const described = (id, mine) => ({ id, name: id, "aria-describedby": `${id}-hint ${id}-fault`, "aria-invalid": mine ? "true" : undefined });

export function Text({ path, label, hint, ...input }) {
  const { id, value, mine, put } = useField(path);
  return (
    <Field {...{ path, label, hint }}>
      <input {...described(id, mine)} value={value ?? ""} autocomplete="off" {...input} onInput={(event) => put(event.target.value || (input.nullable ? null : ""))} />
    </Field>
  );
}

export function Area({ path, label, hint, rows = 2 }) {
  const { id, value, mine, put } = useField(path);
  return (
    <Field {...{ path, label, hint }}>
      <textarea {...described(id, mine)} rows={rows} value={value ?? ""} onInput={(event) => put(event.target.value)} />
    </Field>
  );
}

/** What was typed as long as it means what is kept, else that as it is usually written: `0.0` on the way to `0.05` is 0, and
 * would be rewritten. */
export function useTyped(kept, { read, write }) {
  const [typed, setTyped] = useState(null);
  const isKept = typed !== null && JSON.stringify(read(typed)) === JSON.stringify(kept);
  return [isKept ? typed : write(kept), setTyped];
}

/** `scale`: how many of the kept unit are one of the shown. */
export function Figure({ path, label, hint, scale = 1, step = 1 }) {
  const { id, value, mine, put } = useField(path);
  const read = (text) => Math.round(Number(text) * scale);
  const [text, setTyped] = useTyped(value ?? 0, { read, write: (value) => String(value / scale) });
  function type(event) {
    setTyped(event.target.value);
    put(read(event.target.value));
  }
  return (
    <Field {...{ path, label, hint }}>
      <input {...described(id, mine)} type="number" min="0" step={step} value={text} onInput={type} onBlur={() => setTyped(null)} />
    </Field>
  );
}

export function Choice({ path, label, hint, options, onChoose }) {
  const { id, value, mine, put } = useField(path);
  return (
    <Field {...{ path, label, hint }}>
      <select {...described(id, mine)} value={value ?? ""} onChange={(event) => (onChoose ?? put)(event.target.value)}>
        {options.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
      </select>
    </Field>
  );
}

export function Tick({ path, label }) {
  const { id, value, put } = useField(path);
  return (
    <label class="tick"><input type="checkbox" id={id} checked={Boolean(value)} onChange={(event) => put(event.target.checked)} />{t(label ?? `field.${path}`)}</label>
  );
}

/** JSON, kept as typed until it can be read. */
export function Json({ path, label, hint }) {
  const { id, value, mine, put } = useField(path);
  const { draft, keepDraft } = useContext(Form);
  const text = draft[path] ?? JSON.stringify(value ?? {}, null, 2);
  const readable = isReadable(text);
  function type(event) {
    const typed = event.target.value;
    keepDraft(path, typed);
    if (isReadable(typed)) put(JSON.parse(typed));
  }
  return (
    <Field {...{ path, label, hint }}>
      <textarea {...described(id, mine || !readable)} class="mono" rows={4} spellcheck={false} value={text} onInput={type} />
      {!readable && <span class="fault">{t("field.not_json")}</span>}
    </Field>
  );
}
