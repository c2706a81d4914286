// What a reading comes to: milligrams by month, role of factor and gas, derived again from the file's events.
//
// Checked of accounting are those rules without which the figure would not follow: sources and factors are there before they are
// used, periods have a length, units convert, gases are known, and each correction supersedes the one before it. Whether a reading was
// plausible, its source's place in the catalogue, or time that is covered twice is left to audit.
// Source: specification, what an event comes to.

import { fraction, product, round, sum } from "./exact.js";
import { placeIn } from "./logs.js";
import { isOfRules } from "./months.js";
import { partyOf, seconds } from "./names.js";
import { placeOf, sourceOf } from "./places.js";
import { require_ } from "./refusal.js";
import { bodyNames } from "./schema.js";
import { conversion, gasOf, rulesOf, unitOf } from "./units.js";

const BODIES = { ActivityRecorded: "activity", EmissionMeasured: "emission", ProfileRecorded: "profile" };
const LINE = ["category", "gpc", "key_area", "part_of", "site"];
const TINY = 10n ** 12n;
const MG_PER_KG = 10n ** 6n;

/** Sources, factors and readings of a file, entry by entry in the order of the log. */
export class Accounts {
  constructor(calendar) {
    this.calendar = calendar;
    this.activated = [];
    this.sources = new Map();
    this.factors = new Map();
    this.readings = new Map();
  }

  /** Numbers of the rules that decide about the entry of an index. Throws Refused for rules that are not known here. */
  rulesAt(index) {
    const found = this.activated.filter(([since]) => since < index).at(-1)[1];
    const rules = rulesOf(found);
    require_(rules !== null, "rule", `rules of version ${found.version} with this hash are not known here`);
    return rules;
  }

  /** Take in one shown event of an entry. Throws Refused (`rule`). */
  apply(item, { index, log }) {
    const { data, name, stream, type } = item;
    const rule = (holds, what) => require_(holds, "rule", `${name}: ${what}`);
    switch (type) {
      case "LedgerOpened":
        this.activated.push([index - 1, data.rules]);
        this.rulesAt(index);
        break;
      case "RulesActivated":
        rule(this.activated.at(-1)?.[1].version !== data.rules.version, "rules that are in force already");
        this.activated.push([index, data.rules]);
        this.rulesAt(index + 1);
        break;
      case "SourceRegistered": {
        rule(partyOf(data.stream) === partyOf(stream) && placeOf(data.stream) === "source", "a source of another party");
        rule(!this.sources.has(data.stream), "a source that is registered already");
        rule(unitOf(this.rulesAt(index), data.unit) !== null, `an unknown unit, ${data.unit}`);
        const given = Object.entries(data.factors).map(([role, ref]) => [role, [{ from: -Infinity, ref }]]);
        given.forEach(([, [{ ref }]]) => rule(this.factors.has(ref), `${ref} is not published yet`));
        this.sources.set(data.stream, { unit: data.unit, factors: new Map(given), terms: [{ from: -Infinity, members: data }], changed: index });
        break;
      }
      case "SourceAmended":
        this.#sourceOf(data.source, stream, rule).terms.push({ from: seconds(data.from), members: data });
        break;
      case "FactorAssigned": {
        const source = this.#sourceOf(data.source, stream, rule);
        rule(this.factors.has(data.factor), `${data.factor} is not published yet`);
        const from = seconds(data.from);
        const others = (source.factors.get(data.role) ?? []).filter((one) => one.from !== from);
        source.factors.set(data.role, [...others, { from, ref: data.factor }].sort((one, other) => one.from - other.from));
        source.changed = index;
        break;
      }
      case "FactorPublished": {
        const ref = `${partyOf(stream)}/${data.id}@${data.version}`;
        rule(!this.factors.has(ref), `${ref} is published already`);
        const rules = this.rulesAt(index);
        rule(unitOf(rules, data.unit) !== null, `an unknown unit, ${data.unit}`);
        Object.keys(data.gases_kg_per_unit).forEach((gas) => rule(gasOf(rules, gas, "") !== null, `an unknown gas, ${gas}`));
        this.factors.set(ref, data);
        break;
      }
      case "ActivityRecorded":
      case "EmissionMeasured":
      case "ProfileRecorded": {
        const reading = { source: stream, kind: BODIES[type], body: data, index, latest: undefined, withdrawn: false };
        this.#check(reading, name);
        this.readings.set(name, reading);
        break;
      }
      case "ActivityCorrected":
      case "ActivityWithdrawn": {
        const reading = this.readings.get(data.event);
        rule(reading !== undefined && reading.source === sourceOf(stream), `${data.event} is no reading of this source`);
        rule(!reading.withdrawn, `${data.event} is withdrawn already`);
        rule(data.supersedes === reading.latest, "it does not supersede the correction before it");
        const changed = { ...reading, index, latest: name, withdrawn: type === "ActivityWithdrawn" };
        if (type === "ActivityCorrected") {
          const [kind] = bodyNames(data);
          rule(kind === reading.kind, "a body of another kind than the reading's");
          changed.body = data[kind];
          this.#check(changed, name);
        }
        this.readings.set(data.event, changed);
        break;
      }
      case "FootprintSealed":
        require_(data.size >= 1 && data.size <= placeIn(log, index), "seal", `${name} seals a size that the log did not have`);
        rule(this.#decides(data, log.opened + data.size), "other rules than those of its size, or a time outside of their calendar");
        break;
      default:
    }
  }

  /** Whether a seal's rules, with its set of potentials and its months, are those in force at the index of its size. */
  #decides({ gwp, period, rules }, end) {
    const named = this.activated.filter(([since]) => since < end).at(-1)[1];
    const same = named.version === rules.version && named.sha256 === rules.sha256;
    return same && this.rulesAt(end).gwps.includes(gwp) && period.every(isOfRules);
  }

  /** Month → role → gas → milligrams of a reading as it stands; empty where there is nothing. Throws Refused (`rule`). */
  massesOf(event) {
    const reading = this.readings.get(event);
    const found = new Totals();
    if (reading === undefined || reading.withdrawn) return found.masses();
    const source = this.sources.get(reading.source);
    const rules = this.rulesAt(Math.max(reading.index, source.changed));
    if (reading.kind === "emission") this.#addEmission(reading.body, found);
    else this.#addQuantities(source, reading, rules, event, found);
    return found.masses();
  }

  #addEmission({ period, masses_mg: masses }, found) {
    const [start, end] = period.map(seconds);
    for (const [gas, mass] of Object.entries(masses)) {
      for (const [month, part] of this.calendar.split(start, end, BigInt(mass))) found.add(month, "direct", gas, part);
    }
  }

  /** Exact sums by line, month, role and factor first; one rounding for each gas of these after. */
  #addQuantities(source, { body, kind }, rules, event, found) {
    const unit = body.unit ?? source.unit;
    const amounts = new Map();
    for (const [start, end, amount] of readingsOf(body, kind)) {
      const line = lineAt(source, start);
      const factors = this.#factorsAt(source, body, start);
      for (const [month, part] of this.calendar.split(start, end, amount)) {
        for (const [role, ref] of factors) {
          const key = JSON.stringify([line, month, role, ref]);
          amounts.set(key, (amounts.get(key) ?? 0n) + part);
        }
      }
    }
    const exact = new Map();
    for (const [key, amount] of amounts) {
      const [line, month, role, ref] = JSON.parse(key);
      const factor = this.factors.get(ref);
      const ratio = conversion(rules, factor, unit);
      require_(ratio !== null, "rule", `${event}: nothing converts ${unit} into ${factor.unit} of ${ref}`);
      for (const [gas, kg] of Object.entries(factor.gases_kg_per_unit)) {
        const mass = product([amount, TINY], fraction(kg), ratio, [MG_PER_KG, 1n]);
        const place = JSON.stringify([line, month, role, gas]);
        exact.set(place, sum(exact.get(place) ?? [0n, mass[1]], mass));
      }
    }
    for (const [place, [num, den]] of exact) {
      const [, month, role, gas] = JSON.parse(place);
      found.add(month, role, gas, round(num, den));
    }
  }

  #factorsAt(source, body, at) {
    const found = new Map(Object.entries(body.factors ?? {}));
    for (const [role, given] of source.factors) {
      const latest = given.filter((one) => one.from <= at).at(-1);
      if (latest && !found.has(role)) found.set(role, latest.ref);
    }
    return found;
  }

  /** The rules of a body without which nothing could be derived from it. */
  #check({ source: stream, kind, body, index }, name) {
    const rule = (holds, what) => require_(holds, "rule", `${name}: ${what}`);
    const source = this.sources.get(stream);
    rule(source !== undefined, `${stream} is not registered yet`);
    const rules = this.rulesAt(index);
    const [start, end] = kind === "profile" ? spanOf(body) : body.period.map(seconds);
    rule(start < end, "no reading, or a period that does not end after it begins");
    rule(this.calendar.monthOf(start) !== null && this.calendar.monthOf(end - 1) !== null, "a time outside the calendar of the rules");
    Object.values(body.factors ?? {}).forEach((ref) => rule(this.factors.has(ref), `${ref} is not published yet`));
    if (kind === "emission") {
      const gases = Object.keys(body.masses_mg);
      rule(gases.length > 0 && gases.every((gas) => gasOf(rules, gas, "") !== null), "no gas, or an unknown one");
    } else if (body.unit !== undefined) {
      const [one, other] = [unitOf(rules, body.unit), unitOf(rules, source.unit)];
      rule(one !== null && one.dimension === other.dimension && one.basis === other.basis, `a unit other than the source's, ${body.unit}`);
    }
  }

  #sourceOf(stream, register, rule) {
    const source = this.sources.get(stream);
    rule(source !== undefined && partyOf(stream) === partyOf(register), `${stream} is no source of this party`);
    return source;
  }
}

/** Milligrams by month, role and gas. */
class Totals {
  #by = new Map();

  add(month, role, gas, mass) {
    const key = JSON.stringify([month, role, gas]);
    this.#by.set(key, (this.#by.get(key) ?? 0n) + mass);
  }

  /** Nested, with what is zero left out. */
  masses() {
    const found = {};
    for (const [key, mass] of this.#by) {
      const [month, role, gas] = JSON.parse(key);
      if (mass !== 0n) ((found[month] ??= {})[role] ??= {})[gas] = String(mass);
    }
    return found;
  }
}

/** `[start, end, quantity in 10^-12]` of each reading that is not a gap. */
function readingsOf(body, kind) {
  if (kind === "activity") return [[...body.period.map(seconds), tiny(body.quantity)]];
  const start = seconds(body.start);
  return body.quantities
    .map((quantity, at) => [start + at * body.interval_s, start + (at + 1) * body.interval_s, quantity])
    .filter(([, , quantity]) => quantity !== null)
    .map(([from, until, quantity]) => [from, until, tiny(quantity)]);
}

/** From the first reading of a profile until the end of its last; nothing where it has only gaps. */
function spanOf(body) {
  const found = readingsOf(body, "profile");
  return found.length ? [found[0][0], found.at(-1)[1]] : [0, 0];
}

/** What decides to which line of a source a reading that begins at an instant belongs. */
function lineAt(source, at) {
  const members = {};
  const terms = source.terms.filter((one) => one.from <= at).sort((one, other) => one.from - other.from);
  for (const one of terms) {
    for (const name of LINE) if (Object.hasOwn(one.members, name)) members[name] = one.members[name];
  }
  return LINE.map((name) => members[name] ?? null);
}

function tiny(quantity) {
  const [num, den] = fraction(quantity);
  return (num * TINY) / den;
}
