// The members of every event type, and the kind of stream that it may stand in.
//
// Source: reference, events.

import {
  isActivity, isAmount, isDay, isEvent, isEventType, isFactor, isHash, isMemberName, isMonth, isName, isParty, isQuantity,
  isRegion, isSalt, isScopeItem, isSegment, isSize, isStream, isThumbprint, isTime,
} from "./names.js";
import { array, ascends, integer, isFlag, isText, map, oneOf, orNull, pair, set, shape } from "./shape.js";

const isRole = oneOf("direct", "lifecycle", "location", "market", "upstream");
const isUnit = (value) => isText(value) && value !== "" && [...value].length <= 32;
const isInterval = integer(1, 366 * 86_400);
const isYear = integer(1900, 2200);
const isGwp = (value) => isText(value) && /^AR[4-9]$/.test(value);
const isView = oneOf("companies", "gpc-basic", "gpc-basic-plus", "park", "territorial");
const isFact = (value) => isText(value) && value.length <= 64 && /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(value);
const isLine = (value) => isText(value) && value.length <= 64 && /^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/.test(value);
const isWhole = (value) => isText(value) && /^(?:0|[1-9][0-9]{0,17})$/.test(value);
const isRatio = shape({ den: (value) => isWhole(value) && value !== "0", num: isWhole });
const isNumber = (value) => isQuantity(value) || isRatio(value);
const isFactors = (value) => map(isRole, isFactor)(value);

const nonEmpty = (check) => (value) => check(value) && Object.keys(value).length > 0;
const isMonths = (value) => pair(isMonth, isMonth)(value) && value[0] < value[1];
const isJwk = shape({ crv: isText, kty: isText, x: isText });
const isRules = shape({ sha256: isHash, version: isSegment });
const isEndOfLog = shape({ heads_count: isSize, heads_root: isHash, log: isText, root: isHash, size: isSize }, { signed: shape({ root: isHash, size: isSize }) });
const isRange = pair(isQuantity, isQuantity);
const isCategory = integer(1, 15);
const isEvidence = set(isHash, 1);
const isAmounts = shape({ biogenic: isAmount, emitted: isAmount, removed: isAmount });

/** Milligrams by gas and column; a gas that has only zeros is left out in lists, which `isSums` does not ask. */
export const isSums = map(isMemberName, isAmounts);

const isRegister = shape(
  { digits: integer(1, 18), from: isQuantity, meter: isSegment, multiplier: isQuantity, to: isQuantity },
  { rollover: [integer(0, 9), 0] },
);
const RECORD = { confirm: isName, evidence: isEvidence, quality: oneOf("H", "L", "M"), reference: isName };
const PRICED = { ...RECORD, factors: nonEmpty(isFactors), unit: isUnit };
const ACTIVITY = [{ period: pair(isTime, isTime), quantity: isQuantity }, { ...PRICED, estimated: [isFlag, false], register: isRegister }];
const PROFILE = [
  { interval_s: isInterval, quantities: (value) => array(orNull(isQuantity), 1)(value) && value.length <= 4000, start: isTime },
  { ...PRICED, estimated: array(isSize, 1) },
];
const EMISSION = [
  { masses_mg: map(isMemberName, isAmount), method: isName, period: pair(isTime, isTime) },
  { ...RECORD, estimated: [isFlag, false] },
];
const isBody = {
  activity: shape(...ACTIVITY),
  profile: (value) => shape(...PROFILE)(value) && isEstimated(value),
  emission: shape(...EMISSION),
};
const AMENDED = {
  category: isCategory, gpc: isText, interval_s: isInterval, name: isName, part_of: isStream,
  plausible: isRange, uncertainty_percent: isQuantity,
};

const COUNT = [isSize, 0];
const isRedactedMass = shape(
  { biogenic: isAmount, emitted: isAmount, gas: isMemberName, month: isMonth, removed: isAmount, role: isRole },
  { line: COUNT, memo: [isAmount, "0"], zeroed: COUNT },
);
const isRedactedActivity = shape({ month: isMonth }, {
  covered_s: COUNT, estimated: COUNT, line: COUNT, quality: nonEmpty(map(oneOf("H", "L", "M"), isSize)), quantity: [isQuantity, "0"], readings: COUNT,
});
const isStretch = pair(isTime, isTime);
const hasEffects = shape({}, {
  period: isStretch, periods: array(isStretch, 2), reference_sha256: isHash,
  register: shape({ from: isQuantity, meter: isSegment, to: isQuantity }), unit: isUnit,
});
const isEffects = (value) => hasEffects(value) && !(Object.hasOwn(value, "period") && Object.hasOwn(value, "periods"));

/** By type: the kind of stream, the members that must be there, those that may, and what they must be together. */
const TYPES = {
  LedgerOpened: ["ledger", {
    area: isName,
    continues: orNull(isEndOfLog),
    key: isJwk, log: isText, operator: isParty, origin: isText, proof: isText, recovery_key: isJwk, recovery_proof: isText,
    rules: isRules, timezone: isText,
  }],
  RulesActivated: ["ledger", { rules: isRules }],
  PartyRegistered: ["keys", { key: isJwk, name: isName, proof: isText, roles: set(isText, 1) }, { lei: isText, region: isRegion, uscc: isText }],
  KeyAuthorized: ["keys", { key: isJwk, proof: isText, scope: set(isScopeItem) }, { admin: [isFlag, false], event_types: set(isEventType), read: [isFlag, false] }],
  KeyRevoked: ["keys", { compromised_from: orNull(isSize), key: isThumbprint, reason: isName }],
  EntriesConfirmed: ["keys", { entries: pair(isSize, isSize), key: isThumbprint, reason: isName }, {}, (value) => value.entries[0] < value.entries[1]],
  KeyRecovered: ["keys", { evidence: set(isHash, 1), key: isJwk, proof: isText, reason: isName }, { replaces: set(isThumbprint, 1) }],
  SiteRegistered: ["register", { region: isRegion, site: isSegment }, { inside: [isFlag, true], name: isName }],
  SourceRegistered: ["register", {
    activity: isActivity, factors: isFactors, key_area: isText, kind: oneOf("continuous", "discrete"), scope: oneOf(1, 2, 3, null),
    site: isSegment, stream: isStream, unit: isUnit,
  }, { ...AMENDED, balance_group: isSegment, flow: [oneOf("closing", "in", "opening", "out"), "in"] }],
  SourceAmended: ["register", { from: isTime, reason: isName, source: isStream }, { ...AMENDED, key_area: isText, site: isSegment }],
  SourceClosed: ["register", { at: isTime, reason: isName, source: isStream }],
  FactorPublished: ["factors", {
    activity: isActivity, gases_kg_per_unit: map(isMemberName, isNumber), id: isSegment, kind: isText, region: isRegion,
    source: shape({ sha256: orNull(isHash), title: isName }, { number: isName }), unit: isUnit, valid: pair(isDay, isDay),
    version: isSegment, year: isYear,
  }, { properties: nonEmpty(map(isMemberName, isNumber)), uncertainty_percent: isQuantity }],
  FactorConfirmed: ["register", { factor: isFactor, reason: isName }, { evidence: isEvidence }],
  FactorAssigned: ["register", { factor: isFactor, from: isTime, reason: isName, role: isRole, source: isStream }],
  ActivityRecorded: ["source", ...ACTIVITY],
  ProfileRecorded: ["source", ...PROFILE, isEstimated],
  EmissionMeasured: ["source", ...EMISSION],
  ActivityCorrected: ["corrections", { event: isEvent, reason: isName }, { ...isBody, supersedes: isEvent }, (value) => bodyNames(value).length === 1],
  ActivityWithdrawn: ["corrections", { event: isEvent, reason: isName }, { supersedes: isEvent }],
  BoundarySet: ["register", {
    approach: oneOf("equity", "financial", "operational"), from: isMonth, reason: isName, sites: array(pair(isSegment, isNumber), 1),
  }, {}, (value) => ascends(value.sites.map(([site]) => site))],
  SiteTransferred: ["register", { from: isMonth, reason: isName, site: isSegment, to: isParty }],
  BaseYearRestated: ["register", { reason: isName, size: isSize, threshold_percent: isQuantity, year: isYear }],
  LineDeclared: ["register", { line: isLine, notation: oneOf("C", "IE", "NE", "NO"), period: isMonths, reason: isName }, { included_in: isName }],
  CompanyFactRecorded: ["register", { fact: isFact, period: isMonths, unit: isUnit, value: isQuantity }, { evidence: isEvidence, supersedes: isEvent }],
  AreaFactRecorded: ["register", { fact: isFact, period: isMonths, unit: isUnit, value: isQuantity }, { evidence: isEvidence, sub_area: isStream, supersedes: isEvent }],
  MeterInstalled: ["register", { at: isTime, digits: integer(1, 18), meter: isSegment, multiplier: isQuantity, register: isQuantity, source: isStream }],
  MeterRemoved: ["register", { at: isTime, meter: isSegment, reason: isName, register: isQuantity, source: isStream }],
  SupplyMatched: ["register", { from: isMonth, interval: oneOf("hour", "month"), reason: isName, source: isStream, supply: orNull(isStream) }],
  TransferRecorded: ["register", {
    kind: oneOf("carbon-carrier", "energy", "pass-through"), month: isMonth, quantity: isQuantity, stream: isStream, to: orNull(isParty), unit: isUnit,
  }, { evidence: isEvidence, factors: nonEmpty(map(oneOf("direct", "location"), isFactor)), reference: isName, supersedes: isEvent }],
  TransferAcknowledged: ["register", { month: isMonth, quantity: isQuantity, stream: isStream, transfer: isEvent, unit: isUnit }, { supersedes: isEvent }],
  TransferWithdrawn: ["register", { month: isMonth, reason: isName, transfer: isEvent }],
  TargetSet: ["register", {
    base_mg: isAmount, base_size: isSize, base_year: isYear, credits_percent: isNumber, gwp: isGwp, neutral_year: isYear,
    path: array(pair(isYear, isAmount), 1), reason: isName, target: isSegment, view: isView,
  }, { gases: set(isMemberName, 1), supersedes: isEvent }, (value) => value.path.every(([year], at) => at === 0 || value.path[at - 1][0] < year)],
  DataRedacted: ["redactions", {
    data_hash: isHash, deltas: array(isRedactedMass), effects: isEffects, event: isEvent, legal_basis: isName, who: isName,
  }, { activity: array(isRedactedActivity, 1) }],
  RedactionConfirmed: ["redactions", { event: isEvent, reason: isName }],
  FootprintSealed: ["seals", {
    companies_count: isSize, companies_root: isHash, gwp: isGwp, heads_count: isSize, heads_root: isHash, period: isMonths, rules: isRules,
    size: isSize, totals: isSums, view: isView,
  }],
};

const CHECKS = new Map(
  Object.entries(TYPES).map(([type, [place, must, may, whole]]) => [
    type,
    { place, check: shape({ ...must, salt: isSalt, type: oneOf(type) }, may), whole: whole ?? (() => true) },
  ]),
);

/** Whether an event's data has the members of its type. */
export function isEventData(data) {
  const found = CHECKS.get(data.type);
  return found !== undefined && found.check(data) && found.whole(data);
}

/** The kind of stream that a type stands in; undefined for an unknown type. */
export function placeOfType(type) {
  return CHECKS.get(type)?.place;
}

/** The name of the member that holds a correction's body. */
export function bodyNames(correction) {
  return ["activity", "emission", "profile"].filter((name) => Object.hasOwn(correction, name));
}

export { isCategory, isMonths };

/** Estimated positions of a profile ascend, and are of readings. */
function isEstimated(profile) {
  const found = profile.estimated ?? [];
  const ascend = found.every((position, at) => at === 0 || found[at - 1] < position);
  return ascend && found.every((position) => position < profile.quantities.length && profile.quantities[position] !== null);
}
