// What is looked at, as the address says it: `#/exchange/okx?asset=BTC&month=2024-03`. Every view has such an address, and an address gives the view back.

export const VIEWS = ["market", "exchange", "asset", "attestation", "news", "method", "data"];

/** `id` is what the view is of (an exchange, asset, attestation, measure, mart; "" where it is of none), `query` the rest.
 * @typedef {{view: string, id: string, query: Record<string, string>}} State */

/** The part of an address as text; what is no valid encoding is taken as it stands. @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part.replace(/\+/g, "%20"));
  } catch {
    return part;
  }
}

/** What an address means; an empty one means the market, one of a view that there is not has view "". @param {string} hash @returns {State} */
export function parse(hash) {
  const [path, search = ""] = split(hash.replace(/^#?\/?/, ""), "?");
  const [view, ...parts] = path.split("/").map(decoded);
  /** @type {Record<string, string>} */
  const query = Object.create(null);
  for (const pair of search.split("&").filter(Boolean)) {
    const [name, value = ""] = split(pair, "=");
    query[decoded(name)] = decoded(value);
  }
  return { view: view === "" ? "market" : VIEWS.includes(view) ? view : "", id: parts.filter(Boolean).join("/"), query };
}

/** @param {string} text @param {string} at @returns {[string, string?]} */
function split(text, at) {
  const place = text.indexOf(at);
  return place < 0 ? [text] : [text.slice(0, place), text.slice(place + 1)];
}

/** The address of a view. Parts in a fixed order, empty ones left out, so that one view has one address. @param {string} view @param {string} [id] @param {Record<string, string|null|undefined>} [query] @returns {string} */
export function address(view, id = "", query = {}) {
  const path = [view, ...(id ? id.split("/") : [])].map(encodeURIComponent).join("/");
  const search = Object.keys(query)
    .filter((name) => query[name])
    .sort()
    .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(String(query[name]))}`)
    .join("&");
  return `#/${path}${search ? "?" + search : ""}`;
}

/** The months from `first` to `last` (as "2024-03"), both counted, each once: what is missing between is a gap and has its place.
 * @param {string} first @param {string} last @returns {string[]} */
export function monthsBetween(first, last) {
  const months = [];
  let [year, month] = first.split("-").map(Number);
  for (let name = first; name <= last && months.length < 1200; ) {
    months.push(name);
    month += 1;
    if (month > 12) [year, month] = [year + 1, 1];
    name = `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}`;
  }
  return months;
}
