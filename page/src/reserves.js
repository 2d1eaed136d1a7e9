// Rows of exchange_month as the pictures need them: which sum stands for the reserves, on which basis, and which months are missing.
import * as decimal from "./decimal.js";
import { monthName, words } from "./cells.js";
import { monthsBetween } from "./state.js";

/** @typedef {import("./data.js").Row} Row */
/** @typedef {import("./data.js").Lake} Lake */

export const LOOKS = { claimed: "claimed", published: "published", onchain: "onchain" };
export const BASES = {
  claimed: "claimed: the exchange lists addresses with amounts",
  published: "published: the exchange prints totals",
  onchain: "on chain: at least, what was seen at listed addresses",
};

/** @param {Row} row @returns {"claimed"|"published"|"onchain"} */
export const lookOf = (row) => (row.basis === "onchain" ? "onchain" : row.basis === "claimed" ? "claimed" : "published");

/** The sum in US dollars that stands for the reserves: at our prices where there are any, else the exchange's own, which is another thing and is said so.
 * @param {Row} row of exchange_month @returns {{value: string|null, column: string, how: string, reason: string|null}} */
export function reserves(row) {
  if (row.usd_total !== null) return { value: row.usd_total, column: "usd_total", how: "amounts at market prices", reason: null };
  if (row.usd_published_sum !== null) return { value: row.usd_published_sum, column: "usd_published_sum", how: "as the exchange prints it", reason: null };
  if (row.usd_published !== null) return { value: row.usd_published, column: "usd_published", how: "sum of what the exchange prints for assets", reason: null };
  return { value: null, column: "usd_total", how: "", reason: row.share_null_reason ?? "nothing_stated" };
}

/** The flags of a row in words, "" where it has none. @param {Row} row */
export const flagWords = (row) => [row.contradicted_by_own_total && "contradicts its own total", row.is_repeat && "repeats an older file", row.rows_refused > 0 && "has rows that could not be read"].filter(Boolean).join("; ");

/** What is read at a bar of the reserves. @param {Row} row @param {string} name of the exchange */
export function reservesTitle(row, name) {
  const sum = reserves(row);
  const least = row.basis === "onchain" ? "at least " : "";
  const head = `${name}, ${monthName(row.month)}\n${row.basis ? words(row.basis) : "no amounts"}`;
  const flags = flagWords(row);
  const text = sum.value === null ? `${head}\nno sum: ${words(sum.reason ?? "")}` : `${head}: ${least}$${decimal.grouped(sum.value)}\n${sum.how}`;
  return flags ? `${text}\n\u2691 ${flags}` : text;
}

/** Of each exchange the rows of its newest month, or those of one month. @param {Row[]} rows @param {string|undefined} month "2024-03" */
export function ofMonth(rows, month) {
  if (month) return rows.filter((row) => row.month.slice(0, 7) === month);
  /** @type {Map<string, string>} */
  const newest = new Map();
  for (const row of rows) if ((newest.get(row.exchange) ?? "") < row.month) newest.set(row.exchange, row.month);
  return rows.filter((row) => newest.get(row.exchange) === row.month);
}

/** All months from the first to the last of some rows, as "2024-03". @param {Row[]} rows */
export function span(rows) {
  const months = rows.map((row) => row.month.slice(0, 7)).sort();
  return months.length ? monthsBetween(months[0], months[months.length - 1]) : [];
}

/** What came and went over the last `most` months of a row's basis, exact: the sum of its flows, where they reach back that far and none is missing.
 * @param {Row[]} rows of exchange_month @param {Row} row @param {number} most @returns {{value: string|null, days: number, reason: string|null}} */
export function flowOver(rows, row, most) {
  const last = row.month.slice(0, 7);
  const months = monthsBetween(`${Number(last.slice(0, 4)) - Math.ceil(most / 12) - 1}-01`, last).slice(-most);
  const of = rows.filter((one) => one.exchange === row.exchange && one.basis === row.basis && months.includes(one.month.slice(0, 7)));
  const missing = of.find((one) => one.usd_flow === null || one.days === null);
  const days = of.reduce((total, one) => total + Number(one.days ?? 0), 0);
  if (missing) return { value: null, days, reason: missing.usd_flow_null_reason ?? "nothing_before" };
  // A flow is that since the attestation before, so the flows of all rows follow each other without a gap, if they begin early enough.
  if (days < most * 28) return { value: null, days, reason: "nothing_before" };
  return { value: decimal.sum(of.map((one) => one.usd_flow)), days, reason: null };
}

/** Months without a value, and why. @param {string[]} months @param {Row[]} rows @param {(row: Row) => {value: any, reason?: string|null}} of */
export function gaps(months, rows, of) {
  const found = new Map(months.map((month) => [month, "nothing of the kind was published of this month"]));
  for (const row of rows) {
    const { value, reason } = of(row);
    const month = row.month.slice(0, 7);
    if (value !== null && value !== undefined) found.delete(month);
    else if (found.has(month)) found.set(month, reason ? words(reason) : "not stated");
  }
  return [...found].map(([month, why]) => ({ month, title: `${monthName(month)}: no value\n${why}` }));
}
