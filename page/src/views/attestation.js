// Everything of one attestation: what one exchange says of one moment.
import { h, said } from "../dom.js";
import { clock, common } from "../cells.js";
import { banner, moment, section, titleOf } from "../parts.js";
import { address } from "../state.js";
import { table } from "../table.js";
import { headline } from "./exchange.js";
import { down } from "./rows.js";
import { addresses, compositionNow, concentration, files, findings, hidden, liabilities, mainFirst, networks, proven, ratioTable, restatements, shortfall, unread } from "./sections.js";

/** @typedef {import("../data.js").Row} Row */

/** @param {import("../data.js").Lake} lake @param {import("../state.js").State} state @param {(query: Record<string, string|null>) => void} go */
export async function attestation(lake, state, go) {
  const id = state.id;
  const exchange = id.split("/")[0];
  const at = { attestation: id, exchange };
  const read = (/** @type {string} */ mart) => lake.rows(mart, at);
  const [months, composition, ratio, onNetworks, verdicts, seen, balances, lists, proofs, owed, arithmetic, collisions, restated, changes, turnover, accounts, reports, flows, streaks] = await Promise.all(
    ["exchange_month", "asset_composition", "reserve_ratio", "network_composition", "ownership_coverage", "signed_and_seen", "balance_reconciliation", "observed_lists", "liability_proofs", "liabilities_change", "report_arithmetic", "address_collisions", "restatements", "address_changes", "account_turnover", "concentration", "reports", "net_flow", "coverage_streak"].map(read),
  );
  const any = [...months, ...composition, ...ratio, ...reports, ...proofs, ...arithmetic, ...restated, ...lists][0];
  const label = `${titleOf(exchange, lake)}, ${id.split("/").slice(1).join("/")}`;
  if (!any) return { title: "No such attestation", content: [h("h1", null, "No such attestation"), h("p", null, "The published tables have no attestation ", said(id), ". ", h("a", { href: lake.exchanges.has(exchange) ? address("exchange", exchange) : address("market") }, "Those that they have"), ".")] };
  const link = (/** @type {string} */ part) => address("attestation", id, { section: part });
  const place = { lake, link, label };
  const order = mainFirst(streaks.map((row) => row.asset));
  const inARow = streaks.filter((row) => ["streak_claimed", "streak_printed", "streak_observed", "streak_published"].some((name) => row[name] !== null)).sort((a, b) => order.indexOf(a.asset) - order.indexOf(b.asset));
  return {
    title: label,
    content: [
      h("p", { class: "crumb" }, h("a", { href: address("market") }, "Market"), " / ", h("a", { href: address("exchange", exchange) }, said(titleOf(exchange, lake))), " / "),
      h("div", { class: "title" }, h("h1", null, label), h("p", { class: "lead" }, "What the exchange says of ", any.snapshot_at ? moment(any.snapshot_at) + clock(any.snapshot_at, lake.exchanges.get(exchange)?.utc_offset) : "a moment that is not dated", ", and what was found of it.")),
      shortfall(ratio),
      ...(months.length ? months.flatMap((row) => headline(row, lake, false)) : [banner("note", "It is not the last attestation of its month and basis, or is not dated: it has no row in the market's table.")]),
      files(place, reports, false),
      ratio.length ? section({ id: "ratios", title: "Held against owed", lake, link: link("ratios"), marts: ["reserve_ratio"], lead: "Claimed, seen on chain and proven stand apart; the last two are lower bounds." }, hidden(ratio), ratioTable(place, ratio, 20)) : null,
      composition.length ? compositionNow(place, composition) : null,
      onNetworks.length ? networks(place, onNetworks) : null,
      flows.length
        ? section({ id: "flows", title: "Flows", lake, link: link("flows"), marts: ["net_flow"], lead: "How each asset changed since the attestation before, a year before and the first." }, table({ caption: `Flows, ${label}`, mart: "net_flow", rows: flows, lake, limit: 12, columns: [common(lake).asset, { name: "since", label: "Since", kind: "words" }, { name: "units_before", label: "Before, units", kind: "units" }, { name: "units_after", label: "Now, units", kind: "units" }, { name: "units_change", label: "Change", kind: "units" }, { name: "usd_change", label: "Change, USD", kind: "money", reason: "ratio_usd_change_null_reason" }, { name: "usd_flow", label: "Flow", kind: "money", reason: "not_split_because" }, { name: "usd_price", label: "Price", kind: "money", reason: "not_split_because" }, { name: "usd_cross", label: "Price of what moved", kind: "money", reason: "not_split_because" }, { name: "usd_list", label: "List", kind: "money", reason: "not_split_because" }, { name: "usd_own", label: "Own tokens", kind: "money", reason: "not_split_because" }, { name: "basis", label: "Basis", kind: "words" }, { name: "base_attestation", label: "Against" }] }))
        : null,
      proven(place, verdicts, seen),
      balances.length || lists.length ? unread(place, balances, lists) : null,
      liabilities(place, proofs, owed, false),
      inARow.length ? section({ id: "streaks", title: "Snapshots in a row", lake, link: link("streaks"), marts: ["coverage_streak"], lead: "How many snapshots in a row an asset has been covered, by what is claimed, printed and proven." }, table({ caption: `Streaks, ${label}`, mart: "coverage_streak", rows: inARow, lake, limit: 8, columns: [common(lake).asset, { name: "streak_claimed", label: "Claimed", kind: "count" }, { name: "streak_printed", label: "Printed", kind: "count" }, { name: "streak_observed", label: "Proven", kind: "count" }, { name: "streak_published", label: "As the exchange states it", kind: "count" }, { name: "days_since", label: "Since the one before", kind: "days" }, { name: "missing_before", label: "Missing before", kind: "list" }] })) : null,
      findings(place, arithmetic, collisions, false),
      restatements(place, restated, false),
      changes.length || turnover.length ? addresses(place, changes, turnover, false) : null,
      concentration(place, accounts),
      down(place, reports, state, go),
    ],
  };
}
