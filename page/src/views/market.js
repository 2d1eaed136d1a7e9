// The market: exchanges of a month side by side.
import { common, monthName } from "../cells.js";
import * as decimal from "../decimal.js";
import { h, said } from "../dom.js";
import { banner, choice, counted, flagged, legend, picture, section, source, titleOf, age } from "../parts.js";
import { BASES, flowOver, lookOf, ofMonth, reserves, reservesTitle, span } from "../reserves.js";
import { address } from "../state.js";
import { table } from "../table.js";

/** @typedef {import("../data.js").Row} Row */
/** @typedef {import("../cells.js").TableColumn} TableColumn */

const RATIOS = ["btc", "eth", "usdt", "usdc"];
export const PARTS = /** @type {[string, string, string][]} */ ([
  ["btc", "share_btc", "Bitcoin"],
  ["eth", "share_eth", "Ether"],
  ["stable", "share_stablecoin", "Stablecoins"],
  ["own", "share_own", "Own tokens"],
]);

/** @param {import("../data.js").Lake} lake @param {Row[]} rows @returns {Record<string, TableColumn[]>} */
function columnSets(lake, rows) {
  const some = (/** @type {string} */ name) => rows.some((row) => row[name] !== null);
  const { exchange, month, basis, fileAge: old, listAge, report } = common(lake);
  const named = { ...exchange, more: (/** @type {Row} */ row) => flagged(row) };
  const lower = (/** @type {Row} */ row) => row.basis === "onchain";
  /** @type {TableColumn} */
  const usd = { name: "usd_total", label: "Reserves, USD", kind: "money", reason: (row) => row.share_null_reason ?? "nothing_stated", lower, note: "Amounts at market prices, of what has a price." };
  /** @type {TableColumn} */
  const printed = { name: "usd_published_sum", label: "Printed sum, USD", kind: "money", note: "Sum that the exchange itself publishes for the whole of it." };
  /** @type {TableColumn} */
  const flow = { name: "usd_flow", label: "Net flow, USD", kind: "money", reason: "usd_flow_null_reason", more: seenOnly, note: "Since the attestation before: units that came or went at the price of then, without effects of price and of the list of addresses, own tokens apart." };
  /** @type {TableColumn} */
  const clean = { name: "cleanliness", label: "Clean", kind: "percent", reason: "cleanliness_null_reason", note: "Share that is not in the exchange's own tokens." };
  /** @type {TableColumn} */
  const seen = { name: "share_signed_and_seen", label: "Signed and seen", kind: "percent", reason: "share_signed_and_seen_null_reason", lower: true, note: "Share of the reserves for which somebody in control signed and which was seen on chain: a lower bound." };
  const streak = { name: "streak_claimed", label: "BTC streak", kind: /** @type {const} */ ("count"), mart: "coverage_streak", note: "Snapshots in a row in which the claim reaches what is owed in BTC." };
  const ratio = RATIOS.map((coin) => /** @type {TableColumn} */ ({ name: `ratio_${coin}`, label: `${coin.toUpperCase()} ratio`, kind: "percent", reason: `ratio_${coin}_null_reason`, lower, note: `${coin.toUpperCase()} held by the row's basis, divided by ${coin.toUpperCase()} owed. Cut, never rounded up.` }));
  const print = RATIOS.map((coin) => /** @type {TableColumn} */ ({ name: `printed_ratio_${coin}`, label: `${coin.toUpperCase()} printed`, kind: "printed", reason: `printed_ratio_${coin}_null_reason`, note: "As the exchange prints it." }));
  const share = PARTS.map(([, name, label]) => /** @type {TableColumn} */ ({ name, label, kind: "percent", reason: "share_null_reason" }));
  const first = [named, month, basis];
  return {
    overview: [...first, usd, ...(some("usd_published_sum") ? [printed] : []), flow, clean, ratio[0], ratio[1], seen, streak, old],
    composition: [...first, usd, { name: "usd_clean", label: "Clean, USD", kind: "money", mart: "cleanliness", reason: "cleanliness_null_reason", lower, note: "Reserves less own tokens." }, ...share, clean, { name: "cleanliness_defillama", label: "Clean, by DefiLlama", kind: "percent", reason: "cleanliness_defillama_null_reason" }, { name: "cleanliness_cryptoquant", label: "Clean, by CryptoQuant", kind: "percent", reason: "cleanliness_cryptoquant_null_reason" }, { name: "assets", label: "Assets", kind: "count" }, { name: "unpriced_assets", label: "Without a price", kind: "list" }],
    ratios: [...first, ...ratio.flatMap((one, index) => [one, print[index]])],
    flows: [...first, { name: "days", label: "Days", kind: "days", reason: "usd_flow_null_reason" }, { name: "usd_change", label: "Change, USD", kind: "money", reason: "usd_flow_null_reason" }, flow, { name: "usd_flow_3", label: "Flow, 3 months", kind: "money", reason: "usd_flow_3_null_reason", more: seenOnly, note: "Sum of the flows of the last three months of this basis." }, { name: "usd_flow_12", label: "Flow, 12 months", kind: "money", reason: "usd_flow_12_null_reason", more: seenOnly, note: "Sum of the flows of the last twelve months of this basis." }, { name: "usd_price", label: "Price, USD", kind: "money", reason: "usd_flow_null_reason" }, { name: "usd_cross", label: "Price of what moved, USD", kind: "money", reason: "usd_flow_null_reason" }, { name: "usd_list", label: "List, USD", kind: "money", reason: "usd_flow_null_reason" }, { name: "usd_own", label: "Own tokens, USD", kind: "money", reason: "usd_flow_null_reason" }],
    evidence: [...first, { name: "usd_signed_and_seen", label: "Signed and seen, USD", kind: "money", reason: "share_signed_and_seen_null_reason", lower: true }, seen, streak, { name: "proofs", label: "Proof of liabilities", kind: "list", mart: "liability_proofs" }, { name: "addresses", label: "Addresses", kind: "count", reason: () => "no_addresses" }, old, listAge, { name: "rows_refused", label: "Rows not read", kind: "count" }, { name: "is_repeat", label: "Repeat", kind: "flag" }, { name: "contradicted_by_own_total", label: "Contradicts itself", kind: "flag" }, report],
  };
}

const SETS = /** @type {[string, string][]} */ ([["overview", "Overview"], ["composition", "Composition"], ["ratios", "Ratios"], ["flows", "Flows"], ["evidence", "Evidence"]]);

/** Beside a flow between two lower bounds, which is no bound itself. @param {Row} row */
const seenOnly = (row) => (row.basis === "onchain" && row.usd_flow !== null ? h("span", { class: "aside", title: "The difference of two lower bounds: what was seen to come and go, which is no bound itself." }, " seen") : null);

/** @param {import("../data.js").Lake} lake @param {import("../state.js").State} state @param {(query: Record<string, string|null>) => void} go */
export async function market(lake, state, go) {
  const set = SETS.some(([name]) => name === state.query.columns) ? state.query.columns : "overview";
  // What only one set of columns shows is not read for the others.
  const of = (/** @type {string} */ columns, /** @type {string} */ mart, /** @type {string[]} */ read) => (set === columns ? lake.rows(mart, {}, read) : []);
  const [all, streakRows, tracked, cleanRows, proofs] = await Promise.all([lake.rows("exchange_month"), lake.rows("coverage_streak", { asset: "BTC" }, ["attestation", "asset", "streak_claimed"]), lake.rows("tracker_figures"), of("composition", "cleanliness", ["attestation", "usd_total", "usd_own"]), of("evidence", "liability_proofs", ["attestation", "proof_verdict", "proof_kind"])]);
  const title = "What exchanges hold";
  if (!all.length) return { title, content: [h("h1", null, title), banner("note", "There is no attestation of any exchange in this lake yet. ", h("code", null, "porlake run okx"), " makes one; then publish and make the page again.")] };
  const months = [...new Set(all.map((row) => row.month.slice(0, 7)))].sort();
  const month = state.query.month && months.includes(state.query.month) ? state.query.month : undefined;
  const chosen = ofMonth(all, month);
  const streaks = new Map(streakRows.map((row) => [row.attestation, row.streak_claimed]));
  const cleans = new Map(cleanRows.map((row) => [row.attestation, row]));
  /** @type {Row[]} */
  const rows = chosen.map((row) => {
    const [three, twelve] = [3, 12].map((most) => flowOver(all, row, most));
    const clean = cleans.get(row.attestation);
    return {
      ...row,
      streak_claimed: streaks.get(row.attestation) ?? null,
      usd_flow_3: three.value,
      usd_flow_3_null_reason: three.reason,
      usd_flow_12: twelve.value,
      usd_flow_12_null_reason: twelve.reason,
      // Of one attestation: where a row's sum is of another one, there is none.
      usd_clean: row.usd_total !== null && clean?.usd_own && clean.usd_total === row.usd_total ? decimal.subtract(row.usd_total, clean.usd_own) : null,
      proofs: [...new Set(proofs.filter((proof) => proof.attestation === row.attestation).map((proof) => `${proof.proof_kind}: ${proof.proof_verdict.replaceAll("_", " ")}`))].sort(),
    };
  });
  rows.sort((a, b) => decimalOrder(reserves(b).value, reserves(a).value) || (a.exchange < b.exchange ? -1 : 1));
  const exchanges = [...new Set(rows.map((row) => row.exchange))];
  const place = month ? months.indexOf(month) : months.length;
  const controls = h(
    "div",
    { class: "controls" },
    h("button", { type: "button", class: "step", "aria-label": "The month before", disabled: place <= 0, on: { click: () => go({ month: months[place - 1] }) } }, "\u2190"),
    choice("Month", [["", "Newest of each"], .../** @type {[string, string][]} */ ([...months].reverse().map((one) => [one, monthName(one)]))], month ?? "", (value) => go({ month: value || null })),
    h("button", { type: "button", class: "step", "aria-label": "The month after", disabled: !month || place >= months.length - 1, on: { click: () => go({ month: months[place + 1] }) } }, "\u2192"),
    choice("Columns", SETS, set, (value) => go({ columns: value === "overview" ? null : value })),
  );
  const label = (/** @type {Row} */ row) => titleOf(row.exchange, lake);
  const where = month ? monthName(month) : "the newest month of each exchange";
  const here = (/** @type {string} */ id) => address("market", "", { ...state.query, section: id });

  /** @param {Row} row @returns {import("../charts.js").Item} */
  const bar = (row) => ({ label: label(row), value: decimal.drawn(reserves(row).value), look: reserves(row).column === "usd_total" ? lookOf(row) : "published", title: reservesTitle(row, label(row)) });
  const undated = lake.page.exchanges.filter(({ name }) => !all.some((row) => row.exchange === name));
  // Two bases of one exchange are two lines.
  const labels = rows.length;
  const refused = rows.filter((row) => row.rows_refused > 0);
  const flagsOf = rows.filter((row) => row.contradicted_by_own_total || row.is_repeat);
  const stale = month ? [] : rows.filter((row) => lake.page.as_of && row.snapshot_at && Date.parse(lake.page.as_of) - Date.parse(row.snapshot_at) > 62 * 86_400_000);
  const content = [
    h(
      "div",
      { class: "title" },
      h("h1", null, title),
      h("p", { class: "lead" }, `${counted(exchanges.length, "exchange")}, ${where}. Claimed, published and seen on chain are three different things and never added up.`),
    ),
    controls,
    flagsOf.length ? banner("warning", "Figures with a ", h("span", { class: "flag" }, "\u2691"), " rest on a file that contradicts itself or repeats an older one: ", ...flagsOf.flatMap((row, index) => [index ? ", " : "", h("a", { href: address("attestation", row.attestation) }, said(row.attestation))]), ".") : null,
    refused.length ? banner("note", "Some rows of the file could not be read, so figures may be short of them: ", ...refused.flatMap((row, index) => [index ? ", " : "", h("a", { href: address("attestation", row.attestation, { section: "files" }) }, said(titleOf(row.exchange, lake))), ` (${decimal.grouped(String(row.rows_refused))})`]), ".") : null,
    undated.length && !month ? banner("note", "Without a dated attestation that says what is held, and so in no month: ", ...undated.flatMap(({ name }, index) => [index ? ", " : "", h("a", { href: address("exchange", name) }, said(titleOf(name, lake)))]), ".") : null,
    stale.length ? banner("note", "Older than two months: ", ...[...new Map(stale.map((row) => [row.exchange, row])).values()].flatMap((row, index) => [index ? ", " : "", said(titleOf(row.exchange, lake)), ` (${age(row.snapshot_at, lake.page.as_of)})`]), ".") : null,
    h("section", { "aria-label": "Table of exchanges" }, table({ caption: `Exchanges, ${where}`, mart: "exchange_month", rows, columns: columnSets(lake, rows)[set], lake, limit: 100, sort: state.query.sort ?? "", onSort: (sort) => go({ sort, quiet: "yes" }), text: state.query.filter ?? "", onText: (text) => go({ filter: text || null, quiet: "yes" }), filter: rows.length > 3 }), source(lake, "exchange_month", "coverage_streak", ...(set === "composition" ? ["cleanliness"] : []), ...(set === "evidence" ? ["liability_proofs"] : []))),
    h(
      "div",
      { class: "pair" },
      section(
        { id: "reserves", title: "Reserves", lake, link: here("reserves"), lead: "In US dollars. Hatched bars are lower bounds, pale ones are what the exchange itself prints." },
        picture({
          label: `Reserves by exchange, ${where}; the figures stand in the table above`,
          height: 38 + labels * 26,
          legend: legend([["claimed", BASES.claimed], ["published", "published: totals, or the sum that the exchange prints"], ["onchain", BASES.onchain]]),
          draw: (charts, width) => charts.bars(width, { sign: "$", items: onePerLabel(rows.map(bar)) }),
        }),
      ),
      section(
        { id: "composition", title: "Made of", lake, link: here("composition"), lead: "Shares of what has a price." },
        picture({
          label: `Composition of the reserves by exchange, ${where}; the figures stand in the table, columns Composition`,
          height: 38 + labels * 26,
          legend: legend([...PARTS.map(([look, , text]) => /** @type {[string, string]} */ ([look, text])), ["other", "Everything else"]]),
          draw: (charts, width) => charts.shares(width, { items: onePerGroup(rows).flatMap((row) => composition(row, label(row))) }),
        }),
      ),
      rows.some((row) => row.usd_flow !== null)
        ? section(
            { id: "flows", title: "Net flow", lake, link: here("flows"), lead: ["What came and went since the attestation before, at the prices of then: no effect of price, of the list of addresses or of own tokens. ", h("a", { href: address("method", "net_flow") }, "How it is computed"), "."] },
            picture({
              label: `Net flow by exchange, ${where}; the figures stand in the table above`,
              height: 38 + labels * 26,
              draw: (charts, width) => charts.bars(width, { sign: "$", items: onePerLabel(rows.map((row) => ({ label: label(row), value: decimal.drawn(row.usd_flow), look: row.basis === "onchain" ? "onchain" : "flow", title: `${label(row)}, ${monthName(row.month)}\n${row.usd_flow === null ? (row.usd_flow_null_reason ?? "not stated").replaceAll("_", " ") : `$${decimal.grouped(row.usd_flow)} in ${row.days} days${row.basis === "onchain" ? "\nas seen, no bound" : ""}`}` }))) }),
            }),
          )
        : null,
      rows.some((row) => row.share_signed_and_seen !== null)
        ? section(
            { id: "evidence", title: "Signed for and seen", lake, link: here("evidence"), lead: ["At least this share of the reserves is both signed for by whoever is in control and seen on chain. ", h("a", { href: address("method", "signed_and_seen") }, "How it is computed"), "."] },
            picture({
              label: `Share signed and seen by exchange, ${where}; the figures stand in the table above`,
              height: 38 + labels * 26,
              draw: (charts, width) => charts.shares(width, { items: onePerLabel(rows.map((row) => ({ label: label(row), value: row.share_signed_and_seen, look: "proven", title: `${label(row)}, ${monthName(row.month)}\n${row.share_signed_and_seen === null ? (row.share_signed_and_seen_null_reason ?? "not stated").replaceAll("_", " ") : `at least ${decimal.percent(row.share_signed_and_seen)}: $${decimal.grouped(row.usd_signed_and_seen ?? "0")}`}` }))) }),
            }),
          )
        : null,
      section(
        { id: "ratios", title: "Held against owed, BTC", lake, link: here("ratios"), lead: ["The line is 100 %: as much held as owed. ", h("a", { href: address("method", "reserve_ratio") }, "How it is computed"), "."] },
        picture({
          label: `BTC held against BTC owed by exchange, ${where}; the figures stand in the table, columns Ratios`,
          height: 38 + labels * 26,
          legend: legend([["dot claimed", "computed, at full precision"], ["ring", "as the exchange prints it"]]),
          draw: (charts, width) => charts.ratios(width, { items: rows.flatMap((row) => ratioItems(row, "btc", label(row))) }),
        }),
      ),
      section(
        { id: "calendar", title: "Month by month", lake, link: here("calendar"), lead: "Which exchange stated what of which month. An empty place is a month of which nothing was published." },
        picture({
          label: `Which exchange published for which month; every month has its figures in this table when it is chosen above`,
          height: 40 + new Set(all.map((row) => row.exchange)).size * 22,
          legend: legend([["claimed", "addresses"], ["published", "totals"], ["onchain", "observed list"], ["nothing", "no amounts"]]),
          draw: (charts, width) => charts.calendar(width, { months: span(all), items: calendarItems(all, label) }),
        }),
      ),
    ),
    trackers(lake, tracked),
  ];
  return { title: month ? `${title}, ${monthName(month)}` : title, content };
}

/** @param {import("../data.js").Lake} lake @param {Row[]} rows of tracker_figures */
function trackers(lake, rows) {
  if (!rows.length) return null;
  return section(
    { id: "trackers", title: "What trackers print", lake, marts: ["tracker_figures"], lead: "Each under the tracker's own definition: two definitions are never compared, and no figure of this page is computed with them." },
    table({ caption: "Figures that trackers print", mart: "tracker_figures", rows, lake, columns: [common(lake).exchange, { name: "month", label: "Month", kind: "month" }, { name: "source", label: "Tracker" }, { name: "figure", label: "Figure", kind: "words" }, { name: "value", label: "Value", kind: "units" }, { name: "unit", label: "Unit", kind: "words" }, { name: "definition", label: "What it counts" }] }),
  );
}

/** @param {string|null} a @param {string|null} b */
function decimalOrder(a, b) {
  if (a === null || b === null) return Number(b === null) * -1 + Number(a === null) * 1 === 0 ? 0 : a === null ? -1 : 1;
  return decimal.compare(a, b);
}

/** Bases of one exchange stay apart: their bars stand one below the other. @param {import("../charts.js").Item[]} items */
function onePerLabel(items) {
  const seen = new Map();
  return items.map((item) => {
    const count = seen.get(item.label) ?? 0;
    seen.set(item.label, count + 1);
    return count ? { ...item, label: `${item.label} (${item.look})` } : item;
  });
}

/** @param {Row[]} rows */
function onePerGroup(rows) {
  const seen = new Set();
  return rows.filter((row) => !seen.has(row.exchange) && seen.add(row.exchange));
}

/** Shares of one attestation as parts of a bar; what no named part holds is "everything else", exact. @param {Row} row @param {string} label @returns {import("../charts.js").Item[]} */
export function composition(row, label) {
  if (row.share_btc === null) return [{ label, value: null, look: "muted", title: `${label}\n${(row.share_null_reason ?? "nothing stated").replaceAll("_", " ")}` }];
  const named = PARTS.map(([look, column, text]) => ({ label, part: look, look, value: Number(row[column] ?? 0), title: `${label}, ${monthName(row.month ?? row.snapshot_at)}\n${text}: ${decimal.percent(row[column] ?? 0)}` }));
  const rest = Math.max(0, 1 - named.reduce((total, part) => total + part.value, 0));
  const other = decimal.subtract("1", decimal.sum(PARTS.map(([, column]) => decimal.exact(row[column] ?? 0))));
  return [...named, { label, part: "other", look: "other", value: rest, title: `${label}, ${monthName(row.month ?? row.snapshot_at)}\nEverything else: ${decimal.percent(other)}` }];
}

/** @param {Row} row @param {string} coin @param {string} label @returns {import("../charts.js").Item[]} */
function ratioItems(row, coin, label) {
  const exact = row[`ratio_${coin}`];
  const printed = row[`printed_ratio_${coin}`];
  /** @type {import("../charts.js").Item[]} */
  const found = [];
  const least = row.basis === "onchain" ? "at least " : "";
  if (exact !== null) found.push({ label, part: "exact", look: lookOf(row) === "published" ? "claimed" : lookOf(row), value: exact, title: `${label}, ${monthName(row.month)}\ncomputed: ${least}${decimal.percent(exact, 4)}` });
  if (printed !== null) found.push({ label, part: "printed", look: "muted", value: Number(printed) / 100, title: `${label}, ${monthName(row.month)}\nprinted: ${decimal.trimmed(printed)} %` });
  return found;
}

/** @param {Row[]} all @param {(row: Row) => string} label */
function calendarItems(all, label) {
  const found = new Map();
  for (const row of [...all].sort((a, b) => (a.exchange < b.exchange ? -1 : 1))) {
    const key = `${row.exchange}\n${row.month}`;
    const before = found.get(key);
    const look = row.basis === null ? "nothing" : lookOf(row);
    const title = `${label(row)}, ${monthName(row.month)}\n${row.basis ?? "no amounts"}`;
    if (!before) found.set(key, { label: label(row), month: row.month.slice(0, 7), look, title });
    else found.set(key, { ...before, look: before.look === "claimed" || look === "claimed" ? "claimed" : look, title: `${before.title}, ${row.basis ?? "no amounts"}` });
  }
  return [...found.values()];
}
