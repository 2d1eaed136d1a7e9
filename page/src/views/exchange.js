// One exchange: its months, what it is made of, what it proves, what it owes, what was found.
import { common, content as cellContent, monthName, words } from "../cells.js";
import * as decimal from "../decimal.js";
import { h, outside, said } from "../dom.js";
import { age, banner, counted, choice, figure, flags, legend, moment, picture, section, titleOf } from "../parts.js";
import { BASES, flagWords, gaps, lookOf, reserves, reservesTitle, span } from "../reserves.js";
import { address } from "../state.js";
import { table } from "../table.js";
import { composition } from "./market.js";
import { addresses, compositionNow, concentration, files, findings, grouped, hidden, liabilities, RATIO_COLUMNS, mainFirst, networks, proven, ratioItems, ratioTable, restatements, shortfall, unread } from "./sections.js";

/** @typedef {import("../data.js").Row} Row */

const FLOWS = /** @type {[string, string, string][]} */ ([
  ["usd_flow", "flow", "Flow: units that came or went"],
  ["usd_price", "price", "Price of what stayed"],
  ["usd_cross", "cross", "Price of what came or went"],
  ["usd_list", "list", "Addresses added to or dropped from the list"],
  ["usd_own", "own", "Own tokens"],
]);

const MEASURES = /** @type {[string, string, string][]} */ ([
  ["reserves_claimed_units", "claimed", "claimed: "],
  ["reserves_onchain_units", "onchain", "on chain: at least "],
  ["reserves_proven_units", "proven", "proven: at least "],
  ["liabilities_units", "muted", "owed: "],
]);

const SECTIONS = /** @type {[string, string][]} */ ([["reserves", "Reserves"], ["flows", "Flows"], ["dominance", "Kinds of asset"], ["ratios", "Held against owed"], ["composition", "Composition"], ["networks", "Networks"], ["proven", "Proof of control"], ["unread", "Against the chains"], ["liabilities", "What is owed"], ["findings", "Findings"], ["restatements", "Restatements"], ["addresses", "Addresses"], ["wallets", "Largest accounts"], ["files", "Files"]]);

/** @param {import("../data.js").Lake} lake @param {import("../state.js").State} state @param {(query: Record<string, string|null>) => void} go */
export async function exchange(lake, state, go) {
  const id = state.id;
  if (!id) return everyExchange(lake);
  const about = lake.exchanges.get(id);
  const label = titleOf(id, lake);
  if (!about) return { title: "No such exchange", content: [h("h1", null, "No such exchange"), h("p", null, "The published tables have no exchange ", said(id), ". ", h("a", { href: address("exchange") }, "Those that they have"), ".")] };
  const of = { exchange: id };
  const [allMonths, ratioRows, collisions, restated, proofs, owedChanges, arithmetic, changes, turnover, reports] = await Promise.all([
    lake.rows("exchange_month"),
    lake.rows("reserve_ratio", of, RATIO_COLUMNS),
    lake.rows("address_collisions", of),
    lake.rows("restatements", of),
    lake.rows("liability_proofs", of),
    lake.rows("liabilities_change", of),
    lake.rows("report_arithmetic", of),
    lake.rows("address_changes", of),
    lake.rows("account_turnover", of),
    lake.rows("reports", of),
  ]);
  const rows = allMonths.filter((row) => row.exchange === id).sort((a, b) => (a.month < b.month ? -1 : a.month > b.month ? 1 : 0));
  const months = span(rows);
  const there = [...new Set(rows.map((row) => row.month.slice(0, 7)))];
  const month = state.query.month && there.includes(state.query.month) ? state.query.month : there.at(-1);
  const here = rows.filter((row) => row.month.slice(0, 7) === month);
  // Of an exchange without a dated month the last attestation of which anything is known.
  const undated = here.length ? [] : [...reports, ...ratioRows, ...arithmetic, ...proofs, ...collisions].map((row) => row.attestation).sort().slice(-1);
  const attestations = [...new Set(here.length ? here.map((row) => row.attestation) : undated)];
  const at = { attestation: attestations };
  const [assets, onNetworks, verdicts, seen, balances, lists, accounts] = attestations.length
    ? await Promise.all([lake.rows("asset_composition", at), lake.rows("network_composition", at), lake.rows("ownership_coverage", at), lake.rows("signed_and_seen", at), lake.rows("balance_reconciliation", at), lake.rows("observed_lists", at), lake.rows("concentration", at)])
    : [[], [], [], [], [], [], []];
  const known = mainFirst(ratioRows.map((row) => row.asset));
  const asset = state.query.asset && known.includes(state.query.asset) ? state.query.asset : known[0];
  const link = (/** @type {string} */ part) => address("exchange", id, { ...state.query, section: part });
  const place = { lake, link, label: month ? `${label}, ${monthName(month)}` : label };

  const parts = [
    ...reserveSections(place, rows, months, label),
    rows.length ? flowSection(place, rows, months) : null,
    rows.length ? dominanceSection(place, rows, months, label) : null,
    ratioRows.length ? ratioSection(place, rows, ratioRows, months, known, asset, attestations, go) : null,
    assets.length ? compositionNow(place, assets) : null,
    onNetworks.length ? networks(place, onNetworks) : null,
    proven(place, verdicts, seen),
    balances.length || lists.length ? unread(place, balances, lists) : null,
    liabilities({ ...place, label }, proofs, owedChanges),
    findings({ ...place, label }, arithmetic, collisions),
    restatements({ ...place, label }, restated),
    changes.length || turnover.length ? addresses({ ...place, label }, changes, turnover) : null,
    concentration(place, accounts),
    files({ ...place, label }, reports),
  ];
  const is = (/** @type {string} */ one) => parts.some((part) => part?.id === `s-${one}`);
  const none = SECTIONS.filter(([one]) => !is(one));
  return {
    title: month && state.query.month ? `${label}, ${monthName(month)}` : label,
    content: [
      h("p", { class: "crumb" }, h("a", { href: address("market") }, "Market"), " / "),
      h("div", { class: "title" }, h("h1", null, label), h("p", { class: "lead" }, ...intro(about, rows))),
      here.length ? controls(there, month, go) : banner("note", "No attestation of this exchange is dated with amounts. ", ...(undated.length ? ["What is known is of ", h("a", { href: address("attestation", undated[0]) }, said(undated[0])), "."] : [])),
      shortfall(ratioRows.filter((row) => attestations.includes(row.attestation))),
      ...here.flatMap((row) => headline(row, lake)),
      inside(link, SECTIONS.filter(([one]) => is(one))),
      ...parts,
      none.length ? h("p", { class: "empty apart" }, `Nothing is published of: ${none.map(([, text]) => text.toLowerCase()).join(", ")}.`) : null,
    ],
  };
}

/** @param {import("../data.js").Lake} lake */
async function everyExchange(lake) {
  const rows = await lake.rows("exchange_month", {}, ["exchange", "month", "basis"]);
  const by = grouped(rows, "exchange");
  return {
    title: "Exchanges",
    content: [
      h("h1", null, "Exchanges"),
      lake.page.exchanges.length ? null : banner("note", "There is no exchange in the published tables yet."),
      h("ul", { class: "cards" }, ...lake.page.exchanges.map(({ name, title }) => {
        const months = (by.get(name) ?? []).map((row) => row.month).sort();
        return h("li", null, h("a", { href: address("exchange", name) }, h("strong", null, said(title || name)), h("small", null, months.length ? `${monthName(months[0])} to ${monthName(months[months.length - 1])}, ${new Set(months).size} months` : "no dated attestation")));
      })),
    ],
  };
}

/** @param {import("../data.js").Exchange} about @param {Row[]} rows */
function intro(about, rows) {
  const tokens = [...(about.own_tokens ?? [])];
  return [
    rows.length ? `${counted(new Set(rows.map((row) => row.month)).size, "month")} from ${monthName(rows[0].month)} to ${monthName(rows[rows.length - 1].month)}. ` : "",
    tokens.length ? h("span", null, "Own tokens: ", ...tokens.flatMap((token, index) => [index ? ", " : "", said(token)]), ". ") : null,
    about.home ? h("span", null, "Its own page: ", outside(about.home), ". ") : null,
    h("span", null, h("a", { href: address("news", about.name) }, "What is new"), ", ", h("a", { href: `exchange/${encodeURIComponent(about.name)}/feed.xml` }, "feed"), ", ", h("a", { href: `exchange/${encodeURIComponent(about.name)}/latest.json` }, "latest.json"), ". "),
    about.note ? h("span", null, "Note: ", said(about.note), ".") : null,
  ];
}

/** @param {string[]} there @param {string|undefined} month @param {(query: Record<string, string|null>) => void} go */
export function controls(there, month, go) {
  const place = there.indexOf(month ?? "");
  return h(
    "div",
    { class: "controls" },
    h("button", { type: "button", class: "step", "aria-label": "The month before", disabled: place <= 0, on: { click: () => go({ month: there[place - 1] }) } }, "\u2190"),
    choice("Month", [...there].reverse().map((one) => [one, monthName(one)]), month ?? "", (value) => go({ month: value })),
    h("button", { type: "button", class: "step", "aria-label": "The month after", disabled: place >= there.length - 1, on: { click: () => go({ month: there[place + 1] }) } }, "\u2192"),
  );
}

/** The figures of one row of exchange_month, and every flag that stands at them. @param {Row} row @param {import("../data.js").Lake} lake @param {boolean} [whole] whether a link leads to the attestation */
export function headline(row, lake, whole = true) {
  const sum = reserves(row);
  const cell = (/** @type {string} */ name, /** @type {any} */ column) => cellContent(row, { name, ...column }, lake);
  const printed = (/** @type {string} */ coin) => (row[`printed_ratio_${coin}`] === null ? "nothing printed" : `printed ${decimal.trimmed(row[`printed_ratio_${coin}`])} %`);
  const ratio = (/** @type {string} */ coin) => figure(`${coin.toUpperCase()} held against owed`, cell(`ratio_${coin}`, { kind: "percent", reason: `ratio_${coin}_null_reason`, lower: row.basis === "onchain" }), printed(coin));
  return [
    ...flags(row),
    h(
      "dl",
      { class: "figures", data: { mart: "exchange_month", attestation: row.attestation } },
      figure(`Reserves, ${row.basis ? words(row.basis) : "no amounts"}`, sum.value === null ? cell("usd_total", { kind: "money", reason: () => sum.reason }) : h("span", { data: { column: sum.column, value: sum.value } }, row.basis === "onchain" ? "\u2265\u00a0" : "", "$", decimal.short(sum.value)), sum.value === null ? "in US dollars" : [`$${decimal.grouped(sum.value)}, ${sum.how}`]),
      figure("Net flow", row.usd_flow === null ? cell("usd_flow", { kind: "money", reason: "usd_flow_null_reason" }) : h("span", { data: { column: "usd_flow", value: row.usd_flow } }, row.usd_flow.startsWith("-") ? "" : "+", "$", decimal.short(row.usd_flow)), row.usd_flow === null ? "without effects of price" : `$${decimal.grouped(row.usd_flow)} in ${row.days} days, without price${row.basis === "onchain" ? "; as seen, no bound" : ""}`),
      ratio("btc"),
      ratio("eth"),
      ratio("usdt"),
      figure("Signed and seen", cell("share_signed_and_seen", { kind: "percent", reason: "share_signed_and_seen_null_reason", lower: true }), row.usd_signed_and_seen === null ? "signed by who is in control, and seen on chain" : `at least $${decimal.grouped(row.usd_signed_and_seen)}`),
      figure("Not in own tokens", cell("cleanliness", { kind: "percent", reason: "cleanliness_null_reason" }), row.assets === null ? "" : `${row.assets} assets`),
      figure("Snapshot", row.snapshot_at ? moment(row.snapshot_at) : "not dated", listed([row.file_age_days === null ? "file archived before it" : `file after ${counted(Number(row.file_age_days), "day")}`, age(row.snapshot_at, lake.page.as_of) ? `${age(row.snapshot_at, lake.page.as_of)} before the newest file` : null, row.list_age_days === null ? null : `list ${counted(Number(row.list_age_days), "day")} old`, whole ? h("a", { href: address("attestation", row.attestation) }, "everything of it") : null])),
    ),
  ];
}

/** With semicolons between. @param {(string|Node|null)[]} parts @returns {(string|Node)[]} */
const listed = (parts) => parts.filter((part) => part !== null).flatMap((part, index) => (index ? ["; ", part] : [part]));

/** @param {(section: string) => string} link @param {[string, string][]} sections */
function inside(link, sections) {
  return h("nav", { class: "inside", "aria-label": "Sections of this view" }, h("ul", null, ...sections.map(([id, text]) => h("li", null, h("a", { href: link(id) }, text)))));
}

/** A picture for each basis, so that two are never read as one series. @param {import("./sections.js").Place} place @param {Row[]} rows @param {string[]} months @param {string} label */
function reserveSections({ lake, link }, rows, months, label) {
  if (!rows.length) return [];
  const bases = [...grouped(rows.filter((row) => row.basis !== null), "basis")];
  return [
    section(
      { id: "reserves", title: "Reserves by month", lake, link: link("reserves"), marts: ["exchange_month"], lead: "In US dollars. Each basis has a picture of its own: two are never compared. \u00d7 marks a month without a value, with its reason." },
      ...bases.map(([basis, of]) => {
        const items = of.map((row) => ({ month: row.month.slice(0, 7), value: decimal.drawn(reserves(row).value), look: reserves(row).column === "usd_total" ? lookOf(row) : "published", title: reservesTitle(row, label), flag: flagWords(row) }));
        return picture({ label: `Reserves of ${label} by month, ${words(basis)}`, height: 230, legend: legend([[lookOf(of[0]), BASES[/** @type {"claimed"} */ (basis)] ?? words(basis)]]), draw: (charts, width) => charts.months(width, { months, items, gaps: gaps(months, of, reserves), height: 230 }) });
      }),
      table({ caption: `Months of ${label}`, mart: "exchange_month", rows: [...rows].reverse(), lake, limit: 12, columns: [common(lake).month, common(lake).basis, { name: "usd_total", label: "Reserves, USD", kind: "money", reason: (row) => row.share_null_reason ?? "nothing_stated", lower: (row) => row.basis === "onchain" }, { name: "usd_published_sum", label: "Printed sum, USD", kind: "money" }, { name: "share_signed_and_seen", label: "Signed and seen", kind: "percent", reason: "share_signed_and_seen_null_reason", lower: true }, { name: "assets", label: "Assets", kind: "count" }, { name: "addresses", label: "Addresses", kind: "count", reason: () => "no_addresses" }, common(lake).fileAge, common(lake).listAge, { name: "is_repeat", label: "Repeat", kind: "flag" }, { name: "contradicted_by_own_total", label: "Contradicts itself", kind: "flag" }, common(lake).report] }),
    ),
  ];
}

/** @param {import("./sections.js").Place} place @param {Row[]} rows @param {string[]} months */
function flowSection({ lake, link, label }, rows, months) {
  const bases = [...grouped(rows.filter((row) => row.basis !== null), "basis")].filter(([, of]) => of.some((row) => row.usd_flow !== null));
  return section(
    { id: "flows", title: "Flows", lake, link: link("flows"), marts: ["exchange_month", "net_flow"], lead: "Why the reserves changed since the attestation before: what came and went, prices, the list of addresses, and own tokens." },
    ...bases.map(([basis, of]) => {
      const items = of.flatMap((row) => FLOWS.flatMap(([column, look, text]) => (row[column] === null ? [] : [{ month: row.month.slice(0, 7), part: column, look, value: decimal.drawn(row[column]), title: `${monthName(row.month)}\n${text}\n$${decimal.grouped(row[column])}` }])));
      return picture({ label: `Change of the reserves by month and cause, ${words(basis)}`, height: 260, legend: legend(FLOWS.map(([, look, text]) => /** @type {[string, string]} */ ([look, text]))), note: bases.length > 1 ? words(basis) : null, draw: (charts, width) => charts.months(width, { months, items, gaps: gaps(months, of, (row) => ({ value: row.usd_flow, reason: row.usd_flow_null_reason })) }) });
    }),
    table({ caption: `Flows, ${label}`, mart: "exchange_month", rows: [...rows].reverse(), lake, limit: 12, columns: [common(lake).month, common(lake).basis, { name: "usd_change", label: "Change, USD", kind: "money", reason: "usd_flow_null_reason" }, ...FLOWS.map(([name, , text]) => ({ name, label: text.split(":")[0], kind: /** @type {const} */ ("money"), reason: "usd_flow_null_reason" })), { name: "days", label: "Over", kind: "days", reason: "usd_flow_null_reason" }, { name: "assets_not_split", label: "In no part", kind: "list" }, { name: "base_attestation", label: "Since" }] }),
  );
}

/** @param {import("./sections.js").Place} place @param {Row[]} rows @param {string[]} months @param {string} label */
function dominanceSection({ lake, link }, rows, months, label) {
  const priced = rows.filter((row) => row.share_btc !== null);
  const bases = [...grouped(priced, "basis")];
  return section(
    { id: "dominance", title: "Kinds of asset", lake, link: link("dominance"), marts: ["exchange_month", "dominance", "cleanliness"], lead: "Shares of what has a price, by month, each basis in a picture of its own. Own tokens are worth what the exchange itself is worth." },
    ...bases.map(([basis, of]) => {
      const items = of.flatMap((row) => composition(row, label).map((part) => ({ ...part, month: row.month.slice(0, 7) })));
      return picture({ label: `Kinds of asset of ${label} by month, ${words(basis ?? "no amounts")}`, height: 240, legend: legend([["btc", "Bitcoin"], ["eth", "Ether"], ["stable", "Stablecoins"], ["own", "Own tokens"], ["other", "Everything else"]]), note: bases.length > 1 ? words(basis ?? "no amounts") : null, draw: (charts, width) => charts.months(width, { months, items, share: true, height: 240, gaps: gaps(months, rows.filter((row) => row.basis === basis), (row) => ({ value: row.share_btc, reason: row.share_null_reason })) }) });
    }),
    table({ caption: `Kinds of asset of ${label}`, mart: "exchange_month", rows: [...rows].reverse(), lake, limit: 8, columns: [common(lake).month, common(lake).basis, ...[["share_btc", "Bitcoin"], ["share_eth", "Ether"], ["share_stablecoin", "Stablecoins"], ["share_own", "Own tokens"]].map(([name, text]) => ({ name, label: text, kind: /** @type {const} */ ("percent"), reason: "share_null_reason" })), { name: "cleanliness", label: "Not in own tokens", kind: "percent", reason: "cleanliness_null_reason" }, { name: "cleanliness_defillama", label: "by DefiLlama", kind: "percent", reason: "cleanliness_defillama_null_reason" }, { name: "cleanliness_cryptoquant", label: "by CryptoQuant", kind: "percent", reason: "cleanliness_cryptoquant_null_reason" }, { name: "unpriced_assets", label: "Without a price", kind: "list" }] }),
  );
}

/** @param {import("./sections.js").Place} place @param {Row[]} rows @param {Row[]} ratioRows @param {string[]} months @param {string[]} known @param {string|undefined} asset @param {string[]} attestations @param {(query: Record<string, string|null>) => void} go */
function ratioSection(place, rows, ratioRows, months, known, asset, attestations, go) {
  const { lake, link, label } = place;
  const monthOf = new Map(rows.map((row) => [row.attestation, row.month.slice(0, 7)]));
  /** @type {Row[]} */
  const dated = ratioRows.filter((row) => row.asset === asset).map((row) => ({ ...row, month: monthOf.get(row.attestation) ?? row.snapshot_at?.slice(0, 7) ?? null })).filter((row) => row.month !== null).sort((a, b) => (a.month < b.month ? -1 : 1));
  const all = [...new Set([...months, ...dated.map((row) => row.month)])].sort();
  const items = dated.flatMap((row) => ratioItems(row, row.month));
  const units = dated.flatMap((row) => MEASURES.flatMap(([part, look, text]) => (row[part] === null ? [] : [{ month: row.month, part: part === "liabilities_units" ? "printed" : part, look, value: decimal.drawn(row[part]), title: `${asset}, ${monthName(row.month)}\n${text}${decimal.grouped(decimal.trimmed(row[part]))}` }])));
  return section(
    { id: "ratios", title: "Held against owed", lake, link: link("ratios"), marts: ["reserve_ratio", "coverage_streak"], lead: ["The line is 100 %. Full points are computed from what is stated and seen, rings are what the exchange prints. Percent are cut, never rounded up. ", h("a", { href: address("method", "reserve_ratio") }, "How they are computed"), "."] },
    hidden(ratioRows.filter((row) => attestations.includes(row.attestation))),
    known.length && dated.length ? h("div", { class: "controls" }, choice("Asset", known.map((one) => [one, one]), asset ?? "", (value) => go({ asset: value }))) : null,
    items.length ? picture({ label: `Ratio of ${asset} by month, ${label}`, height: 260, legend: legend([["dot claimed", "claimed / owed"], ["onchain", "on chain / owed, at least (triangles)"], ["proven", "proven / owed, at least (squares)"], ["ring", "printed"]]), draw: (charts, width) => charts.series(width, { months: all, items, unit: "percent", rule: 1, gaps: gaps(all, dated, (row) => ({ value: row.ratio_claimed ?? row.ratio_onchain ?? row.printed_ratio, reason: row.ratio_claimed_null_reason })) }) }) : null,
    units.length ? picture({ label: `${asset} held and owed by month, ${label}, in units`, height: 230, legend: legend([["dot claimed", "claimed"], ["onchain", "on chain, at least (triangles)"], ["proven", "proven, at least (squares)"], ["ring", "owed"]]), note: "In units of the asset.", draw: (charts, width) => charts.series(width, { months: all, items: units, unit: "number", zero: true, height: 230, gaps: gaps(all, dated, (row) => ({ value: row.reserves_claimed_units ?? row.reserves_onchain_units, reason: row.basis === "onchain" ? "nothing_observed" : "no_amount" })) }) }) : null,
    dated.length ? h("h3", null, said(asset), " by month") : null,
    dated.length ? table({ caption: `Ratio of ${asset} by month`, mart: "reserve_ratio", rows: [...dated].reverse(), lake, limit: 8, columns: [{ ...common(lake).month, more: undefined }, { name: "reserves_claimed_units", label: "Claimed", kind: "units", reason: () => "nothing_claimed" }, { name: "reserves_onchain_units", label: "On chain", kind: "units", lower: true, reason: () => "nothing_observed" }, { name: "reserves_proven_units", label: "Proven", kind: "units", lower: true, reason: () => "nothing_observed" }, { name: "liabilities_units", label: "Owed", kind: "units", reason: "liabilities_from_null_reason" }, { name: "ratio_claimed", label: "Claimed / owed", kind: "percent", places: 4, reason: "ratio_claimed_null_reason" }, { name: "printed_ratio", label: "Printed", kind: "printed", reason: "printed_ratio_null_reason" }, { name: "is_covered", label: "Proven covers", kind: "flag", reason: () => "not_known" }] }) : null,
    h("h3", null, months.length ? "All assets of the month" : "All assets"),
    ratioTable(place, ratioRows.filter((row) => attestations.includes(row.attestation))),
  );
}
