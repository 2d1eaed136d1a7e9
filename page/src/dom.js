// Elements made of text: whatever a report, an exchange or an address says reaches the page through here and only as text.

// Characters that are not seen and change how others are read: controls, bidirectional marks, zero widths, tags. They are shown by their numbers.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

/** @typedef {Node|string|null|undefined|false} Child */

/** An element. Properties: `class`, `data` (an object), `on` (handlers), else attributes; true is an empty attribute, null and false leave it out.
 * @param {string} tag @param {Record<string, any>|null} [properties] @param {...(Child|Child[])} children @returns {HTMLElement} */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "data") for (const [key, text] of Object.entries(value)) text !== null && text !== undefined && (element.dataset[key] = String(text));
    else if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, /** @type {EventListener} */ (handler));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(2)) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

/** Text with every unseen character as its number: `‹U+202E›`. @param {string} text @returns {string} */
export function visible(text) {
  return text.replace(UNSEEN, (found) => `\u2039U+${/** @type {number} */ (found.codePointAt(0)).toString(16).toUpperCase().padStart(4, "0")}\u203a`);
}

/** Somebody else's text, apart from the direction of what stands around it. @param {unknown} text @param {Record<string, any>} [properties] @returns {HTMLElement} */
export function said(text, properties) {
  return h("bdi", properties ?? null, visible(String(text)));
}

/** A link out, for addresses that begin as one of the web does; any other is shown as text alone. @param {string|null} address @param {string} [words] */
export function outside(address, words) {
  const text = address ?? "";
  if (!/^https?:\/\/[^\s/]/i.test(text) || !URL.canParse(text)) return said(words ?? text);
  return h("a", { href: text, rel: "noopener noreferrer nofollow", class: "outside" }, said(words ?? text));
}
