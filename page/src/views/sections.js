// Sections that the views of an exchange and of an attestation share. Each takes rows that were read, and says what they show.
import { LOOKED_AT, isBelow, isHidden } from "../alarm.js";
import { common, kindOf, monthName, words } from "../cells.js";
import * as decimal from "../decimal.js";
import { h, outside, said } from "../dom.js";
import { banner, legend, names, picture, section } from "../parts.js";
import { table } from "../table.js";

/** @typedef {import("../data.js").Row} Row */
/** @typedef {import("../data.js").Lake} Lake */
/** @typedef {import("../cells.js").TableColumn} TableColumn */
/** `link` makes the address of a section. @typedef {{lake: Lake, link: (section: string) => string, label: string}} Place */

const MOST = 14;

/** What the views read of reserve_ratio, which has many columns more. */
export const RATIO_COLUMNS = [...new Set(["attestation", "exchange", "snapshot_at", "asset", "reserves_claimed_units", "reserves_onchain_units", "reserves_proven_units", "liabilities_units", "liabilities_from", "liabilities_from_null_reason", "claimed_without_custody_units", "ratio_claimed", "ratio_claimed_null_reason", "ratio_onchain", "ratio_onchain_null_reason", "ratio_proven", "ratio_proven_null_reason", "printed_ratio_null_reason", ...LOOKED_AT])];

/** Sum of decimal texts, null where there is none. @param {(string|null)[]} texts */
const total = (texts) => {
  const there = /** @type {string[]} */ (texts.filter((text) => text !== null && text !== undefined));
  return there.length ? decimal.sum(there) : null;
};

/** The largest first, by exact value; null last. @param {Row[]} rows @param {string} column */
export const largest = (rows, column) => [...rows].sort((a, b) => (a[column] === null ? 1 : 0) - (b[column] === null ? 1 : 0) || (a[column] === null ? 0 : decimal.compare(b[column], a[column])));

/** Rows by the value of a column, in the order in which they come. @param {Row[]} rows @param {string} column @returns {Map<string, Row[]>} */
export function grouped(rows, column) {
  const found = new Map();
  for (const row of rows) found.set(row[column], [...(found.get(row[column]) ?? []), row]);
  return found;
}

/** What tells a row from others stands first, what is of its file last. */
const [FIRST, LAST] = [["attestation", "exchange", "month", "snapshot_at", "since", "network", "asset", "label", "basis"], ["report", "is_latest", "build_id"]];
const place = (/** @type {string} */ name) => (FIRST.includes(name) ? FIRST.indexOf(name) : LAST.includes(name) ? 100 + LAST.indexOf(name) : 50);

/** Exactly the columns of a mart, for tables that show all of it. @param {Lake} lake @param {string} mart @param {string[]} [without] @returns {TableColumn[]} */
export function allColumns(lake, mart, without = ["build_id", "is_latest", "exchange"]) {
  const known = /** @type {Record<string, TableColumn>} */ (common(lake));
  const columns = lake.marts.get(mart)?.columns ?? [];
  const there = new Set(columns.map((column) => column.name));
  return columns
    .filter((column) => !without.includes(column.name) && !column.name.endsWith("_null_reason"))
    .sort((a, b) => place(a.name) - place(b.name))
    .map((column) => ({ name: column.name, label: column.name.replaceAll("_", " "), kind: kindOf(column), note: column.description, reason: there.has(`${column.name}_null_reason`) ? `${column.name}_null_reason` : undefined, ...(known[column.name] ? { link: known[column.name].link } : {}) }));
}

/** @param {Place} place @param {Row[]} rows of asset_composition */
export function compositionNow({ lake, link, label }, rows) {
  const priced = largest(rows.filter((row) => row.usd !== null), "usd");
  const unpriced = rows.filter((row) => row.usd === null);
  const top = priced.slice(0, MOST);
  const rest = priced.slice(MOST);
  const lookOf = (/** @type {Row} */ row) => ({ bitcoin: "btc", ether: "eth", stablecoin: "stable", own: "own", affiliated: "affiliated", wrapped: "wrapped", receipt: "wrapped" })[/** @type {"own"} */ (row.relation)] ?? "other";
  const items = [
    ...top.map((row) => ({ label: row.asset, value: decimal.drawn(row.usd), look: lookOf(row), title: `${label}: ${row.asset}\n$${decimal.grouped(row.usd)}\n${decimal.grouped(decimal.trimmed(row.units ?? "0"))} units\n${row.share === null ? "" : decimal.percent(row.share) + " of what has a price"}` })),
    ...(rest.length ? [{ label: `${rest.length} more`, value: decimal.drawn(total(rest.map((row) => row.usd))), look: "other", title: `${label}: ${rest.length} more assets\n$${decimal.grouped(total(rest.map((row) => row.usd)) ?? "0")}` }] : []),
  ];
  return section(
    { id: "composition", title: "Composition", lake, link: link("composition"), marts: ["asset_composition"], lead: ["What the reserves are made of, by value. ", unpriced.length ? ["Without a price and so in no share: ", ...names(unpriced.map((row) => row.asset)), "; their units stand in the table."] : ""].flat(2) },
    items.length
      ? picture({ label: `Composition of the reserves of ${label}`, height: items.length * 26 + 38, legend: legend([["btc", "Bitcoin"], ["eth", "Ether"], ["stable", "Stablecoins"], ["own", "Own tokens"], ["wrapped", "Wrapped and receipt tokens"], ["other", "Everything else"]]), draw: (charts, width) => charts.bars(width, { items, sign: "$" }) })
      : null,
    table({
      caption: `Composition of ${label}`, mart: "asset_composition", rows: [...priced, ...unpriced], lake, limit: 12,
      columns: (/** @type {TableColumn[]} */ ([common(lake).asset, { name: "units", label: "Units", kind: "units", lower: (row) => row.basis === "onchain" }, { name: "usd", label: "USD", kind: "money", reason: "share_null_reason", lower: (row) => row.basis === "onchain" }, { name: "share", label: "Share", kind: "percent", reason: "share_null_reason" }, { name: "usd_price", label: "Price, USD", kind: "units", reason: "share_null_reason" }, { name: "price_source", label: "Price from" }, { name: "relation", label: "Kind", kind: "words" }, { name: "basis", label: "Basis", kind: "words" }, { name: "usd_published", label: "USD, printed", kind: "money" }, { name: "amount", label: "Base units", kind: "units" }])).filter((column) => column.name !== "usd_published" || rows.some((row) => row.usd_published !== null)),
    }),
  );
}

/** @param {Place} place @param {Row[]} rows of network_composition */
export function networks({ lake, link, label }, rows) {
  const by = [...grouped(rows, "network")].map(([network, of]) => ({ network, usd: total(of.map((row) => row.usd)), assets: of.length, unpriced: of.filter((row) => row.usd === null).length, onchain: of.some((row) => row.basis === "onchain") }));
  const sorted = largest(by, "usd");
  const items = sorted.slice(0, MOST).map((one) => ({ label: lake.networks.get(one.network)?.title || words(one.network), value: decimal.drawn(one.usd), look: one.onchain ? "onchain" : one.network === "not_stated" ? "published" : "claimed", title: `${words(one.network)}\n${one.usd === null ? "no price" : "$" + decimal.grouped(one.usd)}\n${one.assets} assets${one.unpriced ? `, ${one.unpriced} without a price` : ""}` }));
  return section(
    { id: "networks", title: "Networks", lake, link: link("networks"), marts: ["network_composition"], lead: "On which chains it lies. Where only a total is stated, no chain is." },
    items.length ? picture({ label: `Reserves of ${label} by network`, height: items.length * 26 + 38, draw: (charts, width) => charts.bars(width, { items, sign: "$" }) }) : null,
    table({ caption: `Networks and assets of ${label}`, mart: "network_composition", rows: largest(rows, "usd"), lake, limit: 12, columns: [common(lake).network, { ...common(lake).asset, head: false }, { name: "units", label: "Units", kind: "units", lower: (row) => row.basis === "onchain" }, { name: "usd", label: "USD", kind: "money", reason: "share_null_reason" }, { name: "share", label: "Share", kind: "percent", reason: "share_null_reason" }, { name: "share_of_asset", label: "Share of the asset", kind: "percent", reason: "share_of_asset_null_reason" }, { name: "holdings", label: "Holdings", kind: "count" }, { name: "basis", label: "Basis", kind: "words" }] }),
  );
}

const VERDICTS = /** @type {[string, string, string][]} */ ([
  ["proven", "verdict-proven", "proven: a signature by the address's own key or script"],
  ["owner_signed", "verdict-owner", "a stated owner signed"],
  ["signature_only", "verdict-only", "valid, but nothing binds key and address"],
  ["unsigned", "verdict-unsigned", "unsigned"],
  ["invalid", "verdict-invalid", "invalid or malformed"],
  ["unsupported", "verdict-unsupported", "cannot be judged here"],
]);

/** @param {Place} place @param {Row[]} rows of ownership_coverage @param {Row[]} seen of signed_and_seen */
export function proven({ lake, link, label }, rows, seen) {
  const verdictOf = (/** @type {string} */ verdict) => (verdict === "malformed" ? "invalid" : verdict);
  const all = [...grouped(rows, "network")].map(([network, of]) => ({ network, of, usd: total(of.map((row) => row.usd)) }));
  const shown = /** @type {typeof all} */ (largest(all, "usd").slice(0, MOST));
  const nameOf = (/** @type {string} */ network) => lake.networks.get(network)?.title || words(network);
  const items = shown.flatMap(/** @returns {import("../charts.js").Item[]} */ ({ network, of, usd: all }) => {
    const name = nameOf(network);
    if (all === null || /^0*(\.0*)?$/.test(all)) return [{ label: name, value: null, look: "muted", title: `${name}\nnothing with a price` }];
    return VERDICTS.flatMap(([verdict, look, text]) => {
      const usd = total(of.filter((row) => verdictOf(row.verdict) === verdict).map((row) => row.usd));
      return usd === null ? [] : [{ label: name, part: verdict, look, value: Number(usd) / Number(all), title: `${name}\n${text}\n$${decimal.grouped(usd)} of $${decimal.grouped(all)}` }];
    });
  });
  const used = VERDICTS.filter(([verdict]) => shown.flatMap((one) => one.of).some((row) => verdictOf(row.verdict) === verdict));
  return section(
    { id: "proven", title: "Who can prove control", lake, link: link("proven"), marts: ["ownership_coverage", "signed_and_seen"], lead: "Share of the claimed value by what its signatures show. That somebody signed says nothing of what the chain holds: both together stand in the second table, a lower bound." },
    items.length ? picture({ label: `Signatures of ${label} by network, share of the claimed value`, height: shown.length * 26 + 38, note: all.length > shown.length ? `The ${shown.length} networks with the most value; all ${all.length} stand in the table.` : null, legend: legend(used.map(([, look, text]) => /** @type {[string, string]} */ ([look, text]))), draw: (charts, width) => charts.shares(width, { items }) }) : null,
    table({ caption: `Verdicts of ${label}`, mart: "ownership_coverage", rows: largest(rows, "usd"), lake, limit: 10, empty: "No addresses are listed, so nobody can have signed for them.", columns: [common(lake).network, { name: "verdict", label: "Verdict", kind: "words" }, { name: "reason", label: "Reason", kind: "words" }, { name: "rows", label: "Rows", kind: "count" }, { name: "usd", label: "USD", kind: "money", reason: "share_null_reason" }, { name: "share", label: "Share", kind: "percent", reason: "share_null_reason" }, { name: "rows_on_older_message", label: "On an older message", kind: "count", note: "Rows that rest on a message which an earlier attestation already had." }, { name: "rows_naming_exchange", label: "Message names the exchange", kind: "count" }, { name: "rows_naming_date", label: "names a date", kind: "count" }, { name: "rows_naming_address", label: "names the address", kind: "count" }] }),
    seen.length ? h("h3", null, "Signed for and seen on chain") : null,
    seen.length ? table({ caption: `Signed and seen, ${label}`, mart: "signed_and_seen", rows: largest(seen, "usd_claimed"), lake, limit: 10, columns: [common(lake).network, { name: "usd_claimed", label: "Claimed, USD", kind: "money", reason: "share_signed_null_reason" }, { name: "usd_signed", label: "Signed, USD", kind: "money", reason: "share_signed_null_reason" }, { name: "usd_seen", label: "Seen, USD", kind: "money", reason: "share_seen_null_reason", lower: true }, { name: "usd_signed_and_seen", label: "Both, USD", kind: "money", reason: "share_signed_and_seen_null_reason", lower: true }, { name: "share_signed_and_seen", label: "Share", kind: "percent", reason: "share_signed_and_seen_null_reason", lower: true }, { name: "holdings", label: "Holdings", kind: "count" }, { name: "holdings_signed_and_seen", label: "of them both", kind: "count" }] }) : null,
  );
}

/** @param {Place} place @param {Row[]} rows of balance_reconciliation @param {Row[]} lists of observed_lists */
export function unread({ lake, link, label }, rows, lists) {
  const first = [...rows].sort((a, b) => Number(b.unobserved - a.unobserved) || Number(b.differing - a.differing));
  return section(
    { id: "unread", title: "Against the chains", lake, link: link("unread"), marts: ["balance_reconciliation", ...(lists.length ? ["observed_lists"] : [])], lead: "What is claimed beside what the chain shows at the snapshot's block, and what was not read and why. A holding that was not read is unknown, not missing." },
    table({ caption: `Claims against the chains, ${label}`, mart: "balance_reconciliation", rows: first, lake, limit: 12, empty: "Nothing is claimed at addresses, or no chain was asked.", columns: [common(lake).network, { ...common(lake).asset, head: false }, { name: "holdings", label: "Holdings", kind: "count" }, { name: "matched", label: "Matched", kind: "count" }, { name: "rounded", label: "Rounded", kind: "count" }, { name: "differing", label: "Differing", kind: "count" }, { name: "other_moment", label: "Other moment", kind: "count" }, { name: "unobserved", label: "Not read", kind: "count" }, { name: "unobserved_reasons", label: "Why not", kind: "codes" }, { name: "claimed", label: "Claimed, base units", kind: "units" }, { name: "onchain", label: "On chain, base units", kind: "units", lower: true, reason: () => "nothing_observed" }, { name: "difference", label: "Difference", kind: "units" }, { name: "confirmed", label: "Confirmed", kind: "count", note: "Holdings of which a host of another operator said the same." }, { name: "proved", label: "Proved", kind: "count", note: "Holdings whose balance a Merkle proof shows." }] }),
    lists.length ? h("h3", null, "The list of addresses and its age") : null,
    lists.length ? table({ caption: `Observed lists, ${label}`, mart: "observed_lists", rows: lists, lake, columns: [common(lake).network, { name: "accounts", label: "Accounts", kind: "count" }, { name: "accounts_read", label: "Read", kind: "count" }, { name: "holdings_exact", label: "At the block", kind: "count" }, { name: "holdings_near", label: "Near it", kind: "count" }, { name: "holdings_not_read", label: "Not read", kind: "count" }, { name: "not_read_because", label: "Why not", kind: "codes" }, { name: "list_day", label: "List of", kind: "day" }, { ...common(lake).listAge, label: "Age", reason: (row) => (row.list_day ? "younger_than_the_moment" : "not_dated") }, { name: "list_stated_by", label: "Stated by" }, { name: "list", label: "List, sha256", kind: "hash" }] }) : null,
  );
}

/** Only what needs a reader's eye; all lines are one step away. @param {Place} place @param {Row[]} arithmetic @param {Row[]} collisions @param {boolean} [months] */
export function findings({ lake, link, label }, arithmetic, collisions, months = true) {
  const odd = arithmetic.filter((row) => !["equal", "rounding"].includes(row.status));
  const first = /** @type {TableColumn[]} */ (months ? [common(lake).attestation] : []);
  return section(
    { id: "findings", title: "Findings", lake, link: link("findings"), marts: ["report_arithmetic", "address_collisions"], lead: "Lines of a file's summary that its own rows do not add up to, labels under which nothing or another's rows lie, and addresses that somebody else claims too." },
    h("h3", null, "The file's own sums"),
    table({ caption: `Sums that do not hold, ${label}`, mart: "report_arithmetic", rows: odd, lake, limit: 10, empty: arithmetic.length ? `All ${arithmetic.length} lines that could be compared add up.` : "The files print no sums of their rows.", columns: [...first, { name: "label", label: "Line", head: !months }, { ...common(lake).asset, head: false }, { name: "status", label: "Status", kind: "words" }, { name: "printed_units", label: "Printed", kind: "units" }, { name: "summed_units", label: "Its rows", kind: "units" }, { name: "difference_units", label: "Difference", kind: "units" }, { name: "unread_lines", label: "Lines not read", kind: "count" }, { name: "rows_refused", label: "Rows not read", kind: "count" }, { name: "under_other_label", label: "Found under" }] }),
    h("h3", null, "Addresses that others claim"),
    table({ caption: `Addresses claimed by others too, ${label}`, mart: "address_collisions", rows: collisions, lake, limit: 8, empty: "None is known.", columns: [common(lake).network, { name: "address", label: "Address" }, { name: "against", label: "Also of" }, { name: "against_kind", label: "As", kind: "words" }, { name: "at_the_same_time", label: "At the same time", kind: "flag" }, { name: "days_apart", label: "Apart", kind: "days" }, { name: "assets", label: "Assets", kind: "list" }, { name: "usd", label: "USD", kind: "money" }, { name: "against_source", label: "Says" }] }),
  );
}

/** @param {Place} place @param {Row[]} proofs of liability_proofs @param {Row[]} changes of liabilities_change @param {boolean} [months] */
export function liabilities({ lake, link, label }, proofs, changes, months = true) {
  const first = /** @type {TableColumn[]} */ (months ? [common(lake).attestation] : []);
  const newest = (/** @type {Row[]} */ rows) => [...rows].sort((a, b) => (a.snapshot_at === b.snapshot_at ? 0 : (a.snapshot_at ?? "") < (b.snapshot_at ?? "") ? 1 : -1));
  return section(
    { id: "liabilities", title: "What is owed", lake, link: link("liabilities"), marts: ["liability_proofs", "liabilities_change"], lead: "Published proofs of liabilities, what was found when they were checked, and what even a proof that holds leaves open." },
    table({ caption: `Proofs of liabilities, ${label}`, mart: "liability_proofs", rows: newest(proofs), lake, limit: 10, empty: "No proof of liabilities was published that porlake has: what is owed is the exchange's word.", columns: [...first, { ...common(lake).asset, head: !months }, { name: "proof_kind", label: "Kind", kind: "words" }, { name: "proof_scheme", label: "Scheme", kind: "words" }, { name: "proof_verdict", label: "Verdict", kind: "words" }, { name: "reason", label: "Reason", kind: "words" }, { name: "owed_units", label: "Owed, units", kind: "units", reason: "owed_null_reason" }, { name: "is_proven", label: "Proven", kind: "flag" }, { name: "liabilities_printed_units", label: "Printed, units", kind: "units" }, { name: "liabilities_status", label: "The two", kind: "words" }, { name: "leaves", label: "Accounts", kind: "count" }, { name: "not_shown", label: "Leaves open", kind: "codes" }, { name: "findings", label: "Findings", kind: "codes" }, { name: "proof_detail", label: "In words" }] }),
    changes.length ? h("h3", null, "How it changed") : null,
    changes.length ? table({ caption: `Change of what is owed, ${label}`, mart: "liabilities_change", rows: newest(changes.filter((row) => row.since === "previous")), lake, limit: 10, columns: [...first, { ...common(lake).asset, head: !months }, { name: "units_before", label: "Before, units", kind: "units" }, { name: "units_after", label: "Now, units", kind: "units" }, { name: "units_change", label: "Change", kind: "units" }, { name: "ratio_change", label: "Change", kind: "percent", reason: "ratio_change_null_reason" }, { name: "usd_change", label: "USD", kind: "money" }, { name: "usd_flow", label: "of it flow", kind: "money" }, { name: "usd_price", label: "of it price", kind: "money" }, { name: "days", label: "Over", kind: "days" }] }) : null,
  );
}

/** @param {Place} place @param {Row[]} rows of restatements @param {boolean} [months] */
export function restatements({ lake, link, label }, rows, months = true) {
  return section(
    { id: "restatements", title: "Restatements", lake, link: link("restatements"), marts: ["restatements"], lead: "What a later file says otherwise than an earlier one of the same moment, what two sources say of it, and files that repeat an older one byte for byte." },
    table({ caption: `Restatements, ${label}`, mart: "restatements", rows: rows.filter((row) => !row.is_identical || row.kind === "repeat"), lake, limit: 10, empty: "Nothing was stated anew.", columns: [...(months ? [common(lake).attestation] : []), { name: "kind", label: "Kind", kind: "words" }, { name: "what", label: "What", kind: "words" }, { ...common(lake).asset, head: false }, { name: "statement", label: "Who says it" }, { name: "revision", label: "Edition", kind: "count" }, { name: "rows_added", label: "Added", kind: "count" }, { name: "rows_dropped", label: "Dropped", kind: "count" }, { name: "rows_changed", label: "Changed", kind: "count" }, { name: "units_change", label: "Change, units", kind: "units" }, { name: "base_attestation", label: "Repeats" }, { name: "report", label: "File, sha256", kind: "hash" }, { name: "base_report", label: "Against, sha256", kind: "hash" }] }),
  );
}

/** @param {Place} place @param {Row[]} changes of address_changes @param {Row[]} turnover of account_turnover @param {boolean} [months] */
export function addresses({ lake, link, label }, changes, turnover, months = true) {
  const first = /** @type {TableColumn[]} */ (months ? [common(lake).attestation] : []);
  return section(
    { id: "addresses", title: "The list of addresses", lake, link: link("addresses"), marts: ["address_changes", "account_turnover"], lead: "Addresses that came and went since the list before, and what they hold. They change the reserves without a coin being moved." },
    table({ caption: `Added and dropped addresses, ${label}`, mart: "address_changes", rows: changes.filter((row) => row.since === "previous" && (row.holdings_added || row.holdings_dropped)).reverse(), lake, limit: 10, empty: "No list before it, or nothing came or went.", columns: [...first, { ...common(lake).network, head: !months }, { ...common(lake).asset, head: false }, { name: "holdings_added", label: "Added", kind: "count" }, { name: "units_added", label: "Units", kind: "units" }, { name: "usd_added", label: "USD", kind: "money" }, { name: "holdings_dropped", label: "Dropped", kind: "count" }, { name: "units_dropped", label: "Units", kind: "units" }, { name: "usd_dropped", label: "USD", kind: "money" }, { name: "basis", label: "Basis", kind: "words" }, { name: "base_attestation", label: "Against" }] }),
    turnover.length ? h("h3", null, "Accounts kept, gained and lost") : null,
    turnover.length ? table({ caption: `Turnover of accounts, ${label}`, mart: "account_turnover", rows: [...turnover].reverse(), lake, limit: 10, columns: [...first, { ...common(lake).network, head: !months }, { name: "accounts", label: "Accounts", kind: "count" }, { name: "accounts_new", label: "New", kind: "count" }, { name: "accounts_back", label: "Back", kind: "count" }, { name: "accounts_dropped", label: "Dropped", kind: "count" }, { name: "share_added", label: "Added", kind: "percent", reason: "share_added_null_reason" }, { name: "share_dropped", label: "Dropped", kind: "percent", reason: "share_dropped_null_reason" }] }) : null,
  );
}

/** @param {Place} place @param {Row[]} rows of concentration */
export function concentration({ lake, link, label }, rows) {
  if (!rows.length) return null;
  const wallets = rows.filter((row) => row.asset !== "TOTAL").flatMap((row) => (row.largest_addresses ?? []).slice(0, 5).map((/** @type {string} */ address, /** @type {number} */ index) => ({ ...row, address, network: row.largest_networks?.[index] ?? null, held: row.largest_amounts?.[index] ?? null })));
  return section(
    { id: "wallets", title: "The largest accounts", lake, link: link("wallets"), marts: ["concentration"], lead: "How few accounts hold most of it. TOTAL is all assets with a price together, by value." },
    table({ caption: `Concentration, ${label}`, mart: "concentration", rows: largest(rows, "usd"), lake, limit: 8, columns: [common(lake).asset, { name: "accounts", label: "Accounts", kind: "count" }, { name: "share_largest", label: "The largest", kind: "percent", reason: "share_largest_null_reason" }, { name: "share_top_10", label: "The ten largest", kind: "percent", reason: "share_top_10_null_reason" }, { name: "hhi", label: "Herfindahl-Hirschman", kind: "units" }, { name: "units", label: "Units", kind: "units" }, { name: "usd", label: "USD", kind: "money" }] }),
    wallets.length ? h("h3", null, "Their addresses") : null,
    wallets.length ? table({ caption: `Largest addresses, ${label}`, mart: "concentration", rows: wallets, lake, limit: 10, columns: [{ ...common(lake).asset, head: false }, common(lake).network, { name: "address", label: "Address" }, { name: "held", label: "Base units", kind: "units" }] }) : null,
  );
}

/** @param {Place} place @param {Row[]} rows of reports @param {boolean} [months] */
export function files({ lake, link, label }, rows, months = true) {
  if (!lake.has("reports")) return null;
  const first = /** @type {TableColumn[]} */ (months ? [common(lake).attestation] : []);
  return section(
    { id: "files", title: "Published files", lake, link: link("files"), marts: ["reports"], lead: "Every figure rests on these bytes: fetch the file from its address, and its sha256 must be the one that stands here." },
    table({ caption: `Files of ${label}`, mart: "reports", rows: [...rows].reverse(), lake, limit: 10, columns: [...first, { name: "file_name", label: "File", head: !months }, { name: "content", label: "States", kind: "words" }, { name: "report", label: "sha256", kind: "hash" }, { name: "origin", label: "Address", more: (row) => (row.origin && /^https?:/i.test(row.origin) ? h("span", { class: "open" }, " ", outside(row.origin, "open")) : null) }, { name: "retrieved_at", label: "Fetched", kind: "moment" }, { ...common(lake).fileAge, label: "After" }, { name: "revision", label: "Edition", kind: "count" }, { name: "is_newest", label: "Counts", kind: "flag" }, { name: "lines_refused", label: "Lines not read", kind: "count" }, { name: "lines_refused_because", label: "Why", kind: "codes" }, { name: "size_bytes", label: "Bytes", kind: "count" }] }),
  );
}

/** @param {Row[]} rows of reserve_ratio @returns {HTMLElement|null} */
export function shortfall(rows) {
  const short = rows.filter(isBelow);
  if (!short.length) return null;
  const units = (/** @type {string|null} */ text) => decimal.grouped(decimal.trimmed(text ?? "0"));
  return banner("warning", "Less than what is owed, with every claimed holding read on the chains: ", ...short.slice(0, 8).flatMap((row, index) => [index ? "; " : "", said(row.asset), `: ${units(row.liabilities_units)} owed, ${units(row.reserves_claimed_units)} claimed, ${units(row.reserves_onchain_units)} seen`]), short.length > 8 ? ` and ${short.length - 8} more` : "", ".");
}

/** What is owed first, and of it the main assets. @param {Row[]} rows of reserve_ratio */
function owedFirst(rows) {
  const place = new Map(mainFirst(rows.map((row) => row.asset)).map((asset, index) => [asset, index]));
  return [...rows].sort((a, b) => Number(a.liabilities_units === null) - Number(b.liabilities_units === null) || (place.get(a.asset) ?? 0) - (place.get(b.asset) ?? 0));
}

/** Where the printed percentage says 100 and the figures do not. @param {Row[]} rows of reserve_ratio @returns {HTMLElement|null} */
export function hidden(rows) {
  const found = rows.filter(isHidden);
  return found.length ? banner("warning", "Printed as 100 % or more although less is claimed than owed: ", ...found.flatMap((row, index) => [index ? ", " : "", said(row.asset), row.ratio_claimed === null ? "" : ` (${decimal.percent(row.ratio_claimed, 4)})`]), ".") : null;
}

/** Reserves against liabilities, asset by asset, of one attestation. @param {Place} place @param {Row[]} rows of reserve_ratio */
export function ratioTable({ lake, label }, rows, limit = 12) {
  const covered = (/** @type {Row} */ row) => (row.is_covered === null ? "not_known" : null);
  return table({
    caption: `Reserves against liabilities, ${label}`, mart: "reserve_ratio", rows: owedFirst(rows), lake, limit,
    columns: [common(lake).asset, { name: "ratio_claimed", label: "Claimed / owed", kind: "percent", places: 4, reason: "ratio_claimed_null_reason" }, { name: "printed_ratio", label: "Printed", kind: "printed", reason: "printed_ratio_null_reason" }, { name: "ratio_onchain", label: "On chain / owed", kind: "percent", places: 4, lower: true, reason: "ratio_onchain_null_reason" }, { name: "ratio_proven", label: "Proven / owed", kind: "percent", places: 4, lower: true, reason: "ratio_proven_null_reason" }, { name: "reserves_claimed_units", label: "Claimed", kind: "units", reason: (row) => (row.basis === "onchain" ? "nobody_claims" : "no_amount") }, { name: "reserves_onchain_units", label: "On chain", kind: "units", lower: true, reason: () => "nothing_observed" }, { name: "reserves_proven_units", label: "Proven", kind: "units", lower: true, reason: () => "nothing_observed" }, { name: "liabilities_units", label: "Owed", kind: "units", reason: "liabilities_from_null_reason" }, { name: "liabilities_from", label: "Owed by", kind: "words", reason: "liabilities_from_null_reason" }, { name: "claimed_without_custody_units", label: "Without custody", kind: "units" }, { name: "is_covered_claimed", label: "Claim covers", kind: "flag", reason: "ratio_claimed_null_reason" }, { name: "is_covered", label: "Proven covers", kind: "flag", reason: covered }],
  });
}

/** @param {Row} row of reserve_ratio, over months or exchanges @param {string} month @returns {import("../charts.js").MonthItem[]} */
export function ratioItems(row, month) {
  const items = [];
  const at = `${row.asset}, ${monthName(month)}, ${row.attestation}`;
  for (const [part, look, text] of [["claimed", "claimed", "claimed / owed: "], ["onchain", "onchain", "on chain / owed: at least "], ["proven", "proven", "proven / owed: at least "]])
    if (row[`ratio_${part}`] !== null) items.push({ month, part, look, value: row[`ratio_${part}`], title: `${at}\n${text}${decimal.percent(row[`ratio_${part}`], 4)}` });
  if (row.printed_ratio !== null) items.push({ month, part: "printed", look: "muted", value: Number(row.printed_ratio) / 100, title: `${at}\nprinted: ${decimal.trimmed(row.printed_ratio)} %` });
  return items;
}

/** Assets by which a reader may choose: the main ones first. @param {string[]} assets @returns {string[]} */
export function mainFirst(assets) {
  const order = ["BTC", "ETH", "USDT", "USDC"];
  return [...new Set(assets)].sort((a, b) => (order.indexOf(a) + 1 || 99) - (order.indexOf(b) + 1 || 99) || (a < b ? -1 : 1));
}

