// The tables themselves: dictionary, downloads, versions; and each table as it is, row by row.
import { h, said } from "../dom.js";
import { banner, moment, section } from "../parts.js";
import { address } from "../state.js";
import { table } from "../table.js";
import { allColumns } from "./sections.js";

// A table of more rows is not read whole into a page: its downloads are for that.
const READ = 50_000;

/** @param {import("../data.js").Lake} lake @param {import("../state.js").State} state */
export async function data(lake, state) {
  const { marts, build_id: build, marts_version: version } = lake.page;
  const mart = lake.marts.get(state.id);
  if (!mart)
    return {
      title: "Data",
      content: [
        h("h1", null, "Data"),
        state.id ? banner("note", "There is no table ", said(state.id), "; these are.") : null,
        h("p", { class: "lead" }, "The published tables, as they are: the page is made of nothing else. Amounts are DECIMAL in the Parquet files, so no digit is lost; null means that a source says nothing, never zero; times are UTC."),
        facts([["Version of the tables", version], ["Build", build ?? "none"], ["Newest file", lake.page.as_of ? moment(lake.page.as_of) : "none"]]),
        table({
          caption: "Published tables", mart: "marts", lake, limit: 60,
          rows: marts.map((one) => ({ ...one, files: [] })),
          columns: [
            { name: "name", label: "Table", head: true, link: (row) => address("data", row.name) },
            { name: "description", label: "What it says" },
            { name: "rows", label: "Rows", kind: "count" },
            { name: "bytes", label: "Bytes", kind: "count" },
            { name: "parquet", label: "Download", show: () => "Parquet", link: (row) => row.parquet, more: (row) => h("span", null, " ", h("a", { href: row.csv, download: "" }, "CSV"), " ", h("a", { href: row.sql }, "SQL")) },
            { name: "sha256", label: "sha256", kind: "hash" },
          ],
        }),
        h("h2", null, "Reading them elsewhere"),
        h("div", { class: "formula", tabindex: "0", role: "region", "aria-label": "SQL" }, h("code", null, `select exchange, month, usd_total from read_parquet('${new URL(marts.find((one) => one.name === "exchange_month")?.parquet ?? "data/exchange_month.parquet", lake.base).href}') order by all`)),
      ],
    };
  const few = mart.rows <= READ;
  const rows = few ? await lake.rows(mart.name) : [];
  return {
    title: mart.name,
    content: [
      h("p", { class: "crumb" }, h("a", { href: address("data") }, "Data"), " / "),
      h("h1", null, mart.name),
      h("p", { class: "lead" }, mart.description),
      h("dl", { class: "facts" }, h("dt", null, "Rows"), h("dd", null, String(mart.rows)), mart.key ? [h("dt", null, "Key"), h("dd", null, mart.key.join(", "))] : null, h("dt", null, "Downloads"), h("dd", null, h("a", { href: mart.parquet, download: "" }, "Parquet"), ", ", h("a", { href: mart.csv, download: "" }, "CSV"), ", ", h("a", { href: mart.sql }, "SQL that made it")), h("dt", null, "sha256"), h("dd", null, h("code", null, mart.sha256)), h("dt", null, "Build"), h("dd", null, h("code", null, build ?? "none"))),
      section({ id: "rows", title: "Rows", lake }, few ? table({ caption: `Rows of ${mart.name}`, mart: mart.name, rows, lake, limit: 25, filter: true, columns: allColumns(lake, mart.name, ["build_id"]), empty: "The table has no rows." }) : h("p", { class: "empty" }, `${mart.rows} rows are too many for a page: download them.`)),
      section({ id: "columns", title: "Columns", lake }, table({ caption: `Columns of ${mart.name}`, mart: "columns", rows: mart.columns.map((column) => ({ ...column })), lake, limit: 200, columns: [{ name: "name", label: "Column", head: true }, { name: "type", label: "Type" }, { name: "description", label: "Meaning" }] })),
    ],
  };
}

/** @param {[string, string][]} pairs */
function facts(pairs) {
  return h("dl", { class: "facts" }, ...pairs.flatMap(([name, value]) => [h("dt", null, name), h("dd", null, said(value))]));
}
