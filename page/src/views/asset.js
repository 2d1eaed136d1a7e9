// One asset over exchanges and months.
import { common, monthName } from "../cells.js";
import * as decimal from "../decimal.js";
import { h, said, visible } from "../dom.js";
import { banner, choice, counted, flagged, legend, picture, section, titleOf } from "../parts.js";
import { monthsBetween } from "../state.js";
import { address } from "../state.js";
import { table } from "../table.js";
import { RATIO_COLUMNS, mainFirst, ratioItems } from "./sections.js";

/** @typedef {import("../data.js").Row} Row */

const MEASURES = /** @type {[string, string, string][]} */ ([
  ["claimed", "claimed", "claimed"],
  ["onchain", "onchain", "on chain, at least"],
  ["proven", "proven", "proven, at least"],
]);

/** @param {import("../data.js").Lake} lake @param {import("../state.js").State} state @param {(query: Record<string, string|null>) => void} go */
export async function asset(lake, state, go) {
  const id = state.id;
  if (!id) return everyAsset(lake);
  if (!lake.assets.has(id)) return { title: "No such asset", content: [h("h1", null, "No such asset"), h("p", null, "The published tables have no asset ", said(id), ". ", h("a", { href: address("asset") }, "Those that they have"), ".")] };
  const [ratios, composition, months] = await Promise.all([
    lake.rows("reserve_ratio", { asset: id }, RATIO_COLUMNS),
    lake.rows("asset_composition", { asset: id }, ["attestation", "exchange", "asset", "usd", "share", "share_null_reason", "usd_price", "price_source", "units", "basis"]),
    lake.rows("exchange_month", {}, ["attestation", "exchange", "month", "basis"]),
  ]);
  const monthOf = new Map(months.map((row) => [row.attestation, row.month.slice(0, 7)]));
  const worth = new Map(composition.map((row) => [row.attestation, row]));
  /** @type {Row[]} */
  const rows = ratios.map((row) => {
    const value = worth.get(row.attestation);
    return { ...row, month: monthOf.get(row.attestation) ?? row.snapshot_at?.slice(0, 7) ?? null, usd: value?.usd ?? null, share: value?.share ?? null, usd_reason: value ? value.share_null_reason : "nothing_claimed" };
  });
  const dated = rows.filter((row) => row.month !== null);
  const there = [...new Set(dated.map((row) => row.month))].sort();
  const month = state.query.month && there.includes(state.query.month) ? state.query.month : undefined;
  const newest = new Map();
  for (const row of dated) if ((newest.get(row.exchange) ?? "") < row.month) newest.set(row.exchange, row.month);
  const held = (/** @type {Row} */ row) => row.reserves_claimed_units ?? row.reserves_onchain_units;
  const undated = month ? [] : rows.filter((row) => row.month === null && !newest.has(row.exchange));
  const here = [...dated, ...undated].filter((row) => (month ? row.month === month : row.month === null || row.month === newest.get(row.exchange))).sort((a, b) => (held(a) === null ? 1 : 0) - (held(b) === null ? 1 : 0) || (held(a) === null ? 0 : decimal.compare(held(b), held(a))));
  const about = lake.assets.get(id);
  const where = month ? monthName(month) : "newest month of each exchange";
  const link = (/** @type {string} */ part) => address("asset", id, { ...state.query, section: part });
  const exchanges = [...new Set(dated.map((row) => row.exchange))].sort();
  const chosen = state.query.exchange && exchanges.includes(state.query.exchange) ? state.query.exchange : exchanges[0];
  const series = dated.filter((row) => row.exchange === chosen).sort((a, b) => (a.month < b.month ? -1 : 1));
  const items = here.flatMap((row) => MEASURES.map(([part, look, text]) => {
    const units = row[`reserves_${part}_units`];
    const name = titleOf(row.exchange, lake);
    return { label: name, part, look, value: decimal.drawn(units), title: `${name}, ${row.month === null ? "not dated" : monthName(row.month)}\n${text}${units === null ? (part === "claimed" && row.basis === "onchain" ? ": nobody claims it" : ": not known") : `: ${decimal.grouped(decimal.trimmed(units))} ${id}`}` };
  })).filter((item) => item.value !== null || item.part === "claimed");
  const marks = here.flatMap((row) => (row.liabilities_units === null ? [] : [{ label: titleOf(row.exchange, lake), value: decimal.drawn(row.liabilities_units), look: "owed", title: `${titleOf(row.exchange, lake)}\nowed: ${decimal.grouped(decimal.trimmed(row.liabilities_units))} ${id}` }]));
  const groups = new Set(items.map((item) => item.part)).size;
  const ratioPoints = series.flatMap((row) => ratioItems(row, row.month));
  const labels = new Set(here.map((row) => row.exchange)).size;
  const usd = (/** @type {Row} */ row) => row.usd_reason;
  return {
    title: month ? `${id}, ${monthName(month)}` : id,
    content: [
      h("p", { class: "crumb" }, h("a", { href: address("asset") }, "Assets"), " / "),
      h("div", { class: "title" }, h("h1", null, said(id)), h("p", { class: "lead" }, `${about?.title && about.title !== id ? `${visible(about.title)}: ` : ""}${about?.class ?? ""}${about?.underlying ? `, stands for ${about.underlying}` : ""}. ${counted(exchanges.length, "exchange")}, ${counted(there.length, "month")}.`)),
      h("div", { class: "controls" }, choice("Month", [["", "Newest of each"], .../** @type {[string, string][]} */ ([...there].reverse().map((one) => [one, monthName(one)]))], month ?? "", (value) => go({ month: value || null }))),
      section(
        { id: "exchanges", title: "By exchange", lake, link: link("exchanges"), marts: ["reserve_ratio", "asset_composition"], lead: `In units of the asset, ${where}. What is claimed, seen on chain and proven stands one below the other; the upright line is what is owed.` },
        here.length ? picture({ label: `${id} held by exchange, ${where}`, height: labels * (groups > 1 ? groups * 14 + 12 : 26) + 38, legend: legend([["claimed", "claimed or published"], ["onchain", "on chain, at least"], ["proven", "proven, at least"], ["owed", "owed"]]), draw: (charts, width) => charts.bars(width, { items, marks }) }) : banner("note", "Nothing dated is known of this asset."),
        table({ caption: `${id} by exchange, ${where}`, mart: "reserve_ratio", rows: here, lake, limit: 40, columns: columns(lake, usd) }),
      ),
      exchanges.length
        ? section(
            { id: "months", title: "By month", lake, link: link("months"), marts: ["reserve_ratio"], lead: "Ratio of what is held to what is owed, of one exchange. The line is 100 %." },
            h("div", { class: "controls" }, choice("Exchange", exchanges.map((one) => [one, titleOf(one, lake)]), chosen, (value) => go({ exchange: value }))),
            ratioPoints.length ? picture({ label: `Ratio of ${id} by month, ${titleOf(chosen, lake)}`, height: 260, legend: legend([["dot claimed", "claimed / owed"], ["onchain", "on chain / owed, at least (triangles)"], ["proven", "proven / owed, at least (squares)"], ["ring", "printed"]]), draw: (charts, width) => charts.series(width, { months: series.length ? monthsBetween(series[0].month, series[series.length - 1].month) : [], items: ratioPoints, unit: "percent", rule: 1, gaps: series.filter((row) => row.ratio_claimed === null && row.printed_ratio === null && row.ratio_onchain === null).map((row) => ({ month: row.month, title: `${monthName(row.month)}: no ratio\n${(row.ratio_claimed_null_reason ?? "not stated").replaceAll("_", " ")}` })) }) }) : h("p", { class: "empty" }, "No ratio is known: nothing is stated of what is owed."),
            table({ caption: `${id} of ${titleOf(chosen, lake)} by month`, mart: "reserve_ratio", rows: [...series].reverse(), lake, limit: 13, columns: columns(lake, usd) }),
          )
        : null,
    ],
  };
}

/** @param {import("../data.js").Lake} lake @param {(row: Row) => string|null} usd @returns {import("../cells.js").TableColumn[]} */
function columns(lake, usd) {
  return [{ ...common(lake).exchange, more: flagged }, { ...common(lake).month, head: false, reason: () => "snapshot_not_dated" }, { name: "ratio_claimed", label: "Claimed / owed", kind: "percent", places: 4, reason: "ratio_claimed_null_reason" }, { name: "printed_ratio", label: "Printed", kind: "printed", reason: "printed_ratio_null_reason" }, { name: "reserves_claimed_units", label: "Claimed", kind: "units", reason: (row) => (row.basis === "onchain" ? "nobody_claims" : "no_amount") }, { name: "reserves_onchain_units", label: "On chain", kind: "units", lower: true, reason: () => "nothing_observed" }, { name: "reserves_proven_units", label: "Proven", kind: "units", lower: true, reason: () => "nothing_observed" }, { name: "liabilities_units", label: "Owed", kind: "units", reason: "liabilities_from_null_reason" }, { name: "usd", label: "USD", kind: "money", mart: "asset_composition", reason: usd }, { name: "share", label: "Share of the exchange", kind: "percent", mart: "asset_composition", reason: usd }, { name: "is_covered", label: "Proven covers", kind: "flag", reason: () => "not_known" }];
}

/** @param {import("../data.js").Lake} lake */
async function everyAsset(lake) {
  const rows = await lake.rows("asset_composition", {}, ["asset", "exchange"]);
  /** @type {Map<string, Set<string>>} */
  const by = new Map();
  for (const row of rows) by.set(row.asset, (by.get(row.asset) ?? new Set()).add(row.exchange));
  const names = mainFirst(lake.page.assets.map((one) => one.name));
  return {
    title: "Assets",
    content: [
      h("h1", null, "Assets"),
      names.length ? null : banner("note", "There is no asset in the published tables yet."),
      h("ul", { class: "cards" }, ...names.map((name) => h("li", null, h("a", { href: address("asset", name) }, h("strong", null, said(name)), h("small", null, `${visible(lake.assets.get(name)?.title || (lake.assets.get(name)?.class ?? ""))}, ${counted(by.get(name)?.size ?? 0, "exchange")}`))))),
    ],
  };
}
