import assert from "node:assert/strict";
import { test } from "node:test";
import { axisNumber, barsHeight } from "../src/charts.js";

test("numbers of an axis are short and keep their sign", () => {
  assert.equal(axisNumber(0, "$"), "$0");
  assert.equal(axisNumber(999, "$"), "$999");
  assert.equal(axisNumber(1000, "$"), "$1k");
  assert.equal(axisNumber(2_500_000_000, "$"), "$2.5B");
  assert.equal(axisNumber(-1_500_000, "$"), "\u2212$1.5M");
  assert.equal(axisNumber(0.25), "0.25");
  assert.equal(axisNumber(1e17), "100P");
});

test("a picture's place is as high as the picture", () => {
  assert.equal(barsHeight(12), 12 * 26 + 38);
  assert.equal(barsHeight(2, 3), 2 * 54 + 38);
});
