// Step 5: the file opens the ledger, its streams of trust are whole, and it holds what its subject stands on and nothing else.
//
// Source: specification, bundles ("What an event stands on").

import { eventNamed } from "./entries.js";
import { entryIn } from "./logs.js";
import { partyOf } from "./names.js";
import { correctionsOf, placeOf, sourceOf } from "./places.js";
import { require_ } from "./refusal.js";
import { bodyNames } from "./schema.js";
import { ZEROS } from "./statement.js";

const READINGS = ["ActivityRecorded", "EmissionMeasured", "ProfileRecorded"];
const OF_SOURCE = ["SourceAmended", "SourceClosed", "FactorAssigned"];
/** The first event about a source, a factor, a site; and what may be said of one, or not. */
const BEGINS = ["FactorPublished", "SiteRegistered", "SourceRegistered"];
const MAY_LACK = ["meter", "people"];

/** The data of the event that opens each of these logs, its entry 0; in their order. Throws Refused. */
export function openings(entries, logs) {
  return logs.map((log) => {
    const first = entries.find((entry) => entry.index === log.opened);
    const item = first?.events[0];
    const opens = item?.type === "LedgerOpened" && item.data !== null && first.statement.count === 1;
    const at = entryIn(log, log.opened);
    require_(opens, "opening", `${at}, which opens the ledger, is not in the file or not shown`);
    require_(item.data.log === log.vkey, "opening", `${at} opens another log`, { expected: log.vkey, found: item.data.log });
    const own = item.stream === `${item.data.operator}/ledger` && item.version === 1;
    require_(own, "opening", `${at} does not open the operator's own ledger`);
    return item.data;
  });
}

/** Streams of keys and rules are shown from their first event on, without a gap. */
export function checkTrustIsWhole(entries) {
  const heads = new Map();
  for (const { sequence, statement, events } of entries.filter((entry) => isTrust(entry.statement.stream))) {
    const [version, leaf] = heads.get(sequence) ?? [0, ZEROS];
    const follows = statement.first === version + 1 && statement.previous === leaf;
    const whole = follows && events.every((item, at) => item.position === at && item.data !== null);
    require_(whole, "left-out", `events of ${statement.stream} are left out or withheld`);
    // A batch that is not named to its end has no later one behind it in the file.
    const ended = events.length === statement.count;
    heads.set(sequence, [statement.first + events.length - 1, ended ? statement.head : ""]);
  }
}

/** Throw `foreign` for an event that nothing here stands on. `streams` are those that a file with heads is about. */
export function checkNothingElse(bundle, entries, operator, streams) {
  const items = entries.flatMap((entry) => entry.events);
  const { event, seal, target } = bundle.subject;
  const about = index(items);
  const asked = [event, seal, target].filter((name) => name !== undefined);
  const waiting = [...asked, ...items.filter((item) => streams.includes(item.stream) && item.data).map((item) => item.name)];
  const parties = new Set([operator, ...items.filter((item) => item.data === null).map((item) => partyOf(item.stream))]);
  const wanted = new Set();
  const named = new Map(items.map((item) => [item.name, item]));
  while (waiting.length) {
    const item = named.get(waiting.pop());
    if (item === undefined || wanted.has(item.name)) continue;
    wanted.add(item.name);
    parties.add(partyOf(item.stream));
    if (item.data === null) continue;
    for (const what of standsOn(item)) {
      if (what.startsWith("party ")) parties.add(what.slice(6));
      waiting.push(...(about.get(what) ?? []));
    }
  }
  for (const item of items) {
    const trust = isTrust(item.stream) && parties.has(partyOf(item.stream));
    const belongs = trust || item.data === null || wanted.has(item.name);
    require_(belongs, "foreign", `${item.name} is in the file, and nothing that it claims stands on it`);
  }
  if (bundle.kind === "event") {
    const { item: subject } = eventNamed(entries, event);
    const later = items.find((item) => item.sequence === subject.sequence && item.version > subject.version);
    require_(later === undefined, "foreign", `${later?.name} follows the event that is asked about`);
  }
}

/** The streams whose heads a `current-event` asks for, in no order. */
export function streamsAsked(subject, entries, operator) {
  const source = eventNamed(entries, subject.event).item.stream;
  const parties = new Set([operator, ...entries.map((entry) => partyOf(entry.statement.stream))]);
  return [`${operator}/ledger`, `${partyOf(source)}/register`, correctionsOf(source), ...[...parties].map((party) => `${party}/keys`)];
}

/** What the file has said so far, in the order of the log: what an event refers to must be there before it. */
export class Said {
  #known = new Set();

  /** What this event refers to and nothing has said before it, or null. */
  lacks(item) {
    const refers = [...standsOn(item), ...(item.data.supersedes ? [`statement ${item.data.supersedes}`] : [])];
    const found = refers.find((what) => !MAY_LACK.includes(what.split(" ", 1)[0]) && what !== `corrected ${item.name}` && !this.#known.has(what));
    return found === undefined ? null : found.slice(found.indexOf(" ") + 1);
  }

  add(item) {
    const { name, stream, type, data } = item;
    if (BEGINS.includes(type)) saysAbout(item).forEach((what) => this.#known.add(what));
    if (type === "PartyRegistered") this.#known.add(`party ${partyOf(stream)}`);
    if (type === "LedgerOpened") this.#known.add(`party ${data.operator}`);
    this.#known.add(`statement ${name}`).add(`corrected ${name}`);
  }
}

/** Names of shown events by what they are about. */
function index(items) {
  const about = new Map();
  for (const item of items.filter((one) => one.data !== null)) {
    for (const what of saysAbout(item)) about.set(what, [...(about.get(what) ?? []), item.name]);
  }
  return about;
}

function saysAbout({ name, stream, type, data }) {
  const party = partyOf(stream);
  if (READINGS.includes(type)) {
    return [`corrected ${name}`, ...(data.register ? [`meter ${stream} ${data.register.meter}`] : [])];
  }
  if (OF_SOURCE.includes(type)) return [`source ${data.source}`];
  switch (type) {
    case "SourceRegistered":
      return [`source ${data.stream}`];
    case "FactorPublished":
      return [`factor ${party}/${data.id}@${data.version}`];
    case "SiteRegistered":
      return [`site ${party}/${data.site}`];
    case "ActivityCorrected":
    case "ActivityWithdrawn":
      return [`corrected ${data.event}`];
    case "MeterInstalled":
      return [`meter ${data.source} ${data.meter}`];
    case "AreaFactRecorded":
      return [`statement ${name}`, ...(data.fact === "population" && data.sub_area ? [`people ${data.sub_area}`] : [])];
    default:
      return [`statement ${name}`];
  }
}

function standsOn({ name, stream, type, data }) {
  const party = partyOf(stream);
  const factors = (found) => Object.values(found ?? {}).map((ref) => `factor ${ref}`);
  const statement = (ref) => (ref ? [`statement ${ref}`] : []);
  const place = (site) => (site ? [`site ${party}/${site}`, `people ${party}/${site}`] : []);
  const partOf = data.part_of ? [`source ${data.part_of}`] : [];
  if (READINGS.includes(type)) return [`source ${stream}`, `corrected ${name}`, ...factors(data.factors)];
  switch (type) {
    case "ActivityCorrected":
      return [`source ${sourceOf(stream)}`, `corrected ${data.event}`, ...factors(data[bodyNames(data)[0]].factors)];
    case "ActivityWithdrawn":
      return [`source ${sourceOf(stream)}`, `corrected ${data.event}`];
    case "SourceRegistered":
      return [...place(data.site), ...partOf, ...factors(data.factors)];
    case "SourceAmended":
      return [`source ${data.source}`, ...place(data.site), ...partOf];
    case "SourceClosed":
    case "MeterInstalled":
      return [`source ${data.source}`];
    case "FactorAssigned":
      return [`source ${data.source}`, `factor ${data.factor}`];
    case "FactorConfirmed":
      return [`factor ${data.factor}`];
    case "BoundarySet":
      return data.sites.map(([site]) => `site ${party}/${site}`);
    case "SiteTransferred":
      return [`site ${party}/${data.site}`, `party ${data.to}`];
    case "CompanyFactRecorded":
    case "TargetSet":
      return statement(data.supersedes);
    case "AreaFactRecorded":
      return [...statement(data.supersedes), ...(data.sub_area ? [`site ${data.sub_area}`] : [])];
    case "MeterRemoved":
      return [`source ${data.source}`, `meter ${data.source} ${data.meter}`];
    case "SupplyMatched":
      return [`source ${data.source}`, ...(data.supply ? [`source ${data.supply}`] : [])];
    case "TransferRecorded":
      return [`source ${data.stream}`, ...factors(data.factors), ...statement(data.supersedes), ...(data.to ? [`party ${data.to}`] : [])];
    case "TransferAcknowledged":
      return [`source ${data.stream}`, `statement ${data.transfer}`, ...statement(data.supersedes)];
    case "TransferWithdrawn":
      return [`statement ${data.transfer}`];
    case "RedactionConfirmed":
      return [`statement ${data.event}`];
    default:
      return [];
  }
}

function isTrust(stream) {
  return ["keys", "ledger"].includes(placeOf(stream));
}
