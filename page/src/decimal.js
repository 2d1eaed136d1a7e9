// Exact decimal text, as the marts publish it: nothing here goes through a Number, which would round. Only charts draw with Numbers.

const FORM = /^([+-]?)(\d+)(?:\.(\d+))?$/;
const FLOAT = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

/** A decimal number: `units` / 10 ** `scale`.
 * @typedef {{units: bigint, scale: number}} Decimal */

/** The number that a text such as "-12.50" means; throws a TypeError for any other form.
 * @param {string} text @returns {Decimal} */
export function parse(text) {
  const found = FORM.exec(text);
  if (!found) throw new TypeError(`not a decimal number: ${text}`);
  const [, sign, whole, fraction = ""] = found;
  const units = BigInt(whole + fraction);
  return { units: sign === "-" ? -units : units, scale: fraction.length };
}

/** @param {Decimal} number @returns {string} */
export function format({ units, scale }) {
  const negative = units < 0n;
  const digits = String(negative ? -units : units).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  return (negative ? "-" : "") + whole + (scale ? "." + digits.slice(digits.length - scale) : "");
}

/** Both with the finer scale of the two. @param {Decimal} a @param {Decimal} b @returns {[bigint, bigint, number]} */
function aligned(a, b) {
  const scale = Math.max(a.scale, b.scale);
  return [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale), scale];
}

/** -1, 0 or 1. @param {string} a @param {string} b @returns {number} */
export function compare(a, b) {
  const [left, right] = aligned(parse(a), parse(b));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Their sum, exact; "0" of none. @param {string[]} texts @returns {string} */
export function sum(texts) {
  let total = { units: 0n, scale: 0 };
  for (const text of texts) {
    const [left, right, scale] = aligned(total, parse(text));
    total = { units: left + right, scale };
  }
  return format(total);
}

/** a - b, exact. @param {string} a @param {string} b @returns {string} */
export function subtract(a, b) {
  const [left, right, scale] = aligned(parse(a), parse(b));
  return format({ units: left - right, scale });
}

/** The decimal text of a Number as it is (the shortest that means it), without an exponent. @param {number} value @returns {string} */
export function exact(value) {
  const found = FLOAT.exec(String(value));
  if (!found) throw new TypeError(`not a finite number: ${value}`);
  const [, sign, whole, fraction = "", exponent = "0"] = found;
  const scale = fraction.length - Number(exponent);
  const units = BigInt(sign + whole + fraction);
  return scale >= 0 ? format({ units, scale }) : format({ units: units * 10n ** BigInt(-scale), scale: 0 });
}

/** `text` times 10 ** `places`. @param {string} text @param {number} places @returns {string} */
export function shifted(text, places) {
  const { units, scale } = parse(text);
  return scale >= places ? format({ units, scale: scale - places }) : format({ units: units * 10n ** BigInt(places - scale), scale: 0 });
}

/** With `places` digits after the point, cut towards minus infinity, so that 99.996 never reads 100.00. @param {string} text @param {number} places @returns {string} */
export function floor(text, places) {
  const { units, scale } = parse(text);
  if (scale <= places) return format({ units: units * 10n ** BigInt(places - scale), scale: places });
  const by = 10n ** BigInt(scale - places);
  const cut = units / by - (units < 0n && units % by !== 0n ? 1n : 0n);
  return format({ units: cut, scale: places });
}

/** Without zeros at the end of the fraction. @param {string} text @returns {string} */
export function trimmed(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** As people read it: thousands apart by commas, a real minus sign. All digits stay. @param {string} text @returns {string} */
export function grouped(text) {
  const [whole, fraction] = text.replace(/^[+-]/, "").split(".");
  const negative = text.startsWith("-") && /[1-9]/.test(text);
  return (negative ? "\u2212" : "") + whole.replace(/\B(?=(\d{3})+$)/g, ",") + (fraction ? "." + fraction : "");
}

/** A share or ratio (1 is all) in percent, cut and not rounded. @param {number|string} value @param {number} [places] @returns {string} */
export function percent(value, places = 2) {
  return grouped(floor(shifted(typeof value === "number" ? exact(value) : value, 2), places)) + " %";
}

const NAMES = ["", " thousand", " million", " billion", " trillion"];

/** For headlines and axes, four digits at most, cut towards zero: "22.63 billion". The exact number must stand nearby. @param {string} text @returns {string} */
export function short(text) {
  const { units, scale } = parse(text);
  const size = units < 0n ? -units : units;
  const whole = String(size / 10n ** BigInt(scale));
  const step = Math.min(Math.floor((whole.length - 1) / 3), NAMES.length - 1);
  const places = Math.max(0, Math.min(2, 4 - (whole.length - 3 * step)));
  const cut = size / 10n ** BigInt(scale) === 0n && size > 0n ? trimmed(floor(format({ units: size, scale }), Math.min(scale, 8))) : trimmed(floor(format({ units: size, scale: scale + 3 * step }), places));
  return (units < 0n && /[1-9]/.test(cut) ? "\u2212" : "") + grouped(cut) + NAMES[step];
}

/** For drawing alone: how long a bar is. Null stays null. @param {string|number|bigint|null|undefined} value @returns {number|null} */
export function drawn(value) {
  return value === null || value === undefined ? null : Number(value);
}
