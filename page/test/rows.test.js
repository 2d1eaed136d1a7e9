import assert from "node:assert/strict";
import { test } from "node:test";
import { age, exactText, kindOf, moment, monthName, order, written } from "../src/cells.js";
import { visible } from "../src/dom.js";
import { flowOver, gaps, ofMonth, reserves, span } from "../src/reserves.js";
import { filtered, sorted } from "../src/table.js";

test("rows are sorted by exact value, and what is missing stands last either way", () => {
  const column = { name: "usd", kind: "money" };
  const rows = [{ usd: "9.00" }, { usd: null }, { usd: "10.00" }, { usd: "-1.00" }, { usd: "9007199254740993.00" }, { usd: "9007199254740992.00" }];
  const texts = (way) => sorted(rows, column, way).map((row) => row.usd);
  assert.deepEqual(texts(1), ["-1.00", "9.00", "10.00", "9007199254740992.00", "9007199254740993.00", null]);
  assert.deepEqual(texts(-1), ["9007199254740993.00", "9007199254740992.00", "10.00", "9.00", "-1.00", null]);
  assert.equal(order(3n, 20n, "count", 1), -1);
  assert.equal(order(undefined, "", "name", 1), 1);
});

test("a filter finds a word in any column, as text", () => {
  const rows = [{ asset: "BTC", usd: "1.5" }, { asset: "ETH", usd: null }];
  assert.deepEqual(filtered(rows, [{ name: "asset" }, { name: "usd" }], " bt"), [rows[0]]);
  assert.deepEqual(filtered(rows, [{ name: "asset" }, { name: "usd" }], "null"), []);
});

test("values are written by what they are", () => {
  assert.equal(written("104.000000000000", "printed"), "104 %");
  assert.equal(written("100.0299", "printed"), "100.0299 %");
  assert.equal(written(1234n, "count"), "1,234");
  assert.equal(written("859.89882750", "units"), "859.8988275");
  assert.equal(written("100", "units"), "100");
  assert.equal(exactText(["a", "b"]), "a; b");
  assert.equal(moment("2024-03-25T16:00:00Z"), "2024-03-25 16:00 UTC");
  assert.equal(moment("2024-03-25T16:00:07.5Z"), "2024-03-25 16:00:07 UTC");
  assert.equal(monthName("2024-03"), "Mar 2024");
  assert.equal(kindOf({ name: "usd_total", type: "decimal(38,2)" }), "money");
  assert.equal(kindOf({ name: "unpriced_assets", type: "varchar[]" }), "list");
});

test("characters that are not seen are shown by their numbers", () => {
  assert.equal(visible("fdp\u202egnp.exe"), "fdp\u2039U+202E\u203agnp.exe");
  assert.equal(visible("a\u200bb\u0000c\ud800"), "a\u2039U+200B\u203ab\u2039U+0000\u203ac\u2039U+D800\u203a");
  assert.equal(visible("\u{e0041}"), "\u2039U+E0041\u203a");
  assert.equal(visible("BTC \u20bf \u{1f600} <b>"), "BTC \u20bf \u{1f600} <b>");
});

const row = (month, more = {}) => ({ exchange: "x", month: `${month}-01`, basis: "claimed", usd_total: "1.00", usd_published: null, usd_published_sum: null, share_null_reason: null, ...more });

test("a month without a value is a gap with its reason, and never zero", () => {
  const rows = [row("2024-01"), row("2024-03", { usd_total: null, share_null_reason: "nothing_priced" }), row("2024-04", { usd_total: "0.00" })];
  const found = gaps(span(rows), rows, reserves);
  assert.deepEqual(found.map((gap) => gap.month), ["2024-02", "2024-03"]);
  assert.match(found[0].title, /nothing of the kind was published/);
  assert.match(found[1].title, /nothing priced/);
});

test("the exchange's own sum stands in only where there is no priced one, and says so", () => {
  assert.equal(reserves(row("2024-01", { usd_published_sum: "9.00" })).column, "usd_total");
  assert.equal(reserves(row("2024-01", { usd_total: null, usd_published_sum: "9.00", usd_published: "8.00" })).column, "usd_published_sum");
  assert.equal(reserves(row("2024-01", { usd_total: null, usd_published: "8.00" })).value, "8.00");
  assert.equal(reserves(row("2024-01", { usd_total: null })).reason, "nothing_stated");
});

test("without a month it is the newest of each exchange", () => {
  const rows = [row("2024-01"), row("2024-02"), row("2023-05", { exchange: "y" })];
  assert.deepEqual(ofMonth(rows, undefined).map((one) => [one.exchange, one.month]), [["x", "2024-02-01"], ["y", "2023-05-01"]]);
  assert.deepEqual(ofMonth(rows, "2024-01"), [rows[0]]);
  assert.deepEqual(ofMonth([], undefined), []);
});

test("flows of several months are summed exactly, and only where none is missing", () => {
  const flow = (month, usd_flow, more = {}) => row(month, { usd_flow, days: 31n, usd_flow_null_reason: usd_flow === null ? "nothing_split" : null, ...more });
  const rows = [flow("2023-11", "1.00"), flow("2023-12", "0.10"), flow("2024-01", "0.20"), flow("2024-02", "9007199254740993.01"), flow("2024-02", "5.00", { basis: "published" }), flow("2024-02", "7.00", { exchange: "y" })];
  assert.equal(flowOver(rows, rows[3], 3).value, "9007199254740993.31");
  assert.equal(flowOver(rows, rows[3], 3).days, 93);
  assert.equal(flowOver(rows, rows[3], 12).reason, "nothing_before");
  assert.equal(flowOver([...rows.slice(0, 2), flow("2024-01", null), rows[3]], rows[3], 3).reason, "nothing_split");
  // One flow over two months: the month between had no attestation, and what came and went in it is in the next one's.
  assert.equal(flowOver([flow("2023-12", "1.00"), flow("2024-02", "2.00", { days: 62n })], rows[3], 3).value, "3.00");
});

test("an age is whole days that passed, and what was not there yet has none", () => {
  const from = "2024-03-25T16:00:00Z";
  assert.equal(age(from, "2024-03-25T15:59:59Z"), null);
  assert.equal(age(from, from), "0 days");
  assert.equal(age(from, "2024-03-26T15:59:59Z"), "0 days");
  assert.equal(age(from, "2024-03-26T16:00:00Z"), "1 day");
  assert.equal(age(from, "2024-05-23T16:00:00Z"), "59 days");
  assert.equal(age(from, "2024-05-24T16:00:00Z"), "1 month");
  assert.equal(age(from, "2026-03-25T16:00:00Z"), "23 months");
  assert.equal(age(from, "2026-03-26T16:00:00Z"), "2 years");
  assert.equal(age(null, from), null);
  assert.equal(age(from, undefined), null);
});
