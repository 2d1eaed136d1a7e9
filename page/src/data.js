// The published marts: page.json says which there are, the view files (Parquet with every DECIMAL as text) hold their rows.
import { asyncBufferFromUrl, cachedAsyncBuffer, parquetMetadataAsync, parquetReadObjects } from "hyparquet";

/** @typedef {{name: string, type: string, description: string}} Column */
/** @typedef {{name: string, description: string, rows: number, bytes?: number, view_bytes?: number, sha256: string, columns: Column[], key?: string[], parquet: string, csv: string, sql: string, view: string}} Mart */
/** @typedef {{name: string, title: string, mart?: string, columns: string[], paragraph: string, formula: string, limits: string}} Measure */
/** @typedef {{name: string, title: string, home?: string, note?: string, own_tokens?: string[], affiliated_tokens?: string[], utc_offset?: string}} Exchange */
/** @typedef {{build_id: string|null, marts_version: string, as_of: string|null, marts: Mart[], exchanges: Exchange[], porlake?: string, url?: string, assets: {name: string, title?: string, class: string, scale: number, underlying: string|null}[], networks: {name: string, title: string}[], reasons: {code: string, stage: string, place: string, meaning: string}[], measures: Measure[]}} Page */
/** @typedef {Record<string, any>} Row */

// A file up to this size is read at once; of a larger one only the row groups and columns that are asked for.
const WHOLE = 1 << 19;

const decoder = new TextDecoder();

/** Most values are short and ASCII, where asking the decoder costs more than the text. @param {Uint8Array|undefined} bytes */
function text(bytes) {
  if (!bytes) return bytes;
  const { length } = bytes;
  if (length > 64) return decoder.decode(bytes);
  let found = "";
  for (let at = 0; at < length; at++) {
    if (bytes[at] > 127) return decoder.decode(bytes);
    found += String.fromCharCode(bytes[at]);
  }
  return found;
}

const parsers = /** @type {{stringFromBytes(bytes: Uint8Array): any}} */ ({ stringFromBytes: text });

export class DataError extends Error {}

export class Lake {
  /** @param {Page} page @param {string} base address of the folder that holds `data/` */
  constructor(page, base) {
    this.page = page;
    this.base = base;
    /** Whether rows of a published file can be asked for. */
    this.asks = false;
    this.marts = new Map(page.marts.map((mart) => [mart.name, mart]));
    this.exchanges = new Map(page.exchanges.map((exchange) => [exchange.name, exchange]));
    this.assets = new Map(page.assets.map((asset) => [asset.name, asset]));
    this.networks = new Map(page.networks.map((network) => [network.name, network]));
    this.meanings = new Map();
    // A code may be used in several places: that of the marts' nulls goes first.
    for (const { code, place, meaning } of page.reasons) if (!this.meanings.has(code) || place.startsWith("marts.")) this.meanings.set(code, meaning);
    /** @type {Map<string, Promise<{file: any, metadata: any}>>} */
    this.files = new Map();
    /** @type {Map<string, Promise<Row[]>>} */
    this.answers = new Map();
  }

  /** @param {string} base @returns {Promise<Lake>} */
  static async open(base) {
    const place = new URL("data/page.json", base);
    const answer = await fetch(place, { cache: "no-cache" });
    if (!answer.ok) throw new DataError(`${place.pathname}: the server says ${answer.status}`);
    const lake = new Lake(await answer.json(), base);
    lake.asks = answer.headers.get("Porlake-Lake") === "asks";
    return lake;
  }

  /** Asks the lake beside the page, where the server has one at hand (`asks`). @param {"rows"|"explain"} name @param {Record<string, string>} question @returns {Promise<Row>} */
  async ask(name, question) {
    const place = new URL(`lake/${name}`, this.base);
    place.search = String(new URLSearchParams(question));
    const answer = await fetch(place, { cache: "no-store" }).catch(() => null);
    if (!answer) throw new DataError("The server of this page does not answer any more.");
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok || !Array.isArray(name === "rows" ? said.rows : said.parts)) throw new DataError(typeof said.error === "string" ? said.error : `the server says ${answer.status}`);
    return said;
  }

  /** @param {string} mart */
  has(mart) {
    return this.marts.has(mart);
  }

  /** Rows of a mart: of all its columns or some, where each of `where` has one of the given values. A mart that was not published has none.
   * @param {string} name @param {Record<string, string|string[]>} [where] @param {string[]} [columns] @returns {Promise<Row[]>} */
  rows(name, where = {}, columns) {
    const asked = JSON.stringify([name, where, columns]);
    let answer = this.answers.get(asked);
    if (!answer) {
      answer = this.#read(name, where, columns);
      this.answers.set(asked, answer);
      answer.catch(() => this.answers.delete(asked));
    }
    return answer;
  }

  /** @param {string} name @param {Record<string, string|string[]>} where @param {string[]} [columns] */
  async #read(name, where, columns) {
    const mart = this.marts.get(name);
    if (!mart || !mart.rows) return [];
    const { file, metadata } = await this.#file(mart);
    const filter = Object.fromEntries(Object.entries(where).map(([column, value]) => [column, { $in: Array.isArray(value) ? value : [value] }]));
    const there = new Set(mart.columns.map((column) => column.name));
    const rows = await parquetReadObjects({
      file,
      metadata,
      columns: columns && [...new Set([...columns.filter((column) => there.has(column)), "build_id"])],
      filter: Object.keys(filter).length ? filter : undefined,
      parsers,
    });
    const other = rows.find((row) => row.build_id !== this.page.build_id);
    if (other) throw new DataError(`${name} is of build ${other.build_id}, this page of ${this.page.build_id}: it was published anew. Load it again.`);
    return rows;
  }

  /** @param {Mart} mart */
  #file(mart) {
    let opened = this.files.get(mart.name);
    if (!opened) {
      opened = this.#open(mart);
      this.files.set(mart.name, opened);
      opened.catch(() => this.files.delete(mart.name));
    }
    return opened;
  }

  /** @param {Mart} mart */
  async #open(mart) {
    const url = new URL(mart.view, this.base).href;
    let file;
    if (mart.view_bytes !== undefined && mart.view_bytes <= WHOLE) {
      const answer = await fetch(url);
      if (!answer.ok) throw new DataError(`${mart.view}: the server says ${answer.status}`);
      file = await answer.arrayBuffer();
    } else {
      file = cachedAsyncBuffer(await asyncBufferFromUrl({ url, byteLength: mart.view_bytes }), { minSize: WHOLE });
    }
    return { file, metadata: await parquetMetadataAsync(file) };
  }

  /** What a code means, in words. @param {string} code */
  meaning(code) {
    return this.meanings.get(code) ?? null;
  }
}
