// The logs of a file: the one at hand, and the earlier ones that it continues.
//
// Entry i of an earlier log of N entries has the index i - N, before the entry 0 that continues it and names its end: key, root and
// size. Source: specification, bundles ("Earlier logs"); keys ("A log that continues another one").

import { unhex } from "./bytes.js";
import { placeOf } from "./places.js";
import { require_ } from "./refusal.js";
import { isEventData } from "./schema.js";

/** The log of the checkpoint. `opened` is the index of a log's entry 0, and `end` the one behind its last; null where it goes on. */
export function logAtHand(checkpoint, vkey) {
  return { vkey, origin: checkpoint.origin, root: checkpoint.root, size: checkpoint.size, opened: 0, end: null };
}

/** The log that a log continues, as its entry 0, the first one opened of it, names the end. Throws Refused. */
export function logBefore(log, first) {
  const item = first?.index === log.opened ? first.events[0] : null;
  const opens = item?.type === "LedgerOpened" && item.data !== null && isEventData(item.data);
  const found = opens ? item.data.continues : null;
  require_(found !== null, "opening", `there are entries before ${entryIn(log, log.opened)}, and it shows no log that it continues`);
  return { vkey: found.log, origin: found.log.split("+", 1)[0], root: unhex(found.root), size: found.size, opened: log.opened - found.size, end: log.opened };
}

/** Which entry of its own log stands at an index of the file. */
export function placeIn({ size, end }, index) {
  // In this order no sum leaves the integers that a number holds.
  return end === null ? index : size + (index - end);
}

/** What people call the entry of an index. */
export function entryIn(log, index) {
  const own = `entry ${placeIn(log, index)}`;
  return log.end === null ? own : `${own} of the earlier log ${log.origin}`;
}

/** The name under which versions of a stream count: `<operator>/ledger` begins again in each log. */
export function sequenceIn(log, stream) {
  return isEarlierLedger(log, stream) ? `${stream} ${log.opened}` : stream;
}

/** The name of an event; an earlier log's `<operator>/ledger` is not what that name means. */
export function eventIn(log, stream, version) {
  const name = `${stream}@${version}`;
  return isEarlierLedger(log, stream) ? `${name} of the earlier log ${log.origin}` : name;
}

function isEarlierLedger({ end }, stream) {
  return end !== null && placeOf(stream) === "ledger";
}
