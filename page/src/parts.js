// What views are built of: sections with a picture, a table and their source; figures; banners.
import { h, said, visible } from "./dom.js";
import { age, counted, hashed, moment } from "./cells.js";
import { flagWords } from "./reserves.js";
import { address } from "./state.js";
import * as decimal from "./decimal.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./data.js").Lake} Lake */
/** @typedef {import("./data.js").Row} Row */

/** @type {Promise<typeof import("./charts.js")>|null} */
let charts = null;
/** The drawing code is a file of its own, asked for when the first picture is to be drawn: tables stand before it is there. @returns {Promise<typeof import("./charts.js")>} */
export function drawing() {
  // @ts-ignore: esbuild leaves the address as it is; between its start and the first picture the browser may answer
  charts ??= import("./charts.js").then((/** @type {any} */ code) => pause().then(() => code));
  return /** @type {NonNullable<typeof charts>} */ (charts);
}

/** Pictures that are still being drawn. @type {Set<Promise<void>>} */
export const pending = new Set();

/** Draws again those that were drawn and whose width changed. */
const watched = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const box = /** @type {HTMLElement & {redraw?: (width: number) => void, drawnWidth?: number}} */ (target);
    if (box.redraw && box.drawnWidth !== undefined && contentRect.width && Math.abs((box.drawnWidth ?? 0) - contentRect.width) > 2) box.redraw(contentRect.width);
  }
});

/** A picture. `draw` gets the drawing code and the width in pixels; its place has its height from the first moment on.
 * @param {{label: string, height: number, legend?: Child, note?: Child, draw: (charts: typeof import("./charts.js"), width: number) => SVGElement|HTMLElement}} asked @returns {HTMLElement} */
export function picture({ label, height, legend, note, draw }) {
  const box = /** @type {HTMLElement & {redraw?: (width: number) => void, drawnWidth?: number}} */ (h("div", { class: "plot-box" }));
  box.style.minHeight = `${height}px`;
  box.redraw = (width) => {
    box.drawnWidth = width;
    const work = drawing().then((code) => {
      const svg = draw(code, Math.floor(width));
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", visible(label));
      box.replaceChildren(svg);
    });
    const seen = work.catch((error) => box.replaceChildren(h("p", { class: "empty" }, `This picture could not be drawn (${visible(String(error?.message ?? error))}); the table below has its figures.`))).finally(() => pending.delete(seen));
    pending.add(seen);
  };
  watched.observe(box);
  return h("figure", null, legend && h("div", { class: "legend" }, legend), box, (note || null) && h("figcaption", null, note));
}

/** Lets the browser answer to its reader between two pictures. */
function pause() {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve(undefined);
    channel.port2.postMessage(null);
  });
}

/** Draws the pictures that stand in the document and waits for them: all, or those `near` the window, which the reader waits for.
 * @param {ParentNode} root @param {boolean} [near] */
export async function drawn(root, near = false) {
  for (const box of root.querySelectorAll(".plot-box")) {
    const one = /** @type {HTMLElement & {redraw?: (width: number) => void, drawnWidth?: number}} */ (box);
    const { top, bottom, width } = one.getBoundingClientRect();
    if (near && (top > innerHeight || bottom < 0)) continue;
    if (one.drawnWidth === undefined && !width) one.drawnWidth = 0; // when it has a place, it is drawn
    if (one.drawnWidth === undefined) {
      one.redraw?.(width);
      while (pending.size) await Promise.all(pending);
      await pause();
    }
  }
  while (pending.size) await Promise.all(pending);
}

/** A key of colours and patterns. @param {[string, string][]} entries class of the swatch, words */
export function legend(entries) {
  return h("ul", { class: "key" }, ...entries.map(([look, text]) => h("li", null, h("span", { class: `swatch ${look}`, "aria-hidden": "true" }), text)));
}

/** The measure that tells how a mart's figures are made. @param {Lake} lake @param {string} mart */
export const measureOf = (lake, mart) => lake.page.measures.find((measure) => measure.name === mart || measure.mart === mart) ?? lake.page.measures.find((measure) => measure.columns.some((column) => column.startsWith(`${mart}.`)));

/** Where a section's figures come from: the mart as published, other forms of it, its hash. @param {Lake} lake @param {...string} names */
export function source(lake, ...names) {
  return h(
    "div",
    { class: "source" },
    ...names.flatMap((name) => {
      const mart = lake.marts.get(name);
      if (!mart) return [];
      return [
        h("p", null, h("a", { href: address("data", name) }, name), ": ", h("a", { href: mart.parquet, download: "" }, "Parquet"), " ", h("a", { href: mart.csv, download: "" }, "CSV"), " ", h("a", { href: mart.sql }, "SQL"), " ", ...method(lake, name), h("span", { class: "sha" }, "sha256 ", hashed(mart.sha256))),
      ];
    }),
  );
}

/** @param {Lake} lake @param {string} mart */
function method(lake, mart) {
  const measure = measureOf(lake, mart);
  return measure ? [h("a", { href: address("method", measure.name) }, "Method"), " "] : [];
}

/** A section of a view, with an address of its own.
 * @param {{id: string, title: string, lead?: Child|Child[], link?: string, lake: Lake, marts?: string[]}} asked @param {...(Child|Child[])} children */
export function section({ id, title, lead, link, lake, marts = [] }, ...children) {
  return h(
    "section",
    { id: `s-${id}`, "aria-labelledby": `h-${id}`, class: "part" },
    h("h2", { id: `h-${id}`, tabindex: "-1" }, title, link && h("a", { class: "anchor", href: link, "aria-label": `Address of the section: ${title}` }, "#")),
    lead && h("p", { class: "lead" }, ...[lead].flat()),
    ...children,
    marts.length ? source(lake, ...marts) : null,
  );
}

/** A large figure. @param {string} label @param {Child|Child[]} value @param {Child|Child[]} [below] */
export function figure(label, value, below) {
  return h("div", { class: "figure" }, h("dt", null, label), h("dd", null, h("span", { class: "value" }, ...[value].flat()), below ? h("span", { class: "under" }, ...[below].flat()) : null));
}

/** @param {"note"|"warning"} kind @param {...(Child|Child[])} children */
export function banner(kind, ...children) {
  return h("div", { class: `banner ${kind}`, role: "note" }, h("span", { class: "mark", "aria-hidden": "true" }, kind === "warning" ? "!" : "i"), h("p", null, ...children));
}

/** Every flag that stands at a figure, in words: none is left out, none is louder than what is known. @param {Row} row of exchange_month, dominance or another mart with flags @returns {HTMLElement[]} */
export function flags(row) {
  const found = [];
  const file = () => h("a", { href: address("attestation", row.attestation, { section: "files" }) }, said(row.attestation));
  if (row.contradicted_by_own_total)
    found.push(
      banner("warning", "The file contradicts itself: its rows add up to more than its own total says", ...(row.contradicted_assets?.length ? [" (", ...names(row.contradicted_assets), ")"] : []), row.usd_beyond_own_total ? `, by $${decimal.grouped(row.usd_beyond_own_total)}` : "", ". Figures of ", file(), " count the rows."),
    );
  if (row.is_repeat) found.push(banner("warning", "The file of ", file(), " is, byte for byte, one that was published before for another moment: it says nothing new."));
  if (row.rows_refused > 0) {
    const unread = row.rows_refused_unread > 0 ? `, ${decimal.grouped(String(row.rows_refused_unread))} of them name no asset that is known` : "";
    found.push(banner("note", `${decimal.grouped(String(row.rows_refused))} rows of the file could not be read${unread}: figures of `, file(), " may be short of them."));
  }
  if (row.unpriced_assets?.length) found.push(banner("note", "Without a price, and so in no sum in US dollars: ", ...names(row.unpriced_assets), ". Their units stand in the tables."));
  if (row.list_age_days !== null && row.list_age_days !== undefined && row.list_age_days > 45)
    found.push(banner("note", `What was seen on chain rests on a list of addresses that was ${decimal.grouped(String(row.list_age_days))} days old: addresses that came into use since are in no figure.`));
  return found;
}

/** @param {string[]} list @returns {Child[]} */
export function names(list, most = 8) {
  return [...list.slice(0, most).flatMap((one, index) => [index ? ", " : "", said(one)]), list.length > most ? ` and ${list.length - most} more` : ""];
}

/** @param {string} id of an exchange @param {Lake} lake */
export const titleOf = (id, lake) => visible(lake.exchanges.get(id)?.title || id);

/** A list to choose from. @param {string} label @param {[string, string][]} options value, words @param {string} value @param {(value: string) => void} changed */
export function choice(label, options, value, changed) {
  const select = h("select", { on: { change: (/** @type {Event} */ event) => changed(/** @type {HTMLSelectElement} */ (event.target).value) } }, ...options.map(([one, text]) => h("option", { value: one, selected: one === value }, visible(text))));
  return h("label", { class: "choice" }, h("span", null, label), select);
}

export { age, counted, moment };

/** Mark of a row's flags, in words for whoever cannot see it. @param {Row} row */
export function flagged(row) {
  const found = flagWords(row);
  return found ? h("span", { class: "flag", title: found }, h("span", { "aria-hidden": "true" }, "\u2691"), h("span", { class: "unseen" }, ` (${found})`)) : null;
}
