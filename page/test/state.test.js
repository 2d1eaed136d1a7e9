import assert from "node:assert/strict";
import { test } from "node:test";
import { VIEWS, address, monthsBetween, parse } from "../src/state.js";

test("every address gives its view back", () => {
  for (const [view, id, query] of [
    ["market", "", { month: "2024-03", sort: "-usd_total" }],
    ["exchange", "okx", { asset: "BTC", month: "2024-03" }],
    ["asset", "BTC", {}],
    ["attestation", "okx/2024-03-25", { section: "files" }],
    ["method", "ratio_claimed", {}],
    ["news", "okx", { kind: "finding" }],
    ["data", "reserve_ratio", {}],
    ["asset", '<img src=x onerror="1">&?#=+%', { exchange: "\u202e a&b=c" }],
  ])
    assert.deepEqual(JSON.parse(JSON.stringify(parse(address(view, id, query)))), { view, id, query });
});

test("one view has one address", () => {
  assert.equal(address("exchange", "okx", { month: "2024-03", asset: "BTC" }), "#/exchange/okx?asset=BTC&month=2024-03");
  assert.equal(address("exchange", "okx", { month: null, asset: "" }), "#/exchange/okx");
});

test("an empty address is the market, an unknown one none", () => {
  for (const empty of ["", "#", "#/"]) assert.equal(parse(empty).view, "market");
  assert.equal(parse("#/nothing").view, "");
  assert.equal(parse("#/__proto__").view, "");
  assert.equal(parse("#/constructor/x").view, "");
  assert.equal(VIEWS.length, 7);
});

test("what is no valid encoding is taken as it stands, and names of objects are only names", () => {
  assert.equal(parse("#/asset/%E0%A4%A").id, "%E0%A4%A");
  const { query } = parse("#/market?__proto__=1&month=2024-01");
  assert.equal(query.__proto__, "1");
  assert.equal(query.month, "2024-01");
});

test("months between have no gap and no end before their beginning", () => {
  assert.deepEqual(monthsBetween("2023-11", "2024-02"), ["2023-11", "2023-12", "2024-01", "2024-02"]);
  assert.deepEqual(monthsBetween("2024-01", "2024-01"), ["2024-01"]);
  assert.deepEqual(monthsBetween("2024-02", "2024-01"), []);
});
