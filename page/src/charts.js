// The pictures. Lengths are drawn from Numbers; every number that can be read (tips) is the exact text that stands in the table beside.
import { axisX, axisY, barX, barY, cell, dot, gridX, gridY, line, plot, ruleX, ruleY, text, tickX, tip, pointerX, pointerY } from "@observablehq/plot";
import { monthName } from "./cells.js";
import { visible } from "./dom.js";

/** `value` is drawn, `title` is read; `look` names a colour or pattern of style.css.
 * @typedef {{label: string, value: number|null, look: string, title: string, part?: string}} Item */
/** @typedef {{month: string, value: number|null, look: string, title: string, part?: string, flag?: string}} MonthItem */

const UNITS = ["", "k", "M", "B", "T", "P"];
/** @param {number} value @param {string} [sign] */
export function axisNumber(value, sign = "") {
  const size = Math.abs(value);
  const step = size < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(size) / 3 + 1e-9));
  const shown = Number((size / 1000 ** step).toPrecision(3));
  return `${value < 0 ? "\u2212" : ""}${sign}${shown}${UNITS[step]}`;
}
const dollars = (/** @type {number} */ value) => axisNumber(value, "$");
const percents = (/** @type {number} */ value) => `${Number((value * 100).toFixed(2))} %`;

/** @param {string} look */
const fill = (look) => (HATCHED.has(look) ? `url(#hatch-${look})` : `var(--${look})`);
/** @param {string} look */
const stroke = (look) => `var(--${look === "published" ? "published-line" : look})`;
const HATCHED = new Set(["onchain", "proven"]);

/** Labels that fit, whatever somebody called himself. @param {string} label */
function cut(label, most = 20) {
  const shown = [...visible(label)];
  return shown.length > most ? shown.slice(0, most - 1).join("") + "\u2026" : shown.join("");
}

/** @param {string[]} labels */
const margin = (labels) => Math.min(160, 18 + 7.2 * Math.max(4, ...labels.map((label) => cut(label).length)));

/** Plot's picture as the page's policy lets it stand: without the style element that it puts inside (style.css has those rules).
 * @param {any} options @returns {SVGElement} */
function picture(options) {
  const svg = /** @type {SVGElement} */ (plot({ className: "plot", style: { background: "transparent", fontFamily: "inherit", fontSize: "12px" }, ...options }));
  for (const style of svg.querySelectorAll("style")) style.remove();
  // The picture has one name (parts.js); names of its groups, which have no role, are none that may be read.
  for (const group of svg.querySelectorAll("[aria-label], [aria-description]")) for (const name of ["aria-label", "aria-description"]) group.removeAttribute(name);
  return svg;
}

const TIP = { className: "tip", fill: "var(--surface)", stroke: "var(--line-strong)", lineWidth: 34, lineHeight: 1.35, textPadding: 9, pathFilter: "none" };

/** Horizontal bars, the longest first as given. `sign` "$" for dollars. @param {number} width @param {{items: Item[], sign?: string, marks?: Item[]}} asked */
export function bars(width, { items, sign = "", marks = [] }) {
  const labels = [...new Set([...items, ...marks].map((item) => item.label))];
  const groups = [...new Set(items.map((item) => item.part ?? ""))];
  const some = [...items, ...marks].some((item) => item.value !== null);
  return picture({
    width,
    height: barsHeight(labels.length, groups.length),
    marginLeft: margin(labels),
    marginRight: 24,
    marginBottom: 30,
    marginTop: 6,
    x: some ? { zero: true, nice: true, label: null } : { domain: [0, 1], label: null },
    y: groups.length > 1 ? { domain: groups, axis: null, padding: 0.1 } : { domain: labels, label: null, padding: 0.3 },
    fy: groups.length > 1 ? { domain: labels, label: null, padding: 0.25, axis: "left", tickFormat: (/** @type {string} */ label) => cut(label) } : undefined,
    marks: [
      gridX({ stroke: "var(--line)", strokeOpacity: 1 }),
      axisX({ ticks: some ? Math.max(2, Math.min(6, Math.floor(width / 110))) : [], tickFormat: (/** @type {number} */ value) => axisNumber(value, sign), tickSize: 0, color: "var(--muted)" }),
      ...(groups.length > 1 ? [] : [axisY({ tickFormat: (/** @type {string} */ label) => cut(label), tickSize: 0, color: "var(--text)" })]),
      barX(items.filter((item) => item.value !== null), { y: groups.length > 1 ? (/** @type {Item} */ item) => item.part ?? "" : "label", fy: groups.length > 1 ? "label" : undefined, x: "value", fill: (/** @type {Item} */ item) => fill(item.look), stroke: (/** @type {Item} */ item) => stroke(item.look), strokeWidth: 1, insetTop: 1, insetBottom: 1 }),
      text(items.filter((item) => item.value === null), { y: groups.length > 1 ? (/** @type {Item} */ item) => item.part ?? "" : "label", fy: groups.length > 1 ? "label" : undefined, frameAnchor: "left", dx: 6, text: (/** @type {Item} */ item) => cut(item.title.split("\n").at(-1) ?? "", 44), fill: "var(--muted)", fontStyle: "italic" }),
      tickX(marks.filter((item) => item.value !== null), { y: groups.length > 1 ? undefined : "label", fy: groups.length > 1 ? "label" : undefined, x: "value", stroke: "var(--text)", strokeWidth: 2 }),
      ruleX([0], { stroke: "var(--line-strong)" }),
      tip([...items, ...marks].filter((item) => item.value !== null), pointerY({ y: groups.length > 1 ? (/** @type {Item} */ item) => item.part ?? groups[0] : "label", fy: groups.length > 1 ? "label" : undefined, x: "value", title: "title", ...TIP })),
    ],
  });
}
/** @param {number} labels @param {number} [groups] */
export const barsHeight = (labels, groups = 1) => labels * (groups > 1 ? groups * 14 + 12 : 26) + 38;

/** Parts of a whole, one line each, 0 to 100 %. @param {number} width @param {{items: Item[]}} asked */
export function shares(width, { items }) {
  const labels = [...new Set(items.map((item) => item.label))];
  return picture({
    width,
    height: barsHeight(labels.length),
    marginLeft: margin(labels),
    marginRight: 24,
    marginBottom: 30,
    marginTop: 6,
    x: { domain: [0, 1], label: null },
    y: { domain: labels, label: null, padding: 0.3 },
    marks: [
      gridX({ stroke: "var(--line)", strokeOpacity: 1 }),
      axisX({ ticks: [0, 0.25, 0.5, 0.75, 1], tickFormat: percents, tickSize: 0, color: "var(--muted)" }),
      axisY({ tickFormat: (/** @type {string} */ label) => cut(label), tickSize: 0, color: "var(--text)" }),
      barX(items.filter((item) => item.value !== null), { y: "label", x: "value", fill: (/** @type {Item} */ item) => fill(item.look), stroke: (/** @type {Item} */ item) => (HATCHED.has(item.look) ? stroke(item.look) : "var(--surface)"), strokeWidth: 0.75, tip: { ...TIP }, title: "title" }),
      text(items.filter((item) => item.value === null), { y: "label", x: 0, dx: 6, textAnchor: "start", text: (/** @type {Item} */ item) => cut(item.title.split("\n").at(-1) ?? "", 44), fill: "var(--muted)", fontStyle: "italic" }),
    ],
  });
}

/** Ratios against the line of 100 %: full where computed, hollow as printed. @param {number} width @param {{items: Item[]}} asked `part` "exact" or "printed" */
export function ratios(width, { items }) {
  const labels = [...new Set(items.map((item) => item.label))];
  const values = items.flatMap((item) => (item.value === null ? [] : [item.value]));
  const low = Math.min(0.98, ...values);
  const high = Math.max(1.1, ...values);
  return picture({
    width,
    height: barsHeight(labels.length),
    marginLeft: margin(labels),
    marginRight: 28,
    marginBottom: 30,
    marginTop: 6,
    x: { domain: [low - (high - low) * 0.04, high + (high - low) * 0.04], label: null },
    y: { type: "point", domain: labels, label: null, padding: 0.6 },
    marks: [
      gridX({ stroke: "var(--line)", strokeOpacity: 1 }),
      ruleY(labels, { stroke: "var(--line)" }),
      axisX({ ticks: Math.max(3, Math.min(8, Math.floor(width / 80))), tickFormat: percents, tickSize: 0, color: "var(--muted)" }),
      axisY({ tickFormat: (/** @type {string} */ label) => cut(label), tickSize: 0, color: "var(--text)" }),
      ruleX([1], { stroke: "var(--text)", strokeWidth: 1.5 }),
      dot(items.filter((item) => item.value !== null), { y: "label", x: "value", r: (/** @type {Item} */ item) => (item.part === "printed" ? 6.5 : 4.5), symbol: (/** @type {Item} */ item) => (item.part === "printed" ? "circle" : item.look === "onchain" ? "triangle" : item.look === "proven" ? "square" : "circle"), fill: (/** @type {Item} */ item) => (item.part === "printed" ? "none" : stroke(item.look)), stroke: (/** @type {Item} */ item) => (item.part === "printed" ? "var(--text)" : stroke(item.look)), strokeWidth: 1.5, tip: { ...TIP }, title: "title" }),
    ],
    symbol: { type: "identity" },
    r: { type: "identity" },
  });
}

/** Which of many months have a tick. @param {string[]} months @param {number} width */
function monthTicks(months, width) {
  const every = [1, 2, 3, 6, 12, 24].find((step) => months.length / step <= width / 80) ?? 36;
  return months.filter((month) => (every < 12 ? (Number(month.slice(5)) - 1) % every === 0 : month.endsWith("-01") && (Number(month.slice(0, 4)) % (every / 12) === 0)));
}

/** @param {string[]} months @param {number} width */
const monthAxis = (months, width) => axisX({ ticks: months.length > 3 ? monthTicks(months, width) : months, tickFormat: monthName, tickSize: 3, color: "var(--muted)" });

/** Months in which there is nothing, marked as such and never as zero. @param {{month: string, title: string}[]} gaps */
const gapMarks = (gaps) => [
  text(gaps, { x: "month", text: () => "\u00d7", frameAnchor: "bottom", dy: -5, fill: "var(--muted)", fontSize: 11 }),
  tip(gaps, pointerX({ x: "month", frameAnchor: "bottom", title: "title", ...TIP, maxRadius: 12 })),
];

/** Room for the axes of what is drawn by month. */
const BY_MONTH = { marginLeft: 58, marginRight: 12, marginTop: 14, marginBottom: 28 };

/** Bars by month, stacked by part where there are several, below zero where they are. @param {number} width
 * @param {{months: string[], items: MonthItem[], gaps: {month: string, title: string}[], share?: boolean, height?: number}} asked */
export function months(width, { months, items, gaps, share = false, height = 260 }) {
  return picture({
    width,
    height,
    ...BY_MONTH,
    x: { type: "band", domain: months, label: null, padding: 0.22 },
    y: share ? { domain: [0, 1], label: null } : { zero: true, nice: true, label: null },
    marks: [
      gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      axisY({ ticks: 5, tickFormat: share ? percents : dollars, tickSize: 0, color: "var(--muted)" }),
      monthAxis(months, width),
      barY(items.filter((item) => item.value !== null), { x: "month", y: "value", fill: (/** @type {MonthItem} */ item) => fill(item.look), stroke: (/** @type {MonthItem} */ item) => (share ? "var(--surface)" : stroke(item.look)), strokeWidth: share ? 0.5 : 0.75, order: null, tip: { ...TIP }, title: "title" }),
      text(items.filter((item) => item.value !== null && item.flag), { x: "month", y: "value", dy: -8, text: () => "\u2691", fill: "var(--warn-line)", fontSize: 12 }),
      ruleY([0], { stroke: "var(--line-strong)" }),
      ...gapMarks(gaps),
    ],
  });
}

/** Series over months as points, joined where months follow each other and broken where one is missing.
 * @param {number} width @param {{months: string[], items: MonthItem[], gaps: {month: string, title: string}[], unit: "percent"|"number"|"dollars", rule?: number, zero?: boolean, height?: number}} asked */
export function series(width, { months, items, gaps, unit, rule, zero = false, height = 260 }) {
  const parts = [...new Set(items.map((item) => item.part ?? ""))];
  /** @type {Map<string, MonthItem>} */
  const at = new Map(items.map((item) => [`${item.part ?? ""}\n${item.month}`, item]));
  const looks = new Map(items.map((item) => [item.part, item.look]));
  // A point for every month of every series: the missing ones break the line.
  const paths = parts.filter((part) => part !== "printed").flatMap((part) => months.map((month) => at.get(`${part}\n${month}`) ?? { month, part: part || undefined, value: null, look: "muted", title: "" }));
  const written = unit === "percent" ? percents : unit === "dollars" ? dollars : (/** @type {number} */ value) => axisNumber(value);
  const some = items.filter((item) => item.value !== null);
  return picture({
    width,
    height,
    ...BY_MONTH,
    x: { type: "point", domain: months, label: null, padding: 0.5 },
    y: { zero, nice: true, label: null },
    symbol: { type: "identity" },
    r: { type: "identity" },
    marks: [
      gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      axisY({ ticks: 5, tickFormat: written, tickSize: 0, color: "var(--muted)" }),
      monthAxis(months, width),
      rule === undefined ? null : ruleY([rule], { stroke: "var(--text)", strokeWidth: 1.5 }),
      // Lower bounds are broken lines: where the true ones run is only known to be no lower.
      ...[false, true].map((lower) => line(paths.filter((item) => HATCHED.has(looks.get(item.part) ?? "") === lower), { x: "month", y: (/** @type {MonthItem} */ item) => item.value ?? NaN, z: "part", stroke: (/** @type {MonthItem} */ item) => stroke(looks.get(item.part) ?? item.look), strokeWidth: 1.75, strokeDasharray: lower ? "5 3" : undefined, curve: "linear" })),
      dot(some, { x: "month", y: "value", r: (/** @type {MonthItem} */ item) => (item.part === "printed" ? 5 : 3.2), symbol: (/** @type {MonthItem} */ item) => (item.part === "printed" ? "circle" : item.look === "onchain" ? "triangle" : item.look === "proven" ? "square" : "circle"), fill: (/** @type {MonthItem} */ item) => (item.part === "printed" ? "none" : stroke(item.look)), stroke: (/** @type {MonthItem} */ item) => (item.part === "printed" ? "var(--text)" : stroke(item.look)), strokeWidth: 1.25, tip: { ...TIP }, title: "title" }),
      ...gapMarks(gaps),
    ],
  });
}

/** Which exchange stated what in which month. @param {number} width @param {{months: string[], items: {label: string, month: string, look: string, title: string}[]}} asked */
export function calendar(width, { months, items }) {
  const labels = [...new Set(items.map((item) => item.label))];
  return picture({
    width,
    height: labels.length * 22 + 40,
    marginLeft: margin(labels),
    marginRight: 12,
    marginBottom: 28,
    marginTop: 6,
    x: { type: "band", domain: months, label: null, padding: 0.12 },
    y: { domain: labels, label: null, padding: 0.18 },
    marks: [
      monthAxis(months, width - 120),
      axisY({ tickFormat: (/** @type {string} */ label) => cut(label), tickSize: 0, color: "var(--text)" }),
      cell(items, { x: "month", y: "label", fill: (/** @type {MonthItem} */ item) => fill(item.look), stroke: (/** @type {MonthItem} */ item) => stroke(item.look), strokeWidth: 0.75, rx: 2, tip: { ...TIP }, title: "title" }),
    ],
  });
}
