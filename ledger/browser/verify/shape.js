// Exact members of objects, and what each may be.

import { isObject } from "./canonical.js";

/** Whether a value is an object with exactly these members. */
export function hasMembers(value, names) {
  return isObject(value) && Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name));
}

/**
 * A check of objects: members that must be there, and members that may. Each is a check, or `[check, default]`: a
 * member that equals its default is absent.
 */
export function shape(must, may = {}) {
  const [required, optional] = [Object.entries(must), Object.entries(may)];
  return (value) => {
    if (!isObject(value)) return false;
    let count = 0;
    for (const [name, check] of required) {
      if (!Object.hasOwn(value, name) || !check(value[name])) return false;
      count += 1;
    }
    for (const [name, rule] of optional) {
      if (!Object.hasOwn(value, name)) continue;
      const [check, absent] = Array.isArray(rule) ? rule : [rule, undefined];
      if (!check(value[name]) || value[name] === absent) return false;
      count += 1;
    }
    return Object.keys(value).length === count;
  };
}

export const oneOf = (...values) => (value) => values.includes(value);
export const isText = (value) => typeof value === "string";
export const isFlag = (value) => typeof value === "boolean";
export const integer = (least, most) => (value) => Number.isSafeInteger(value) && value >= least && value <= most;
export const orNull = (check) => (value) => value === null || check(value);
export const array = (check, least = 0) => (value) => Array.isArray(value) && value.length >= least && value.every(check);
export const pair = (one, other) => (value) => Array.isArray(value) && value.length === 2 && one(value[0]) && other(value[1]);

/** An array that is a set: ascending by character, each item once. */
export const set = (check, least = 0) => (value) => array(check, least)(value) && ascends(value);

/** An object whose members are not fixed. */
export const map = (name, check) => (value) => isObject(value) && Object.keys(value).every((key) => name(key) && check(value[key]));

/** Whether texts ascend by their characters, each once. */
export function ascends(items) {
  return items.every((item, at) => at === 0 || compare(items[at - 1], item) < 0);
}

/** By Unicode scalar values, which is by the bytes of UTF-8. */
export function compare(one, other) {
  const [a, b] = [[...one], [...other]];
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    if (a[at] !== b[at]) return a[at].codePointAt(0) - b[at].codePointAt(0);
  }
  return a.length - b.length;
}
