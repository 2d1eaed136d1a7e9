// How one value stands in a table: exact, with its reason where there is none, with "at least" where it is a lower bound.
import * as decimal from "./decimal.js";
import { h, said, visible } from "./dom.js";
import { address } from "./state.js";

/** @typedef {import("./data.js").Row} Row */
/** @typedef {import("./data.js").Lake} Lake */
/** How a value is written. "money" US dollars, "units" of an asset or base units, "percent" a share or ratio (1 is all), "printed" percent as an exchange prints it,
 * "count", "days", "moment", "day", "month", "flag", "hash", "words" (codes), "name" (somebody else's text), "list" (of such), "codes" (a list of codes, each may go on with ": n").
 * @typedef {"money"|"units"|"percent"|"printed"|"count"|"days"|"moment"|"day"|"month"|"flag"|"hash"|"words"|"name"|"list"|"codes"} Kind */
/** A column of a table. `reason`: the column with the reason of a null, or the code itself; `lower`: whether the value is a lower bound.
 * @typedef {{name: string, label?: string, kind?: Kind, reason?: string|((row: Row) => string|null|undefined), lower?: boolean|((row: Row) => boolean), places?: number,
 *   mart?: string, show?: (value: any) => string, link?: (row: Row) => string|null, more?: (row: Row) => import("./dom.js").Child, head?: boolean, note?: string}} TableColumn */

const NUMBERS = new Set(["money", "units", "percent", "printed", "count", "days"]);

/** Which way a value of a mart's column is written, by its type and name. @param {{name: string, type: string}} column @returns {Kind} */
export function kindOf({ name, type }) {
  const plain = type.toLowerCase();
  if (plain.endsWith("[]")) return "list";
  if (plain.startsWith("decimal")) return name.startsWith("usd") ? "money" : name.startsWith("printed_ratio") ? "printed" : "units";
  if (plain === "double") return /^(share|ratio|cleanliness)/.test(name) || name.endsWith("_share") ? "percent" : "units";
  if (plain === "bigint" || plain === "integer") return /days/.test(name) ? "days" : "count";
  if (plain === "boolean") return "flag";
  if (plain.startsWith("timestamp")) return "moment";
  if (plain === "date") return name === "month" ? "month" : "day";
  if (/^(report|base_report|root|list|observation|container|build_id)$/.test(name)) return "hash";
  if (/reason$|^(verdict|basis|relation|status|kind|content|proof_|asset_class|since)/.test(name)) return "words";
  return "name";
}

/** @param {TableColumn} column */
export const isNumber = (column) => NUMBERS.has(column.kind ?? "name");

/** The exact text of a value, as it lies in the view file; what a test compares. @param {any} value @returns {string} */
export function exactText(value) {
  if (typeof value === "number") return Number.isFinite(value) ? decimal.exact(value) : String(value);
  if (Array.isArray(value)) return value.map(exactText).join("; ");
  return String(value);
}

/** Order of two values of a column, null always last. @param {any} a @param {any} b @param {Kind} kind @param {number} way 1 or -1 @returns {number} */
export function order(a, b, kind, way) {
  const none = Number(a === null || a === undefined) - Number(b === null || b === undefined);
  if (none || a === null || a === undefined) return none;
  const text = typeof a === "string" && typeof b === "string";
  if (text && NUMBERS.has(kind)) return way * decimal.compare(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return way * (a.length - b.length || (exactText(a) < exactText(b) ? -1 : exactText(a) > exactText(b) ? 1 : 0));
  return way * (a < b ? -1 : a > b ? 1 : 0);
}

/** @param {string} moment "2024-03-25T16:00:00Z" */
export const moment = (moment) => moment.replace("T", " ").replace(/(:\d\d)(:00)?(\.\d+)?Z$/, "$1 UTC");

/** The same moment by the exchange's clock, where that is not UTC: its ids name days of that clock. @param {string} moment @param {string|undefined} offset "+08:00" */
export function clock(moment, offset = "+00:00") {
  const found = /^([+-])(\d\d):(\d\d)$/.exec(offset);
  const minutes = found ? Number(`${found[1]}1`) * (Number(found[2]) * 60 + Number(found[3])) : 0;
  if (!minutes) return "";
  const there = new Date(Date.parse(moment) + minutes * 60_000).toISOString();
  return ` (${there.slice(0, 10)} ${there.slice(11, 16)} by its clock, UTC${offset})`;
}

/** "1 month", "3 months". @param {number} number @param {string} what */
export const counted = (number, what) => `${decimal.grouped(String(number))} ${what}${number === 1 ? "" : "s"}`;

/** How old something was at a moment, in words, by whole days that had passed; null where it was not there yet: an age is never below zero.
 * @param {string|null|undefined} from @param {string|null|undefined} to @returns {string|null} */
export function age(from, to) {
  const days = Math.floor((Date.parse(to ?? "") - Date.parse(from ?? "")) / 86_400_000);
  if (!(days >= 0)) return null;
  return days < 60 ? counted(days, "day") : days < 731 ? counted(Math.floor(days / 30.44), "month") : counted(Math.floor(days / 365.25), "year");
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** "Mar 2024" @param {string} month "2024-03" or a day of it */
export const monthName = (month) => `${MONTHS[Number(month.slice(5, 7)) - 1] ?? month} ${month.slice(0, 4)}`;

/** A code as words: no_price is "no price". @param {string} code */
export const words = (code) => visible(code).replaceAll("_", " ");

/** Where a value is missing: a dash, and why. @param {string|null|undefined} code @param {Lake} lake */
export function nothing(code, lake) {
  if (!code) return h("span", { class: "none" }, h("span", { "aria-hidden": "true" }, "\u2013"), h("span", { class: "unseen" }, "not stated"));
  return h("span", { class: "none", title: lake.meaning(code) ?? code }, words(code));
}

/** A value in the form of its kind, as text. @param {any} value @param {Kind} kind @param {number} [places] @returns {string} */
export function written(value, kind, places) {
  switch (kind) {
    case "money":
      return decimal.grouped(String(value));
    case "units":
      return decimal.grouped(decimal.trimmed(exactText(value)));
    case "percent":
      return decimal.percent(value, places ?? 2);
    case "printed":
      return decimal.grouped(decimal.trimmed(String(value))) + " %";
    case "count":
      return decimal.grouped(exactText(value));
    case "days":
      return `${decimal.grouped(exactText(value))} d`;
    case "moment":
      return moment(String(value));
    case "month":
      return monthName(String(value));
    case "flag":
      return value ? "yes" : "no";
    case "words":
      return words(String(value));
    default:
      return exactText(value);
  }
}

/** A hash, short to the eye and whole to who selects, copies or points at it. @param {string} hash */
export function hashed(hash) {
  return h("code", { class: "hash", title: hash }, h("span", null, visible(hash.slice(0, 10))), h("span", { class: "rest" }, visible(hash.slice(10))));
}

/** @param {Row} row @param {TableColumn} column @param {Lake} lake @returns {import("./dom.js").Child[]} */
export function content(row, column, lake) {
  const value = row[column.name];
  const kind = column.kind ?? "name";
  const more = column.more?.(row);
  if (value === null || value === undefined) return [nothing(reasonOf(row, column), lake), more];
  const link = column.link?.(row);
  if (kind === "hash") return [link ? h("a", { href: link }, hashed(String(value))) : hashed(String(value)), more];
  if (kind === "codes") return [value.length ? h("span", { class: "list" }, ...value.flatMap((/** @type {string} */ one, /** @type {number} */ index) => [index ? ", " : "", h("span", { title: lake.meaning(one.split(":")[0]) }, h("bdi", null, words(one)))])) : nothing(null, lake), more];
  if (kind === "list") return [value.length ? h("span", { class: "list" }, ...value.flatMap((/** @type {any} */ one, /** @type {number} */ index) => [index ? ", " : "", said(exactText(one))])) : nothing(null, lake), more];
  const shown = column.show ? said(column.show(value)) : kind === "name" ? said(value) : written(value, kind, column.places);
  const lower = typeof column.lower === "function" ? column.lower(row) : column.lower;
  const whole = kind === "percent" ? { title: `${exactText(value)} (1 is all)` } : kind === "words" && lake.meaning(String(value)) ? { title: lake.meaning(String(value)) } : null;
  const text = lower ? [h("span", { class: "least", title: "at least: a lower bound over what was observed" }, h("span", { "aria-hidden": "true" }, "\u2265\u00a0"), h("span", { class: "unseen" }, "at least "), shown)] : [whole ? h("span", whole, shown) : shown];
  return [link ? h("a", { href: link }, ...text) : text, more].flat();
}

/** @param {Row} row @param {TableColumn} column @returns {string|null} */
export function reasonOf(row, column) {
  if (!column.reason) return null;
  const reason = typeof column.reason === "function" ? column.reason(row) : row[column.reason];
  return reason ?? null;
}

/** Columns that many tables have. @param {Lake} lake */
export const common = (lake) => ({
  /** @type {TableColumn} */
  exchange: { name: "exchange", label: "Exchange", kind: "name", head: true, show: (id) => lake.exchanges.get(id)?.title || id, link: (row) => address("exchange", row.exchange) },
  /** @type {TableColumn} */
  attestation: { name: "attestation", label: "Attestation", kind: "name", head: true, link: (row) => address("attestation", row.attestation) },
  /** @type {TableColumn} */
  asset: { name: "asset", label: "Asset", kind: "name", head: true, link: (row) => (row.asset && lake.assets.has(row.asset) ? address("asset", row.asset) : null) },
  /** @type {TableColumn} */
  network: { name: "network", label: "Network", kind: "name", head: true, show: (id) => lake.networks.get(id)?.title || words(id) },
  /** @type {TableColumn} */
  month: { name: "month", label: "Month", kind: "month", head: true, link: (row) => address("attestation", row.attestation) },
  /** @type {TableColumn} */
  basis: { name: "basis", label: "Basis", kind: "words", reason: () => "nothing_stated", note: "What the amounts are made of: claimed (rows of addresses), published (totals) or onchain (an observed list of addresses)." },
  /** @type {TableColumn} */
  fileAge: { name: "file_age_days", label: "File", kind: "days", reason: (row) => (row.snapshot_at ? "archived_earlier" : "not_dated"), note: "Whole days from the snapshot to when its file first reached the archive." },
  /** @type {TableColumn} */
  listAge: { name: "list_age_days", label: "List", kind: "days", reason: (row) => (row.basis === "onchain" ? "no_older_list" : null), note: "Of an observed list of addresses: its age at the moment." },
  /** @type {TableColumn} */
  report: { name: "report", label: "File, sha256", kind: "hash", link: (row) => (row.attestation ? address("attestation", row.attestation, { section: "files" }) : null) },
});
