// Units, properties and gases of the rules in force.
//
// `RULES` is written from the rule packs by tests/oracles/make_browser_rules.py. Source: reference, rules.

import { fraction, inverse, product } from "./exact.js";
import { RULES } from "./rules.js";

const MAX_STEPS = 3;

/** Numbers of one rule pack, by version and hash; null for one that is not known here. */
export function rulesOf({ version, sha256 }) {
  const found = Object.hasOwn(RULES, version) ? RULES[version] : undefined;
  return found?.sha256 === sha256 ? found : null;
}

/** How many of a factor's unit are in one unit of a quantity; null where nothing converts. */
export function conversion(rules, factor, unit) {
  const [one, other] = [unitOf(rules, unit), unitOf(rules, factor.unit)];
  if (one === null || other === null) return null;
  if (one.dimension === other.dimension) return ratio(one, other);
  const steps = shortest(rules, one, other, factor.properties ?? {});
  if (steps === null) return null;
  let [result, at] = [[1n, 1n], one];
  for (const { value, from, into } of steps) {
    result = product(result, ratio(at, from), value);
    at = into;
  }
  // Money is of no property, so every ratio is there.
  return product(result, ratio(at, other));
}

/** The kind of a gas and its potential in a set: `[kind, [num, den] or null]`; null for an unknown gas. */
export function gasOf(rules, gas, gwp) {
  if (!Object.hasOwn(rules.gases, gas)) return null;
  const { kind, gwp: own, potentials = {} } = rules.gases[gas];
  if (kind === "co2e") return [kind, own === gwp ? [1n, 1n] : null];
  return [kind, Object.hasOwn(potentials, gwp) ? fraction(potentials[gwp]) : null];
}

/** `{dimension, ratio, basis}` of a unit, with its ratio to the dimension's own; null for an unknown one. */
export function unitOf(rules, name) {
  if (Object.hasOwn(rules.units, name)) {
    const [dimension, num, den = "1"] = rules.units[name];
    return { dimension, ratio: [BigInt(num), BigInt(den)], basis: "" };
  }
  const money = /^(?:10\^([3-9]))?([A-Z]{3})@([0-9]{4})$/.exec(name);
  const [first, last] = rules.price_years;
  if (money === null || !rules.currencies.includes(money[2]) || Number(money[3]) < first || Number(money[3]) > last) return null;
  return { dimension: "currency", ratio: [10n ** BigInt(money[1] ?? 0), 1n], basis: `${money[2]}@${money[3]}` };
}

/** How many of another unit are in one unit of the same dimension; null for money of another currency or price year. */
function ratio(one, other) {
  return one.basis === other.basis ? product(one.ratio, inverse(other.ratio)) : null;
}

/** The shortest chain of properties from a unit's dimension into another's, the first in the rules' order; or null. */
function shortest(rules, one, other, properties) {
  const usable = rules.properties.filter(([name]) => Object.hasOwn(properties, name) && fraction(properties[name])[0] !== 0n);
  let open = [{ passed: [one.dimension], steps: [] }];
  for (let count = 0; count < MAX_STEPS; count += 1) {
    const longer = [];
    for (const { passed, steps } of open) {
      for (const [name, per, unit] of usable) {
        const value = fraction(properties[name]);
        const ways = [[unitOf(rules, per), unitOf(rules, unit), value], [unitOf(rules, unit), unitOf(rules, per), inverse(value)]];
        for (const [from, into, factor] of ways) {
          if (from.dimension !== passed.at(-1) || passed.includes(into.dimension)) continue;
          longer.push({ passed: [...passed, into.dimension], steps: [...steps, { value: factor, from, into }] });
        }
      }
    }
    const found = longer.find(({ passed }) => passed.at(-1) === other.dimension);
    if (found) return found.steps;
    open = longer;
  }
  return null;
}
