// Canonical JSON: each value has one spelling, and every other is refused.
//
// A text is decoded, every value is checked against the value space, and it is written again and compared:
// comparing alone would let 1.5 or a lone surrogate through. Source: specification, canonical JSON.

const MEMBER = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** The object that a text spells, with depth up to `maxDepth`; null for any other spelling. */
export function decode(text, maxDepth) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isObject(value) && inSpace(value, maxDepth) && encode(value) === text ? value : null;
}

/** The one spelling of a value in the value space. */
export function encode(value) {
  if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
  if (isObject(value)) {
    const members = Object.keys(value).sort();
    return `{${members.map((name) => `${JSON.stringify(name)}:${encode(value[name])}`).join(",")}}`;
  }
  // String(-0) is "0", so a minus zero is found by comparing.
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function inSpace(value, depth) {
  if (typeof value === "string") return value.isWellFormed() && !value.includes("\0");
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => inSpace(item, depth - 1));
  return Object.keys(value).every((name) => MEMBER.test(name) && inSpace(value[name], depth - 1));
}
