// The form of a bundle: exact members by kind, one spelling, order. Nothing is proven here.
//
// Source: specification, bundles ("Form", "Kinds").

import { base64Hash, fromUtf8, utf8 } from "./bytes.js";
import { decode, encode, isObject } from "./canonical.js";
import { isAmount, isEvent, isEventType, isHash, isMemberName, isMonth, isParty, isSalt, isSegment, isSize, isStream } from "./names.js";
import { Unable, require_ } from "./refusal.js";
import { isCategory, isMonths, isSums } from "./schema.js";
import { array, ascends, integer, isText, oneOf, orNull, shape } from "./shape.js";

const MAX_DEPTH = 16;
const MAX_LINE = 65_536;

const isPath = array((item) => base64Hash(item) !== null);
const isPlaced = (check) => shape({ line: check, path: isPath, position: isSize });

const isLineOfEvent = (data) => isObject(data) && isEventType(data.type) && utf8(encode(data)).length <= MAX_LINE;
const isShown = shape({ data: isLineOfEvent, path: isPath, position: isSize, previous: isHash });
const isWithheld = shape({ data_hash: isHash, path: isPath, position: isSize, previous: isHash, type: isEventType });
const isEntry = shape({ events: array((item) => isShown(item) || isWithheld(item), 1), index: Number.isSafeInteger, jws: isText, path: isPath });

const isCompany = shape({ lines_count: isSize, lines_root: isHash, party: isParty, streams_root: isHash, sums: isSums });
const KEY = { column: oneOf("biogenic", "emitted", "memo", "removed"), gas: isMemberName, line: isSize, month: isMonth, role: isSegment, scope: oneOf(1, 2, 3), stream: isStream };
const KEY_MAY = { category: isCategory, method: oneOf("location", "market"), subtract: [(value) => value === true, false] };
const isKey = shape(KEY, KEY_MAY);
const isCompanies = (value) => array(isCompany)(value) && ascends(value.map((one) => one.party));
const isMass = (value) => isAmount(value) && value !== "0";
const isLine = shape({ ...KEY, mass_mg: isMass, salt: isSalt }, KEY_MAY);
const isHead = shape({ head: isHash, stream: isStream, version: integer(1, Number.MAX_SAFE_INTEGER) });
const isHeadPlace = isPlaced(isHead);
const isHeadProof = (value) =>
  shape({ line: isHead, path: isPath, position: isSize, stream: isStream })(value) ||
  shape({ after: orNull(isHeadPlace), before: orNull(isHeadPlace), stream: isStream })(value);
const isHeads = (value) => array(isHeadProof)(value) && ascends(value.map((one) => one.stream));
const isSelect = shape({ method: oneOf("location", "market") }, { category: isCategory, months: isMonths, scope: oneOf(1, 2, 3), stream: isStream });

/** By kind: the members of `subject`, and the further members of the bundle. */
const KINDS = {
  event: [{ event: isEvent }, {}],
  "current-event": [{ event: isEvent, seal: isEvent }, { heads: isHeads }],
  "inventory-line": [{ line: isKey, party: isParty, seal: isEvent }, { company: isPlaced(isCompany), line: isPlaced(isLine) }],
  "company-total": [{ party: isParty, seal: isEvent }, { company: isPlaced(isCompany) }],
  "company-part": [{ party: isParty, seal: isEvent, select: isSelect }, { company: isPlaced(isCompany), lines: array(isLine) }],
  "area-total": [{ seal: isEvent }, { companies: isCompanies }],
  "target-progress": [{ seal: isEvent, target: isEvent }, {}],
};
/** How a receipt begins, perhaps behind the statement that it is for, and how a checkpoint does. */
const RECEIPT = /^(?:[\w-]+\.[\w-]+\.[\w-]+\n)?c2sp\.org\/tlog-proof@v1\n/;
const NOTE = /^[a-z0-9][!-~]{0,254}\n(?:0|[1-9][0-9]{0,15})\n[A-Za-z0-9+/]{43}=\n\n/;
const ELSEWHERE = ["company-inventory", "figure"];

/** The bundle of a file's bytes. Throws Refused (`form`), or Unable for a receipt and for a kind that is not derived here. */
export function readBundle(bytes) {
  const text = fromUtf8(bytes);
  if (RECEIPT.test(text ?? "") || NOTE.test(text ?? "")) {
    throw new Unable("this is a receipt (or a checkpoint), not a proof: receipts are checked by carbon-ledger verify, checkpoints compared by carbon-ledger audit --against");
  }
  const value = text?.endsWith("\n") ? decode(text.slice(0, -1), MAX_DEPTH) : null;
  require_(value !== null, "form", "the file is not one line of canonical JSON and LF");
  if (ELSEWHERE.includes(value.kind)) throw new Unable(`a file of kind ${value.kind} is not derived here: use carbon-ledger verify`);
  require_(Object.hasOwn(KINDS, value.kind), "form", "this kind of bundle is not known", { found: String(value.kind) });
  const [subject, further] = KINDS[value.kind];
  const isBundle = shape({ checkpoint: isText, entries: array(isEntry), kind: isText, subject: shape(subject), v: oneOf(1), ...further });
  require_(isBundle(value), "form", `a bundle of kind ${value.kind} has other members, or a value out of form`);
  require_(rises(value.entries.map((entry) => entry.index)), "form", "entries do not stand once each, in order of index");
  for (const entry of value.entries) {
    require_(rises(entry.events.map((item) => item.position)), "form", `the events of the entry with index ${entry.index} do not stand once each, in order`);
  }
  return value;
}

function rises(numbers) {
  return numbers.every((number, at) => at === 0 || numbers[at - 1] < number);
}
