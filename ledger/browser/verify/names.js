// Names and single values: each a function that says whether a value is in form.
//
// Source: specification, names and single values.

const PARTY = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const SEGMENT = "(?!(?:[^/@]*)\\.\\.)[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?";
const CONTROLS = "\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";

const matches = (pattern, flags = "") => {
  const regex = new RegExp(`^(?:${pattern})$`, flags);
  return (value) => typeof value === "string" && regex.test(value);
};

export const isParty = matches(PARTY);
export const isSegment = matches(SEGMENT);
const STREAM_FORM = matches(`${PARTY}(?:/${SEGMENT})+`);
export const isEventType = matches("[A-Z][A-Za-z]{2,63}");
export const isThumbprint = matches("[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]");
export const isHash = matches("[0-9a-f]{64}");
export const isSalt = matches("[0-9a-f]{32}");
export const isQuantity = matches("0|[1-9][0-9]{0,17}|(?:0|[1-9][0-9]{0,17})\\.[0-9]{0,11}[1-9]");
export const isAmount = matches("0|[1-9][0-9]{0,29}");
export const isMonth = matches("(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])");
export const isName = matches(`[^${CONTROLS}]{1,200}`, "u");
export const isRegion = matches("[A-Z]{2}(?:-[A-Z0-9]{1,3})?");
const ACTIVITY_FORM = matches("[a-z0-9]+(?:[.-][a-z0-9]+)*");
export const isActivity = (value) => ACTIVITY_FORM(value) && value.length <= 64;
export const isMemberName = matches("[A-Za-z][A-Za-z0-9_.-]{0,63}");
export const isFactor = matches(`${PARTY}/${SEGMENT}@${SEGMENT}`);
const TIME = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(Z|([+-])([0-9]{2}):([0-5][0-9]))$/;

export function isStream(value) {
  return STREAM_FORM(value) && value.length <= 200;
}

/** `{stream, version}` of `<stream>@<version>`, or null. */
export function splitEvent(value) {
  if (typeof value !== "string") return null;
  const [stream, digits, ...more] = value.split("@");
  if (more.length || !isStream(stream) || !/^[1-9][0-9]{0,15}$/.test(digits ?? "")) return null;
  const version = Number(digits);
  return Number.isSafeInteger(version) ? { stream, version } : null;
}

export function isEvent(value) {
  return splitEvent(value) !== null;
}

/** An item of a key's scope: a stream, or a prefix of whole segments that ends in "/". */
export function isScopeItem(value) {
  if (typeof value !== "string" || value.length > 200) return false;
  const whole = value.endsWith("/") ? value.slice(0, -1) : value;
  return isStream(whole) || (value.endsWith("/") && isParty(whole));
}

export function covers(item, stream) {
  return item.endsWith("/") ? stream.startsWith(item) : stream === item;
}

export function partyOf(stream) {
  return stream.split("/", 1)[0];
}

export function isSize(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Seconds since 1970 of a time, or null. */
export function seconds(value) {
  const found = typeof value === "string" ? TIME.exec(value) : null;
  if (found === null || !isDay(value.slice(0, 10))) return null;
  const day = new Date(Date.UTC(2000, 0, 1));
  day.setUTCFullYear(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
  const local = day.getTime() / 1000 + Number(found[4]) * 3600 + Number(found[5]) * 60 + Number(found[6]);
  if (found[7] === "Z") return local;
  const offset = Number(found[9]) * 3600 + Number(found[10]) * 60;
  if (offset === 0 || offset > 14 * 3600) return null;
  return found[8] === "+" ? local - offset : local + offset;
}

export function isTime(value) {
  return seconds(value) !== null;
}

/** A day that the calendar has, in the years 0001 to 9999. */
export function isDay(value) {
  if (typeof value !== "string" || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value) || value.startsWith("0000")) return false;
  const [year, month, day] = value.split("-").map(Number);
  const date = new Date(Date.UTC(2000, 0, 1));
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** Host, perhaps a port, and a path, without a scheme; at most 255 bytes. */
export function isOrigin(value) {
  if (typeof value !== "string" || value.length > 255) return false;
  const [place, ...path] = value.split("/");
  const host = /^([a-z0-9][a-z0-9.-]*)(?::[1-9][0-9]{0,4})?$/.exec(place);
  const parts = path.every((part) => /^[A-Za-z0-9._~-]+$/.test(part) && part !== "." && part !== "..");
  return host !== null && !host[1].includes("..") && path.length > 0 && parts;
}
