import { count, money } from "../shared/figures.js";
import { t } from "../shared/words.js";

/** What is paid for a call; and for those who may see it, what it cost and what is left. */
export function Receipt({ call }) {
  if (!call.price) return null;
  return (
    <section class="card stack" aria-labelledby="receipt">
      <h2 id="receipt">{t("receipt")}</h2>
      {call.cost && <Bill name="receipt.cost" lines={call.cost.items.map(costLine)} total={call.cost.total_micro_dollars} />}
      <Bill name="receipt.price" lines={call.price.items.map(priceLine)} total={call.price.total_micro_dollars} />
      {call.margin_micro_dollars != null && (
        <p class="row spread margin"><strong>{t("receipt.margin")}</strong><strong class="figures">{money(call.margin_micro_dollars, 6)}</strong></p>
      )}
    </section>
  );
}

const costLine = ({ dimension, provider, model, quantity, micro_dollars }) => ({
  what: t(`dimension.${dimension}`), who: [provider, model].filter(Boolean).join(" · "), quantity, micro_dollars,
});

const priceLine = ({ paid, quantity, unit_micro_dollars, micro_dollars }) => ({
  what: t(`paid.${paid}`), who: t("receipt.each", { price: money(unit_micro_dollars, 6) }), quantity, micro_dollars,
});

/** Lines that add up to a total. */
export function Bill({ name, lines, total }) {
  return (
    <table class="bill small">
      <caption>{t(name)}</caption>
      <thead class="unseen"><tr>{["what", "quantity", "amount"].map((name) => <th key={name} scope="col">{t(`receipt.${name}`)}</th>)}</tr></thead>
      <tbody>
        {lines.map((line, i) => (
          <tr key={i}>
            <th scope="row">{line.what}{line.who && <span class="soft"> {line.who}</span>}</th>
            <td class="number">{count(line.quantity)}</td>
            <td class="number">{money(line.micro_dollars, 6)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot><tr><th scope="row">{t("total")}</th><td /><td class="number">{money(total, 6)}</td></tr></tfoot>
    </table>
  );
}
