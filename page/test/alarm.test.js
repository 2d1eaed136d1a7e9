import assert from "node:assert/strict";
import { test } from "node:test";
import { LOOKED_AT, isBelow, isHidden } from "../src/alarm.js";

const below = {
  basis: "claimed", is_covered: false, is_complete: true, is_covered_claimed: false, is_covered_through: false, is_covered_claimed_through: false, liabilities: "100000000000000000001", reserves_onchain: "100000000000000000000",
  printed_ratio: "99.999999999999", printed_hides_shortfall: false, claimed_without_address: null, contradicted_by_own_total: null, is_repeat: false, rows_refused: 0n, rows_refused_unread: 0n, claims_left_out: 0n,
  claims_conflicting: false, liabilities_conflicting: false, liabilities_differ: null, liabilities_proven_conflicting: null,
};

test("below 100 % is said where everything was read and nothing contradicts it, to the last base unit", () => {
  assert.equal(isBelow(below), true);
  assert.equal(isBelow({ ...below, reserves_onchain: "100000000000000000001" }), false);
  assert.equal(isBelow({ ...below, reserves_onchain: "100000000000000000002" }), false);
  assert.deepEqual(Object.keys(below).sort(), [...LOOKED_AT].sort());
});

test("one doubt of any kind, and it is not said", () => {
  for (const doubt of [
    { basis: "onchain" }, { basis: null }, { is_covered: null }, { is_covered: true }, { is_complete: false }, { is_complete: null }, { is_covered_claimed: true }, { is_covered_claimed: null }, { is_covered_through: true },
    { is_covered_claimed_through: true }, { liabilities: null }, { reserves_onchain: null }, { printed_ratio: "100.000000000000" }, { printed_ratio: "101" }, { claimed_without_address: "1" }, { contradicted_by_own_total: true },
    { is_repeat: true }, { rows_refused: 1n }, { rows_refused_unread: 1n }, { claims_left_out: 1n }, { claims_conflicting: true }, { liabilities_conflicting: true }, { liabilities_differ: true }, { liabilities_proven_conflicting: true },
  ])
    assert.equal(isBelow({ ...below, ...doubt }), false, Object.keys(doubt)[0]);
  assert.equal(isBelow({ ...below, printed_ratio: null, claimed_without_address: "0" }), true);
});

test("a printed 100 % that hides a shortfall is told of what is stated and not in doubt", () => {
  assert.equal(isHidden({ ...below, printed_hides_shortfall: true }), true);
  assert.equal(isHidden({ ...below, printed_hides_shortfall: true, is_repeat: true }), false);
  assert.equal(isHidden({ ...below, printed_hides_shortfall: true, basis: "onchain" }), false);
  assert.equal(isHidden({ ...below, printed_hides_shortfall: null }), false);
});
