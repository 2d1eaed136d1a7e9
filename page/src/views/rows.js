// Down to one row of a published file: a static folder tells the command, a server that has the lake at hand (porlake page --serve) is asked.
import { words } from "../cells.js";
import { h, said, visible } from "../dom.js";
import { banner, choice, section } from "../parts.js";
import { address } from "../state.js";
import { table } from "../table.js";

/** @typedef {import("../data.js").Row} Row */
/** @typedef {(query: Record<string, string|null>) => void} Go */

const VERDICTS = ["proven", "owner_signed", "signature_only", "unsigned", "invalid", "malformed", "unsupported"];
/** What the files hold of which rows can be explained. */
const WITH_ROWS = ["addresses", "ownership_only"];

/** @param {import("./sections.js").Place} place @param {Row[]} reports @param {import("../state.js").State} state @param {Go} go */
export async function down({ lake, link }, reports, state, go) {
  const files = reports.filter((row) => WITH_ROWS.includes(row.content));
  if (!files.length) return null;
  const file = files.find((row) => row.report === state.query.file) ?? files.find((row) => row.is_newest) ?? files[0];
  const about = { id: "explain", title: "Down to one row", lake, link: link("explain") };
  if (!lake.asks)
    return section(
      { ...about, lead: "Why a row of the file has its verdict, step by step, is told by porlake where the file is at hand:" },
      h("div", { class: "formula", tabindex: "0", role: "region", "aria-label": "Command" }, h("code", null, "porlake explain ", said(file.file_name ?? "FILE"), " --row 57 --lake data")),
      h("p", { class: "lead" }, "The row is a line of the file, counted from 1. ", h("code", null, "porlake page --serve"), " shows this page with the lake at hand: rows are then picked and explained here."),
    );
  const { row, member, verdict, account, from } = state.query;
  const of = { report: file.report, ...(member ? { member } : {}) };
  const asked = { ...of, ...(VERDICTS.includes(verdict) ? { verdict } : {}), ...(account ? { address: account } : {}), ...(from ? { first: from } : {}) };
  const [listed, told] = await Promise.all([lake.ask("rows", asked).catch(failed), row ? lake.ask("explain", { ...of, row }).catch(failed) : null]);
  return section(
    { ...about, lead: "Why a row of the file has its verdict, step by step, from the lake on this machine. Pick a row, or name its line." },
    controls(files, file, state, go),
    listed instanceof Error ? problem(listed) : rows({ lake, listed, file, state, go }),
    told instanceof Error ? problem(told) : told && explanation(told, String(row)),
  );
}

/** @param {unknown} error */
const failed = (error) => (error instanceof Error ? error : new Error(String(error)));

/** @param {Error} error */
const problem = (error) => banner("note", said(error.message));

/** @param {Row[]} files @param {Row} file @param {import("../state.js").State} state @param {Go} go */
function controls(files, file, state, go) {
  const { row = "", verdict = "", account = "", member = "" } = state.query;
  const here = (/** @type {Record<string, string|null>} */ changes) => go({ section: "explain", from: null, ...changes });
  const field = (/** @type {string} */ label, /** @type {string} */ value, /** @type {Record<string, any>} */ more) => {
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "search", value: visible(value), autocomplete: "off", ...more }));
    return { input, label: h("label", { class: "choice" }, h("span", null, label), input) };
  };
  const line = field("Line", row, { inputmode: "numeric", pattern: "[1-9][0-9]{0,8}", size: 9 });
  const part = field("File number", member, { inputmode: "numeric", pattern: "[0-9]{1,4}", size: 4 });
  const whose = field("Address", account, { size: 30, maxlength: 200, spellcheck: "false" });
  const several = (file.members ?? []).length > 1;
  return h(
    "form",
    {
      class: "controls",
      on: {
        submit: (/** @type {Event} */ event) => {
          event.preventDefault();
          here({ row: line.input.value.trim() || null, account: whose.input.value.trim() || null, ...(several ? { member: part.input.value.trim() || null } : {}) });
        },
      },
    },
    files.length > 1 ? choice("File", files.map((one) => [one.report, `${one.file_name ?? "a file"}, edition ${one.revision}`]), file.report, (value) => here({ file: value, row: null })) : null,
    several ? part.label : null,
    line.label,
    whose.label,
    choice("Verdict", [["", "Every one"], .../** @type {[string, string][]} */ (VERDICTS.map((one) => [one, words(one)]))], VERDICTS.includes(verdict) ? verdict : "", (value) => here({ verdict: value || null })),
    h("button", { type: "submit" }, "Show"),
  );
}

/** @param {{lake: import("../data.js").Lake, listed: Row, file: Row, state: import("../state.js").State, go: Go}} asked */
function rows({ lake, listed, file, state, go }) {
  const found = /** @type {Row[]} */ (listed.rows);
  const last = found.length === listed.most ? found[found.length - 1].source_row + 1 : null;
  return h(
    "div",
    null,
    table({
      caption: `Rows of ${file.file_name ?? "the file"}`,
      mart: "lake",
      rows: found,
      lake,
      limit: 12,
      empty: "No row of the file is of this kind from that line on.",
      columns: [
        { name: "source_row", label: "Line", kind: "count", head: true, link: (one) => address("attestation", state.id, { ...state.query, section: "explain", row: String(one.source_row) }), note: "Of the published file, counted from 1." },
        { name: "asset", label: "Asset", reason: () => "unknown" },
        { name: "network", label: "Network", reason: () => "unknown", show: (id) => lake.networks.get(id)?.title || words(id) },
        { name: "address", label: "Address" },
        { name: "amount", label: "Amount as published", reason: (one) => (one.for_row === null ? "no_claim" : "signs_for_another_row") },
        { name: "verdict", label: "Verdict", kind: "words" },
        { name: "reason", label: "Reason", kind: "words" },
      ],
    }),
    last ? h("p", null, h("button", { type: "button", on: { click: () => go({ section: "explain", from: String(last) }) } }, `Rows from line ${last} on`)) : null,
  );
}

/** @param {Row} told @param {string} row */
function explanation(told, row) {
  const parts = /** @type {[string, [string, string][]][]} */ (told.parts);
  const verdict = parts.find(([title]) => title === "verdict")?.[1][0]?.[0];
  return h(
    "div",
    { class: "told", id: "told" },
    h("h3", null, "Line ", said(row), verdict ? `: ${words(verdict)}` : ""),
    ...parts.flatMap(([title, facts]) => [h("h4", null, title[0].toUpperCase() + title.slice(1)), h("dl", { class: "facts" }, ...facts.flatMap(([name, text]) => [h("dt", null, said(name)), h("dd", null, said(text))]))]),
  );
}
