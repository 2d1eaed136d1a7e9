// What is new: reports, restatements and findings, as the feeds tell them.
import { hashed, moment, words } from "../cells.js";
import { DataError } from "../data.js";
import { h, outside, said } from "../dom.js";
import { banner, choice, counted, titleOf } from "../parts.js";
import { address } from "../state.js";

/** An event of latest.json. @typedef {{kind: string, finding: string|null, exchange: string, attestation: string, title: string, text: string, updated: string|null, basis: string|null, page: string,
 *   file: {sha256: string|null, name: string|null, address: string|null, age_days: number|null}|null, list: {day: string|null, age_days: number|null, stated_by: string|null}|null}} Event */

const MOST = 60;
const KINDS = /** @type {[string, string][]} */ ([["", "All"], ["report", "Reports"], ["restatement", "Restatements"], ["finding", "Findings"]]);

/** @param {import("../data.js").Lake} lake @param {import("../state.js").State} state @param {(query: Record<string, string|null>) => void} go */
export async function news(lake, state, go) {
  const exchange = lake.exchanges.has(state.id) ? state.id : "";
  const place = exchange ? `exchange/${encodeURIComponent(exchange)}/` : "";
  const answer = await fetch(new URL(`${place}latest.json`, lake.base), { cache: "no-cache" });
  if (!answer.ok && answer.status !== 404) throw new DataError(`${place}latest.json: the server says ${answer.status}`);
  const { events } = /** @type {{events: Event[]}} */ (answer.ok ? await answer.json() : { events: [] });
  const kind = KINDS.some(([one]) => one === state.query.kind) ? state.query.kind : "";
  const chosen = events.filter((event) => !kind || event.kind === kind);
  return {
    title: exchange ? `New of ${titleOf(exchange, lake)}` : "What is new",
    content: [
      exchange ? h("p", { class: "crumb" }, h("a", { href: address("news") }, "What is new"), " / ") : null,
      h("h1", null, exchange ? `New of ${titleOf(exchange, lake)}` : "What is new"),
      h("p", { class: "lead" }, "New reports, restatements and findings. A finding is told where nothing contradicts its figures; \u201cless than before\u201d never rests on a lower bound. ", h("a", { href: `${place}feed.xml` }, "Feed to subscribe to"), ", ", h("a", { href: `${place}latest.json` }, "the same as JSON"), "."),
      state.id && !exchange ? banner("note", "The published tables have no exchange ", said(state.id), "; this is of all.") : null,
      h(
        "div",
        { class: "controls" },
        choice("Kind", KINDS, kind, (value) => go({ kind: value || null })),
        choice("Exchange", [["", "All"], .../** @type {[string, string][]} */ (lake.page.exchanges.map(({ name, title }) => [name, title || name]))], exchange, (value) => (location.hash = address("news", value, { kind }))),
      ),
      chosen.length ? h("ol", { class: "news" }, ...chosen.slice(0, MOST).map((event) => entry(event))) : h("p", { class: "empty" }, "There is nothing of the kind."),
      chosen.length > MOST ? h("p", { class: "lead" }, `The newest ${MOST} of ${chosen.length}; the file has them all.`) : null,
    ],
  };
}

/** @param {Event} event */
function entry(event) {
  const { file, list } = event;
  const tag = event.finding ?? event.kind;
  return h(
    "li",
    { class: event.kind, data: { attestation: event.attestation } },
    h("p", { class: "when" }, event.updated ? h("time", { datetime: event.updated }, moment(event.updated)) : "not dated", " \u00b7 ", h("span", { class: "tag" }, words(tag)), event.basis ? ` \u00b7 ${words(event.basis)}` : ""),
    h("h2", null, /^#\//.test(event.page ?? "") ? h("a", { href: event.page }, said(event.title)) : said(event.title)),
    h("p", null, said(event.text)),
    h(
      "p",
      { class: "source" },
      file?.sha256 ? h("span", null, "file ", said(file.name ?? ""), " sha256 ", hashed(file.sha256)) : null,
      file?.address ? h("span", null, " from ", outside(file.address)) : null,
      list ? h("span", null, `; list of ${list.day ?? "an unknown day"}, ${list.age_days !== null ? `${counted(list.age_days, "day")} old, ` : list.day ? "younger than the moment, " : ""}stated by `, said(list.stated_by ?? "nobody")) : null,
    ),
  );
}
