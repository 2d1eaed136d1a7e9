// The page's beginning: which view the address asks for, its making, and what is said when something fails.
import { Lake } from "./data.js";
import { h, said, visible } from "./dom.js";
import { drawn, moment } from "./parts.js";
import { address, parse } from "./state.js";
import { market } from "./views/market.js";
import { exchange } from "./views/exchange.js";
import { asset } from "./views/asset.js";
import { attestation } from "./views/attestation.js";
import { news } from "./views/news.js";
import { method } from "./views/method.js";
import { data } from "./views/data.js";

/** A view makes its title and content. `go` changes parts of its address.
 * @typedef {(lake: Lake, state: import("./state.js").State, go: (query: Record<string, string|null>) => void) => Promise<{title: string, content: (import("./dom.js").Child|Promise<import("./dom.js").Child>)[]}>} View */
/** @type {Record<string, View>} */
const MAKERS = { market, exchange, asset, attestation, news, method, data };

const root = document.documentElement;
const main = /** @type {HTMLElement} */ (document.getElementById("content"));
/** @type {Lake} */
let lake;
let turn = 0;
let first = true;
/** @type {{view: string, id: string, section: string|undefined, of: string}|null} */
let before = null;

/** @param {boolean} [focus] whether the reader went somewhere, so that what is read aloud begins there */
async function show(focus = true) {
  const mine = ++turn;
  const state = parse(location.hash);
  const part = () => (state.query.section ? document.getElementById(`s-${state.query.section}`) : null);
  const of = address(state.view, state.id, { ...state.query, section: null });
  if (before?.of === of && root.dataset.ready === "yes") {
    // The same view: only where it is looked at has changed.
    if (part()) {
      part()?.scrollIntoView();
      part()?.querySelector("h2")?.focus({ preventScroll: true });
    } else window.scrollTo(0, 0);
    return;
  }
  root.dataset.ready = root.dataset.drawn = "no";
  try {
    const maker = MAKERS[state.view];
    const made = maker ? await maker(lake, state, go) : nowhere(location.hash);
    const content = (await Promise.all(made.content)).filter(/** @returns {one is Node|string} */ (one) => one !== null && one !== undefined && one !== false && !Array.isArray(one));
    if (mine !== turn) return;
    const same = before && before.view === state.view && before.id === state.id;
    const kept = same ? window.scrollY : 0;
    const held = same && document.activeElement instanceof HTMLElement && main.contains(document.activeElement) ? place(document.activeElement) : null;
    main.replaceChildren(...content);
    document.title = `${visible(made.title)} \u00b7 porlake`;
    head(state);
    if (first) foot();
    if (part() && (!same || state.query.section !== before?.section)) {
      part()?.scrollIntoView();
      part()?.querySelector("h2")?.focus({ preventScroll: true });
    } else {
      window.scrollTo(0, kept);
      if (held) held()?.focus({ preventScroll: true });
      else if (focus && !first && !same) main.focus({ preventScroll: true });
    }
    before = { view: state.view, id: state.id, section: state.query.section, of };
    first = false;
    await drawn(main, true);
    if (mine !== turn) return;
    root.dataset.ready = "yes";
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))); // the reader sees it first
    await drawn(main);
    if (mine === turn) root.dataset.drawn = "yes";
  } catch (error) {
    if (mine !== turn) return;
    failed(error);
  }
}

/** How to find an element again after its view was made anew: by its position among those of its kind. @param {HTMLElement} element @returns {() => HTMLElement|undefined} */
function place(element) {
  const kind = element.tagName.toLowerCase();
  const index = [...main.querySelectorAll(kind)].indexOf(element);
  return () => /** @type {HTMLElement|undefined} */ (main.querySelectorAll(kind)[index]);
}

/** @param {unknown} error */
function failed(error) {
  const words = visible(error instanceof Error ? error.message : String(error));
  main.replaceChildren(h("h1", null, "This view could not be read"), h("p", { class: "banner warning", role: "alert" }, words), h("p", null, h("button", { type: "button", on: { click: () => location.reload() } }, "Load it again")));
  root.dataset.ready = "failed";
}

/** Changes the address of this view. With `quiet` the table has already drawn itself. @param {Record<string, string|null>} changes */
function go({ quiet = null, ...changes }) {
  const state = parse(location.hash);
  const query = /** @type {Record<string, string|null>} */ ({ ...state.query, section: null, ...changes });
  const next = address(state.view, state.id, query);
  if (quiet) {
    history.replaceState(null, "", next);
    if (before) before.of = next;
  }
  else location.hash = next;
}

/** @param {string} hash */
function nowhere(hash) {
  return { title: "Nothing here", content: [h("h1", null, "Nothing here"), h("p", null, "This page has no view ", said(hash), ". Begin with ", h("a", { href: address("market") }, "the market"), ".")] };
}

/** @param {import("./state.js").State} state */
function head(state) {
  const links = /** @type {[string, string, string][]} */ ([
    ["market", "Market", address("market")],
    ["exchange", "Exchanges", address("exchange")],
    ["asset", "Assets", address("asset")],
    ["news", "New", address("news")],
    ["method", "Method", address("method")],
    ["data", "Data", address("data")],
  ]);
  const here = state.view === "attestation" ? "exchange" : state.view;
  const element = /** @type {HTMLElement} */ (document.getElementById("head"));
  element.replaceChildren(
    h(
      "div",
      { class: "bar" },
      h("a", { class: "brand", href: address("market") }, h("img", { src: "icon.svg", alt: "", width: 26, height: 26 }), "porlake"),
      h("nav", { "aria-label": "Views" }, h("ul", null, ...links.map(([view, text, to]) => h("li", null, h("a", { href: to, "aria-current": view === here ? "page" : null }, text))))),
      jump(),
    ),
  );
}

/** Straight to an exchange or asset by its name. */
function jump() {
  const known = new Map();
  for (const { name, title } of lake.page.exchanges) known.set(name.toLowerCase(), address("exchange", name)).set((title || name).toLowerCase(), address("exchange", name));
  for (const { name, title } of lake.page.assets) for (const one of [name, title ?? name]) if (!known.has(one.toLowerCase())) known.set(one.toLowerCase(), address("asset", name));
  const input = /** @type {HTMLInputElement} */ (
    h("input", {
      type: "search",
      list: "known",
      placeholder: "Find",
      autocomplete: "off",
      on: {
        change: () => {
          const to = known.get(input.value.trim().toLowerCase());
          if (to) {
            input.value = "";
            location.hash = to;
          }
        },
      },
    })
  );
  const options = [...lake.page.exchanges.map(({ name, title }) => title || name), ...lake.page.assets.map(({ name }) => name)];
  return h("label", { class: "jump" }, h("span", { class: "unseen" }, "Go to an exchange or asset"), input, h("datalist", { id: "known" }, ...options.map((one) => h("option", { value: visible(one) }))));
}

function foot() {
  const { build_id: build, marts_version: version, as_of: asOf } = lake.page;
  /** @type {HTMLElement} */ (document.getElementById("foot")).replaceChildren(
    h("p", null, `Made by porlake from published files and the chains; every figure has its file. Null is a gap, never zero. A lower bound reads \u201cat least\u201d.`),
    h("p", null, ...(asOf ? [`Newest file ${moment(asOf)}. `] : []), `Tables ${visible(version)}, build `, h("code", null, visible(build ?? "none")), ". ", h("a", { href: address("data") }, "Downloads"), " \u00b7 ", h("a", { href: "feed.xml" }, "Feed"), " \u00b7 ", h("a", { href: "latest.json" }, "latest.json"), " \u00b7 ", h("a", { href: "LICENSES.txt" }, "Licences")),
  );
}

document.getElementById("skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

Lake.open(new URL(".", location.href).href).then(
  (opened) => {
    lake = opened;
    addEventListener("hashchange", () => show());
    return show(false);
  },
  (error) => failed(error),
);
