// What each figure means: a paragraph, its formula, its limits; and every reason that may stand where a figure is missing.
import { h, said } from "../dom.js";
import { banner, source } from "../parts.js";
import { address } from "../state.js";
import { table } from "../table.js";

/** @param {import("../data.js").Lake} lake @param {import("../state.js").State} state */
export async function method(lake, state) {
  const { measures, reasons } = lake.page;
  const chosen = measures.find((measure) => measure.name === state.id);
  const unknown = state.id && !chosen ? banner("note", "There is no measure ", said(state.id), "; these are.") : null;
  const shown = chosen ? [chosen] : measures;
  return {
    title: chosen ? chosen.title : "Method",
    content: [
      chosen ? h("p", { class: "crumb" }, h("a", { href: address("method") }, "Method"), " / ") : null,
      h("h1", null, chosen ? chosen.title : "How the figures are made"),
      unknown,
      chosen
        ? null
        : h(
            "p",
            { class: "lead" },
            "Every figure is one column of a published table, made by one SELECT from published files and answers of the chains. What an exchange claims, what the chains show and what is proven are three measures that are never added up.",
          ),
      chosen || !measures.length ? null : h("nav", { class: "inside", "aria-label": "Measures" }, h("ul", null, ...measures.map((measure) => h("li", null, h("a", { href: address("method", measure.name) }, measure.title))))),
      ...shown.map((measure) =>
        h(
          "section",
          { class: "part", id: `s-${measure.name}`, "aria-labelledby": `h-${measure.name}` },
          chosen ? h("h2", { id: `h-${measure.name}`, class: "unseen" }, measure.title) : h("h2", { id: `h-${measure.name}` }, measure.title, h("a", { class: "anchor", href: address("method", measure.name), "aria-label": `Address of ${measure.title}` }, "#")),
          h("p", null, measure.paragraph),
          measure.formula ? h("div", { class: "formula", tabindex: "0", role: "region", "aria-label": `Formula: ${measure.title}` }, h("code", null, measure.formula)) : null,
          measure.limits ? h("p", null, h("strong", null, "Limits. "), measure.limits) : null,
          measure.columns.length ? h("p", { class: "lead" }, "Columns: ", ...measure.columns.flatMap((column, index) => [index ? ", " : "", h("a", { href: address("data", column.split(".")[0]) }, h("code", null, column))])) : null,
          measure.mart ? source(lake, measure.mart) : null,
        ),
      ),
      chosen
        ? null
        : h(
            "section",
            { class: "part", id: "s-reasons", "aria-labelledby": "h-reasons" },
            h("h2", { id: "h-reasons" }, "Why a figure is missing, or a row was refused"),
            h("p", { class: "lead" }, "The codes that stand in the tables, in words."),
            table({ caption: "Reasons", mart: "reasons", rows: reasons.map((reason) => ({ ...reason })), lake, limit: 20, filter: true, columns: [{ name: "code", label: "Code", head: true }, { name: "meaning", label: "Meaning" }, { name: "stage", label: "Stage" }, { name: "place", label: "Column" }] }),
          ),
    ],
  };
}
