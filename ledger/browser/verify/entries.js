// Steps 2 to 5: every entry is in the log, every event is in its batch and follows the one before it.
//
// Whose signature an entry carries is asked in authors.js. Source: specification, bundles ("Checking").

import { base64Hash, hex, sha256, unhex, utf8 } from "./bytes.js";
import { encode } from "./canonical.js";
import { leadsTo, leafHash } from "./merkle.js";
import { splitEvent } from "./names.js";
import { require_ } from "./refusal.js";
import { isEventData } from "./schema.js";
import { parseStatement } from "./statement.js";

const MAX_LINE = 65_536;

/**
 * The entries of a bundle, each `{index, statement, events}`; an event is `{name, stream, version, position, type, leaf, data}`, with
 * data null where it is withheld.
 */
export async function openEntries(bundle, checkpoint, vkey) {
  const opened = [];
  for (const entry of bundle.entries) opened.push(await openEntry(entry, checkpoint, vkey));
  checkBatchesFollow(opened);
  checkSubjects(bundle, opened);
  for (const item of opened.flatMap((entry) => entry.events).filter((one) => one.data !== null)) {
    const fits = utf8(encode(item.data)).length <= MAX_LINE && isEventData(item.data);
    require_(fits, "data", `${item.name} is not in the form of a ${item.type}`);
  }
  return opened;
}

async function openEntry(entry, checkpoint, vkey) {
  const at = `entry ${entry.index}`;
  const leaf = await leafHash(utf8(entry.jws));
  const inLog = await leadsTo(leaf, entry.index, checkpoint.size, entry.path.map(base64Hash), checkpoint.root);
  require_(inLog, "log-path", `${at} is not in the log of the checkpoint`);
  const statement = await parseStatement(entry.jws);
  require_(statement !== null, "statement", `the statement of ${at} is not in form`);
  require_(statement.log === vkey, "other-log", `${at} was signed for another log`, { expected: vkey, found: statement.log });
  require_(statement.seen === null || statement.seen.size <= entry.index, "statement", `${at} names a checkpoint later than itself`);
  const root = unhex(statement.root);
  const events = await Promise.all(entry.events.map((item) => openEvent(item, statement, root)));
  for (const { holds, name } of events) require_(holds, "event-path", `${name} is not in the batch of ${at}`);
  checkChain(entry, statement, events);
  return { index: entry.index, statement, events };
}

async function openEvent(item, statement, root) {
  const shown = Object.hasOwn(item, "data");
  const dataHash = shown ? hex(await sha256(utf8(encode(item.data)))) : item.data_hash;
  const type = shown ? item.data.type : item.type;
  const version = statement.first + item.position;
  const header = { data: dataHash, previous: item.previous, stream: statement.stream, type, v: 1, version };
  const leaf = await leafHash(utf8(encode(header)));
  const holds = await leadsTo(leaf, item.position, statement.count, item.path.map(base64Hash), root);
  const name = `${statement.stream}@${version}`;
  return { name, stream: statement.stream, version, position: item.position, type, leaf: hex(leaf), data: shown ? item.data : null, holds };
}

/** Each event names the one before it, where both ends of that link are known. */
function checkChain(entry, statement, events) {
  const leaves = new Map([[-1, statement.previous]]);
  events.forEach((opened) => leaves.set(opened.position, opened.leaf));
  for (const item of entry.events) {
    const before = leaves.get(item.position - 1) ?? item.previous;
    require_(item.previous === before, "chain", `event ${item.position} of entry ${entry.index} does not follow the one before it`);
  }
  const last = leaves.get(statement.count - 1) ?? statement.head;
  require_(last === statement.head, "chain", `the head of entry ${entry.index} is not its last event`);
}

/** Batches of one stream go on where the one before them in the file ended: no version stands twice. */
function checkBatchesFollow(entries) {
  const before = new Map();
  for (const { index, statement } of entries) {
    const last = before.get(statement.stream);
    before.set(statement.stream, statement);
    if (last === undefined) continue;
    const next = last.first + last.count;
    require_(statement.first >= next, "chain", `entry ${index} has versions of ${statement.stream} again`);
    const follows = statement.first > next || statement.previous === last.head;
    require_(follows, "chain", `entry ${index} does not follow the batch before it in ${statement.stream}`);
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
  const { stream, version } = splitEvent(name);
  for (const entry of entries) {
    if (entry.statement.stream !== stream) continue;
    const item = entry.events.find((one) => one.version === version);
    if (item !== undefined) return { entry, item };
  }
  return null;
}
