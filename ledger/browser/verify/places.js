// What kind of stream a stream is: `ledger`, `keys`, `register`, `factors`, `seals`, `redactions`, `corrections` or `source`.
//
// Source: reference, events ("Who may post what, where").

const RESERVED = ["corrections", "factors", "keys", "ledger", "redactions", "register", "seals"];
const SOURCE_MAX = 188;
const CORRECTIONS = "/corrections";

/** The kind of a stream; null for a name that has a reserved segment out of its place. */
export function placeOf(stream) {
  const segments = stream.split("/").slice(1);
  if (segments.length === 1 && RESERVED.includes(segments[0])) return segments[0] === "corrections" ? null : segments[0];
  const corrects = segments.length > 1 && segments.at(-1) === "corrections";
  const own = corrects ? segments.slice(0, -1) : segments;
  if (own.some((segment) => RESERVED.includes(segment))) return null;
  if (corrects) return "corrections";
  return stream.length <= SOURCE_MAX ? "source" : null;
}

/** The source stream that a corrections stream is of; any other stream is its own. */
export function sourceOf(stream) {
  return stream.endsWith(CORRECTIONS) ? stream.slice(0, -CORRECTIONS.length) : stream;
}

export function correctionsOf(stream) {
  return stream + CORRECTIONS;
}
