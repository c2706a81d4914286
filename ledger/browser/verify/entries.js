// Steps 2 to 5: every entry is in its log, every event is in its batch and follows the one before it.
//
// Whose signature an entry carries is asked in authors.js. Source: specification, bundles ("Checking").

import { base64Hash, hex, sha256, unhex, utf8 } from "./bytes.js";
import { encode } from "./canonical.js";
import { entryIn, eventIn, logAtHand, logBefore, placeIn, sequenceIn } from "./logs.js";
import { leadsTo, leafHash } from "./merkle.js";
import { require_ } from "./refusal.js";
import { isEventData } from "./schema.js";
import { parseStatement } from "./statement.js";

/**
 * `{entries, logs}` of a bundle, both oldest first. An entry is `{index, at, log, sequence, statement, events}`, with `at` its name for
 * people; an event is `{name, stream, sequence, version, position, type, leaf, data}`, with data null where it is withheld.
 */
export async function openEntries(bundle, checkpoint, vkey) {
  const { entries, logs } = await openLogs(bundle.entries, logAtHand(checkpoint, vkey));
  checkBatchesFollow(entries);
  checkSubjects(bundle, entries);
  for (const item of entries.flatMap((entry) => entry.events).filter((one) => one.data !== null)) {
    require_(isEventData(item.data), "data", `${item.name} is not in the form of a ${item.type}`);
  }
  return { entries, logs };
}

/** Log by log from the one at hand back: where an earlier one ended is known from the entry that continues it. */
async function openLogs(items, atHand) {
  const logs = [atHand];
  let entries = [];
  let rest = items;
  for (;;) {
    const [log] = logs;
    const own = [];
    for (const entry of rest.filter((one) => one.index >= log.opened)) own.push(await openEntry(entry, log));
    entries = [...own, ...entries];
    rest = rest.slice(0, rest.length - own.length);
    if (!rest.length) return { entries, logs };
    logs.unshift(logBefore(log, own[0]));
  }
}

async function openEntry(entry, log) {
  const at = entryIn(log, entry.index);
  const place = placeIn(log, entry.index);
  const leaf = await leafHash(utf8(entry.jws));
  const inLog = await leadsTo(leaf, place, log.size, entry.path.map(base64Hash), log.root);
  require_(inLog, "log-path", `${at} is not in the log ${log.end === null ? "of the checkpoint" : "whose end the next one names"}`);
  const statement = await parseStatement(entry.jws);
  require_(statement !== null, "statement", `the statement of ${at} is not in form`);
  require_(statement.log === log.vkey, "other-log", `${at} was signed for another log`, { expected: log.vkey, found: statement.log });
  require_(statement.seen === null || statement.seen.size <= place, "statement", `${at} names a checkpoint later than itself`);
  const root = unhex(statement.root);
  const events = await Promise.all(entry.events.map((item) => openEvent(item, statement, root, log)));
  for (const { holds, name } of events) require_(holds, "event-path", `${name} is not in the batch of ${at}`);
  const opened = { index: entry.index, at, log, sequence: sequenceIn(log, statement.stream), statement, events };
  checkChain(entry, opened);
  return opened;
}

async function openEvent(item, statement, root, log) {
  const shown = Object.hasOwn(item, "data");
  const dataHash = shown ? hex(await sha256(utf8(encode(item.data)))) : item.data_hash;
  const type = shown ? item.data.type : item.type;
  const version = statement.first + item.position;
  const header = { data: dataHash, previous: item.previous, stream: statement.stream, type, v: 1, version };
  const leaf = await leafHash(utf8(encode(header)));
  const holds = await leadsTo(leaf, item.position, statement.count, item.path.map(base64Hash), root);
  const { stream } = statement;
  const names = { name: eventIn(log, stream, version), stream, sequence: sequenceIn(log, stream), version };
  return { ...names, position: item.position, type, leaf: hex(leaf), data: shown ? item.data : null, holds };
}

/** Each event names the one before it, where both ends of that link are known. */
function checkChain(entry, { at, statement, events }) {
  const leaves = new Map([[-1, statement.previous]]);
  events.forEach((opened) => leaves.set(opened.position, opened.leaf));
  for (const item of entry.events) {
    const before = leaves.get(item.position - 1) ?? item.previous;
    require_(item.previous === before, "chain", `event ${item.position} of ${at} does not follow the one before it`);
  }
  const last = leaves.get(statement.count - 1) ?? statement.head;
  require_(last === statement.head, "chain", `the head of ${at} is not its last event`);
}

/** Batches of one stream go on where the one before them in the file ended: no version stands twice. */
function checkBatchesFollow(entries) {
  const before = new Map();
  for (const { at, sequence, statement } of entries) {
    const last = before.get(sequence);
    before.set(sequence, statement);
    if (last === undefined) continue;
    const next = last.first + last.count;
    require_(statement.first >= next, "chain", `${at} has versions of ${statement.stream} again`);
    const follows = statement.first > next || statement.previous === last.head;
    require_(follows, "chain", `${at} does not follow the batch before it in ${statement.stream}`);
  }
}

/** What is asked about is in the file, and is what the kind asks for. */
function checkSubjects(bundle, entries) {
  const { event, seal, target } = bundle.subject;
  const found = new Map(entries.flatMap((entry) => entry.events.map((item) => [item.name, item])));
  for (const name of [event, seal, target].filter((one) => one !== undefined)) {
    require_(found.has(name), "subject", `${name}, which is asked about, is not in the file`);
  }
  const shown = (name, type) => found.get(name).data !== null && found.get(name).type === type;
  if (seal !== undefined) require_(shown(seal, "FootprintSealed"), "subject", `${seal} is no seal that the file shows`);
  if (target !== undefined) require_(shown(target, "TargetSet"), "subject", `${target} is no target that the file shows`);
  const readings = ["ActivityRecorded", "EmissionMeasured", "ProfileRecorded"];
  if (bundle.kind === "current-event") require_(readings.includes(found.get(event).type), "subject", `${event} is no reading`);
}

/** The event of this name among the entries, with its entry; `{entry, item}`. */
export function eventNamed(entries, name) {
  for (const entry of entries) {
    const item = entry.events.find((one) => one.name === name);
    if (item !== undefined) return { entry, item };
  }
  return null;
}
