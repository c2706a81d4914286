// Months of an area: where each begins, by the browser's own time zone data.
//
// A month begins at the first instant whose local date is its first day: where midnight does not exist, at the end of the
// gap; where it exists twice, at its first passing. Source: specification, what an event comes to ("Months").

import { round } from "./exact.js";
import { Unable } from "./refusal.js";

const QUARTER_S = 900;
const DAY_S = 86400;
// In UTC, the beginning of 2000 and of 2050; local time is less than two days off.
const FIRST_S = 946684800;
const END_S = 2524608000;
const FIRST_MONTH = "2000-01";
const LAST_MONTH = "2049-12";

/** The months of one time zone. Throws Unable where this browser does not know it. */
export class Calendar {
  #starts = new Map();
  #format;
  #last = { month: null, from: 0, until: 0 };

  constructor(zone) {
    const options = { calendar: "gregory", day: "2-digit", month: "2-digit", numberingSystem: "latn", timeZone: zone, year: "numeric" };
    try {
      this.#format = new Intl.DateTimeFormat("en-US", options);
    } catch {
      throw new Unable(`this browser does not know the time zone ${zone}`);
    }
  }

  /** The month of an instant, in seconds since 1970; null outside the years of the rules. */
  monthOf(at) {
    // Far outside there is no need to ask, and the clocks of browsers end.
    if (at < FIRST_S - 2 * DAY_S || at > END_S + 2 * DAY_S) return null;
    if (at < this.#last.from || at >= this.#last.until) this.#last = this.#spanAt(at);
    return this.#last.month;
  }

  #spanAt(at) {
    let month = this.#day(at).slice(0, 7);
    // Where midnight exists twice, the last day's date comes back after the month has begun.
    if (at >= this.start(after(month))) month = after(month);
    return { month: isOfRules(month) ? month : null, from: this.start(month), until: this.start(after(month)) };
  }

  /** Where a month begins, in seconds since 1970. */
  start(month) {
    if (!this.#starts.has(month)) this.#starts.set(month, this.#find(month));
    return this.#starts.get(month);
  }

  /** Parts `[month, amount]` of an amount over [start, end), which add up to it; null outside the years of the rules. */
  split(start, end, amount) {
    const [first, last] = [this.monthOf(start), this.monthOf(end - 1)];
    if (first === null || last === null) return null;
    const parts = [];
    let before = 0n;
    for (let month = first; month <= last; month = after(month)) {
      const until = month === last ? end : this.start(after(month));
      const upTo = round(amount * BigInt(until - start), BigInt(end - start));
      parts.push([month, upTo - before]);
      before = upTo;
    }
    return parts;
  }

  #find(month) {
    const day = `${month}-01`;
    const midnight = Date.parse(`${day}T00:00:00Z`) / 1000;
    // Offsets are whole quarters of an hour, at most 15 hours, so midnight is met where it exists.
    let at = midnight - 60 * QUARTER_S;
    while (this.#day(at) < day) at += QUARTER_S;
    // A gap may end between two quarters.
    let [low, high] = [at - QUARTER_S, at];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#day(middle) < day) low = middle;
      else high = middle;
    }
    return high;
  }

  /** The local date, `2026-11-22`. */
  #day(at) {
    const parts = {};
    for (const { type, value } of this.#format.formatToParts(at * 1000)) parts[type] = value;
    return `${parts.year.padStart(4, "0")}-${parts.month}-${parts.day}`;
  }
}

/** Whether a month lies in the calendar of the rules. */
export function isOfRules(month) {
  return month >= FIRST_MONTH && month <= LAST_MONTH;
}

/** The month after one. */
export function after(month) {
  const [year, number] = month.split("-").map(Number);
  return number === 12 ? `${String(year + 1).padStart(4, "0")}-01` : `${month.slice(0, 5)}${String(number + 1).padStart(2, "0")}`;
}
