import { useContext } from "preact/hooks";
import { t } from "../shared/words.js";
import { Area, Figure, Form, Json, Text } from "./form.jsx";

const FRESH = {
  end_call: { kind: "end_call" },
  send_keys: { kind: "send_keys" },
  transfer: { kind: "transfer", number: "", when: "" },
  webhook: { kind: "webhook", name: "", description: "", url: "https://", schema: { type: "object", properties: {} }, timeout_ms: 8000, filler: "" },
};

/** What the language model may do. */
export function Tools() {
  const { bot, change, remove } = useContext(Form);
  return (
    <fieldset class="card stack">
      <legend><h2>{t("section.tools")}</h2></legend>
      {bot.tools.map((tool, index) => (
        <div key={index} class="tool stack">
          <div class="row spread">
            <h3>{t(`tool.${tool.kind}`)}</h3>
            <button type="button" class="danger" onClick={() => remove("tools", index)}>{t("remove")}<span class="unseen"> {t(`tool.${tool.kind}`)}</span></button>
          </div>
          <Parts tool={tool} path={`tools.${index}`} />
        </div>
      ))}
      <div class="row">
        {Object.entries(FRESH).map(([kind, fresh]) => (
          <button key={kind} type="button" onClick={() => change("tools", [...bot.tools, fresh])}>+ {t(`tool.${kind}`)}</button>
        ))}
      </div>
    </fieldset>
  );
}

function Parts({ tool, path }) {
  if (tool.kind === "transfer") {
    return (
      <div class="grid">
        <Text path={`${path}.number`} label="tool.number" type="tel" />
        <Text path={`${path}.when`} label="tool.when" />
      </div>
    );
  }
  if (tool.kind !== "webhook") return null;
  return (
    <div class="grid">
      <Text path={`${path}.name`} label="tool.name" />
      <Text path={`${path}.url`} label="tool.url" type="url" />
      <Area path={`${path}.description`} label="tool.description" />
      <Text path={`${path}.filler`} label="field.filler" />
      <Figure path={`${path}.timeout_ms`} label="tool.timeout" scale={1000} step={0.5} />
      <Json path={`${path}.schema`} label="tool.schema" />
    </div>
  );
}
