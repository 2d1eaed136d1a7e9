// Tables: every figure of the page stands in one. Sorted by their heads, filtered by a word, with the exact value of each cell.
import { content, exactText, isNumber, order, reasonOf } from "./cells.js";
import { h, visible } from "./dom.js";

/** @typedef {import("./cells.js").TableColumn} TableColumn */
/** @typedef {import("./data.js").Row} Row */

/** Sorted copies keep the order of equal rows. @param {Row[]} rows @param {TableColumn|undefined} column @param {number} way */
export function sorted(rows, column, way) {
  return column ? [...rows].sort((a, b) => order(a[column.name], b[column.name], column.kind ?? "name", way)) : rows;
}

/** Rows in which a text stands, in any case. @param {Row[]} rows @param {TableColumn[]} columns @param {string} text */
export function filtered(rows, columns, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return rows;
  return rows.filter((row) => columns.some((column) => row[column.name] !== null && row[column.name] !== undefined && `${exactText(row[column.name])} ${column.show?.(row[column.name]) ?? ""}`.toLowerCase().includes(wanted)));
}

/** A table. `limit` rows are shown until the rest is asked for; `sort` is a column's name, "-" before it for the other way.
 * @param {{caption: string, mart: string, rows: Row[], columns: TableColumn[], lake: import("./data.js").Lake, limit?: number, sort?: string, onSort?: (sort: string) => void, filter?: boolean, text?: string, onText?: (text: string) => void, empty?: string}} asked
 * @returns {HTMLElement} */
export function table({ caption, mart, rows, columns, lake, limit = 13, sort = "", onSort, filter = rows.length > 20, text = "", onText, empty = "There is nothing of the kind in the published tables." }) {
  if (!rows.length) return h("p", { class: "empty" }, empty);
  let sorting = sort;
  let all = rows.length <= limit + 2;
  const head = h("tr");
  const body = h("tbody");
  const foot = h("div", { class: "below" });

  function draw() {
    const way = sorting.startsWith("-") ? -1 : 1;
    const by = columns.find((column) => column.name === sorting.replace(/^-/, ""));
    const found = sorted(filtered(rows, columns, text), by, way);
    const shown = all ? found : found.slice(0, limit);
    const focused = document.activeElement instanceof HTMLElement && head.contains(document.activeElement) ? document.activeElement.dataset.column : null;
    head.replaceChildren(
      ...columns.map((column) => {
        const mine = column === by;
        const button = h("button", { type: "button", data: { column: column.name }, title: column.note ?? null, on: { click: () => resort(column) } }, column.label ?? column.name, h("span", { class: "arrow", "aria-hidden": "true" }, mine ? (way < 0 ? "\u2193" : "\u2191") : ""));
        return h("th", { scope: "col", class: isNumber(column) ? "number" : null, "aria-sort": mine ? (way < 0 ? "descending" : "ascending") : null }, button);
      }),
    );
    if (focused) /** @type {HTMLElement|null} */ (head.querySelector(`[data-column="${CSS.escape(focused)}"]`))?.focus();
    body.replaceChildren(...shown.map(line));
    const rest = found.length - shown.length;
    foot.replaceChildren(
      ...[
        rest > 0 && h("button", { type: "button", class: "more", on: { click: () => ((all = true), draw()) } }, `Show all ${found.length} rows`),
        text && h("span", null, `${found.length} of ${rows.length} rows`),
      ].filter((one) => one instanceof Node),
    );
  }

  /** @param {TableColumn} column */
  function resort(column) {
    const first = isNumber(column) ? "-" + column.name : column.name;
    sorting = sorting === first ? (first.startsWith("-") ? column.name : "-" + column.name) : first;
    onSort?.(sorting);
    draw();
  }

  /** @param {Row} row */
  function line(row) {
    return h(
      "tr",
      { data: { attestation: row.attestation, exchange: row.exchange, asset: row.asset, network: row.network } },
      ...columns.map((column) => {
        const value = row[column.name];
        const none = value === null || value === undefined;
        const data = { column: column.name, mart: column.mart ?? null, value: none ? null : exactText(value), nullReason: none ? reasonOf(row, column) : null };
        return h(column.head ? "th" : "td", { scope: column.head ? "row" : null, class: [isNumber(column) && "number", (column.kind === "list" || column.kind === "codes") && "wide"].filter(Boolean).join(" ") || null, data }, ...content(row, column, lake));
      }),
    );
  }

  draw();
  const search = filter
    ? h("label", { class: "filter" }, h("span", { class: "unseen" }, `Filter rows: ${caption}`), h("input", { type: "search", placeholder: "Filter rows", value: text || null, on: { input: (/** @type {Event} */ event) => ((text = /** @type {HTMLInputElement} */ (event.target).value), onText?.(text), draw()) } }))
    : null;
  return h(
    "div",
    { class: "table" },
    search,
    h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": visible(caption) }, h("table", { data: { mart } }, h("caption", { class: "unseen" }, visible(caption)), h("thead", null, head), body)),
    foot,
  );
}
