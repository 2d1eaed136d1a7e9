import assert from "node:assert/strict";
import { test } from "node:test";
import * as decimal from "../src/decimal.js";

test("no digit of a large amount is lost", () => {
  const text = "3982772990000000000000001.00000001";
  assert.equal(decimal.format(decimal.parse(text)), text);
  assert.equal(decimal.grouped(text), "3,982,772,990,000,000,000,000,001.00000001");
  assert.equal(decimal.grouped("-159008727.86"), "\u2212159,008,727.86");
  assert.equal(decimal.grouped("-0.00"), "0.00");
  assert.equal(decimal.grouped("999"), "999");
  assert.equal(decimal.grouped("1000"), "1,000");
});

test("what is no decimal number is refused", () => {
  for (const wrong of ["", "1e5", "NaN", "1,000", " 1", "0x10", "1.", ".5", "\u0661"]) assert.throws(() => decimal.parse(wrong), TypeError, wrong);
});

test("sums and differences are exact, whatever the scales", () => {
  assert.equal(decimal.sum(["0.1", "0.2", "1000000000000000000000"]), "1000000000000000000000.3");
  assert.equal(decimal.sum([]), "0");
  assert.equal(decimal.subtract("1", "0.99999999999999999999"), "0.00000000000000000001");
});

test("order is that of the numbers, not of the texts", () => {
  assert.equal(decimal.compare("9", "10"), -1);
  assert.equal(decimal.compare("-9", "-10"), 1);
  assert.equal(decimal.compare("1.0", "1"), 0);
  assert.equal(decimal.compare("9007199254740993", "9007199254740992"), 1);
});

test("a percent is cut, so that less than all never reads as all", () => {
  assert.equal(decimal.percent(0.99999), "99.99 %");
  assert.equal(decimal.percent(1), "100.00 %");
  assert.equal(decimal.percent(0.29), "29.00 %");
  assert.equal(decimal.percent(1.0400951234, 4), "104.0095 %");
  assert.equal(decimal.percent(0), "0.00 %");
  assert.equal(decimal.percent(-0.00001), "\u22120.01 %");
  assert.equal(decimal.percent("0.1"), "10.00 %");
});

test("a Number's text has no exponent", () => {
  assert.equal(decimal.exact(1e-7), "0.0000001");
  assert.equal(decimal.exact(1.5e21), "1500000000000000000000");
  assert.equal(decimal.exact(0.1), "0.1");
  assert.throws(() => decimal.exact(NaN), TypeError);
});

test("a headline never says more than there is", () => {
  assert.equal(decimal.short("22639999999.99"), "22.63 billion");
  assert.equal(decimal.short("999999"), "999.9 thousand");
  assert.equal(decimal.short("999.999"), "999.9");
  assert.equal(decimal.short("-1500000"), "\u22121.5 million");
  assert.equal(decimal.short("0"), "0");
  assert.equal(decimal.short("0.00000001"), "0.00000001");
  assert.equal(decimal.short("1000000000000000000"), "1,000,000 trillion");
});

test("null is not drawn as zero", () => {
  assert.equal(decimal.drawn(null), null);
  assert.equal(decimal.drawn("0"), 0);
});
