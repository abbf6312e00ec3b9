import { useContext } from "preact/hooks";
import { t } from "../shared/words.js";
import { Area, Form, Text, Tick } from "./form.jsx";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const SPAN = { days: DAYS.slice(0, 5), from: "09:00", to: "18:00" };

/** When the bot answers. */
export function Hours() {
  const { bot, change } = useContext(Form);
  const { hours } = bot;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const toggle = (event) => change("hours", event.target.checked ? { time_zone: zone, open: [SPAN], closed: { say: "", transfer: false } } : null);
  return (
    <fieldset class="card stack">
      <legend><h2>{t("section.hours")}</h2></legend>
      <label class="tick"><input type="checkbox" checked={Boolean(hours)} onChange={toggle} />{t("hours.limited")}</label>
      {hours && (
        <>
          <Text path="hours.time_zone" />
          {hours.open.map((span, index) => <Span key={index} span={span} index={index} />)}
          <div><button type="button" onClick={() => change("hours.open", [...hours.open, SPAN])}>+ {t("hours.add")}</button></div>
          <Area path="hours.closed.say" />
          <Tick path="hours.closed.transfer" />
        </>
      )}
    </fieldset>
  );
}

function Span({ span, index }) {
  const { change, remove } = useContext(Form);
  const path = `hours.open.${index}`;
  const toggle = (day) => change(`${path}.days`, DAYS.filter((other) => (other === day) !== span.days.includes(other)));
  return (
    <div class="tool stack">
      <div class="ticks" role="group" aria-label={t("hours.days")}>
        {DAYS.map((day) => <label key={day} class="tick"><input type="checkbox" checked={span.days.includes(day)} onChange={() => toggle(day)} />{t(`day.${day}`)}</label>)}
      </div>
      <div class="grid"><Text path={`${path}.from`} label="hours.from" placeholder="09:00" /><Text path={`${path}.to`} label="hours.to" placeholder="18:00" /></div>
      <div><button type="button" class="danger" onClick={() => remove("hours.open", index)}>{t("remove")}<span class="unseen"> {t("hours.span")} {index + 1}</span></button></div>
    </div>
  );
}
