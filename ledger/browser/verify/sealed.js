// Steps 7 to 12: what a file shows of the lists that a seal commits to.
//
// Source: specification, seals; bundles ("Checking a sealed claim").

import { base64Hash, hex, unhex, utf8 } from "./bytes.js";
import { encode } from "./canonical.js";
import { eventNamed } from "./entries.js";
import { product, round, sum } from "./exact.js";
import { sequenceIn } from "./logs.js";
import { leadsTo, leafHash, rootOf } from "./merkle.js";
import { partyOf } from "./names.js";
import { require_ } from "./refusal.js";
import { gasOf } from "./units.js";

const COLUMNS = ["biogenic", "emitted", "removed"];

/** The seal that a subject names, in its place: its data, its entry, and the index up to which it covers. Throws Refused. */
export function openSeal(subject, entries, operator) {
  const { entry, item } = eventNamed(entries, subject.seal);
  const seal = item.data;
  require_(item.stream === `${operator}/seals`, "seal", `${item.name} is not the operator's`);
  return { seal, entry, end: entry.log.opened + seal.size };
}

/** The company's line, proven to be in the list of companies. */
export async function openCompany({ company, subject }, seal) {
  require_(company.line.party === subject.party, "subject", "the company's line is that of another party", { found: company.line.party });
  const holds = await isAt(company, seal.companies_count, seal.companies_root);
  require_(holds, "seal", `the line of ${subject.party} is not in the sealed list of companies`);
  return company.line;
}

/** The whole list of companies, whose order was checked as form, and its sums. */
export async function openCompanies({ companies }, seal) {
  require_(companies.length === seal.companies_count, "seal", "not as many companies as were sealed");
  require_(await hasRoot(companies, seal.companies_root), "seal", "the list of companies is not the sealed one");
  const sums = new Map();
  for (const { sums: own } of companies) {
    for (const [gas, amounts] of Object.entries(own)) {
      for (const column of COLUMNS) addTo(sums, gas, column, BigInt(amounts[column]));
    }
  }
  return { count: companies.length, sums: asSums(sums) };
}

/** One inventory line, proven to be in its party's list. */
export async function openLine({ line, subject }, company) {
  require_(encode(keyOf(line.line)) === encode(subject.line), "subject", "the line is about something else than what is asked");
  const holds = await isAt(line, company.lines_count, company.lines_root);
  require_(holds, "seal", `the line is not in the sealed inventory of ${company.party}`);
  const { salt, ...shown } = line.line;
  return shown;
}

/** Masses by column and gas of the lines that are selected, of a party's whole list. */
export async function openPart({ lines, subject }, company, seal) {
  require_(lines.length === company.lines_count, "seal", "not as many lines as were sealed");
  require_(rises(lines.map((line) => encode(keyOf(line)))), "seal", "lines do not stand once each, in order");
  require_(await hasRoot(lines, company.lines_root), "seal", `the lines are not the sealed ones of ${company.party}`);
  const sums = new Map();
  for (const line of lines.filter(counts)) addTo(sums, line.gas, line.column, amountOf(line));
  require_(encode(asSums(sums)) === encode(company.sums), "sum", `the lines of ${company.party} do not add up to its sums`);
  const { months, stream } = subject.select;
  const [first, end] = seal.period;
  require_(months === undefined || (first <= months[0] && months[1] <= end), "subject", "the seal is not about these months", { expected: `months from ${first} until before ${end}`, found: `${months?.join(" until before ")}` });
  require_(stream === undefined || partyOf(stream) === company.party, "subject", `${stream} is no source of ${company.party}`);
  const part = new Map();
  for (const line of lines.filter((one) => matches(one, subject.select))) addTo(part, line.column, line.gas, amountOf(line));
  const masses = {};
  for (const [column, gases] of part) {
    for (const [gas, mass] of gases) if (mass !== 0n) (masses[column] ??= {})[gas] = String(mass);
  }
  return masses;
}

/** A sealed year beside what a target allows. */
export function openTarget(subject, entries, operator, seal, rules) {
  const { item } = eventNamed(entries, subject.target);
  const target = item.data;
  const year = Number(seal.period[0].slice(0, 4));
  const whole = seal.period[0].endsWith("-01") && seal.period[1] === `${String(year + 1).padStart(4, "0")}-01`;
  require_(item.stream === `${operator}/register` && target.view === seal.view, "subject", `${item.name} is no target for this seal`);
  require_(whole, "subject", "the seal is not of one calendar year");
  const counted = Object.entries(seal.totals).filter(([gas]) => !target.gases || target.gases.includes(gas));
  const emitted = equivalent(rules, target.gwp, counted.map(([gas, amounts]) => [gas, amounts.emitted]));
  const [, allowed] = target.path.filter(([from]) => from <= year).at(-1) ?? [0, target.base_mg];
  return { allowed_mg: allowed, base_mg: target.base_mg, emitted_mg: String(emitted), year };
}

/** Milligrams of CO2 equivalent of `[gas, milligrams]` in a set of potentials; gases that have none there are no part of it. */
export function equivalent(rules, gwp, masses) {
  let total = [0n, 1n];
  for (const [gas, mass] of masses) {
    const [kind, potential] = gasOf(rules, gas, gwp) ?? [];
    const counted = (kind === "ghg" || kind === "co2e") && potential;
    if (counted) total = sum(total, product([BigInt(mass), 1n], potential));
  }
  return round(...total);
}

/** Step 11: streams that are asked for end as the seal says, and are in the file whole. */
export async function checkHeads(bundle, entries, asked, sealed, operator) {
  const streams = new Set(asked);
  const shown = new Set(bundle.heads.map((proof) => proof.stream));
  for (const stream of streams) require_(shown.has(stream), "left-out", `there is no proof of where ${stream} ends`);
  for (const stream of shown) require_(streams.has(stream), "foreign", `nobody asked where ${stream} ends`);
  for (const proof of bundle.heads) await checkHead(proof, entries, sealed);
  const { entry, end } = sealed;
  // Behind a seal of an earlier log stand the keys and rules under which the log at hand was opened, by its entry 0.
  const last = Math.max(entry.index, 0);
  for (const { at, index, statement } of entries) {
    const own = [`${operator}/keys`, `${operator}/ledger`].includes(statement.stream) && index <= last;
    require_(index < end || index === entry.index || own, "foreign", `${at} is not below the size of the seal`);
  }
}

async function checkHead(proof, entries, { seal, entry, end }) {
  const { stream } = proof;
  const sequence = sequenceIn(entry.log, stream);
  const items = entries.filter((one) => one.index < end && one.sequence === sequence).flatMap((one) => one.events);
  if (!proof.line) {
    require_(await isAbsent(proof, seal), "seal", `that ${stream} has no entry is not shown`);
    require_(items.length === 0, "foreign", `${stream} has entries in the file, and none by the seal`);
    return;
  }
  const { line } = proof;
  const holds = line.stream === stream && (await isAt(proof, seal.heads_count, seal.heads_root));
  require_(holds, "seal", `where ${stream} ends is not in the sealed list of heads`);
  const whole = items.length >= line.version && items.every((item, at) => item.version === at + 1);
  require_(whole, "left-out", `events of ${stream} are left out`);
  require_(items.length === line.version && items.at(-1).leaf === line.head, "seal", `${stream} ends otherwise than the seal says`);
}

/** That a stream has no line, by the two lines around its place. */
async function isAbsent({ after, before, stream }, seal) {
  const count = seal.heads_count;
  if (before === null && after === null) return count === 0;
  for (const place of [before, after].filter((one) => one !== null)) {
    if (!(await isAt(place, count, seal.heads_root))) return false;
  }
  const last = before === null ? -1 : before.position;
  const next = after === null ? count : after.position;
  const around = (before === null || before.line.stream < stream) && (after === null || stream < after.line.stream);
  return around && next === last + 1;
}

async function isAt({ line, path, position }, count, root) {
  return leadsTo(await leafHash(utf8(encode(line))), position, count, path.map(base64Hash), unhex(root));
}

async function hasRoot(lines, root) {
  const leaves = await Promise.all(lines.map((line) => leafHash(utf8(encode(line)))));
  return hex(await rootOf(leaves)) === root;
}

/** The line's key: it without its mass and salt. */
function keyOf({ mass_mg: mass, salt, ...key }) {
  return key;
}

/** Whether a line is part of its party's sums: Scope 1, and Scope 2 by location; no memo. */
function counts(line) {
  return COLUMNS.includes(line.column) && (line.scope === 1 || (line.scope === 2 && line.method === "location"));
}

/** Whether a line of an inventory is one of those that are selected. */
export function matches(line, { category, method, months, scope, stream }) {
  return (
    (line.method === undefined || line.method === method) &&
    (category === undefined || line.category === category) &&
    (scope === undefined || line.scope === scope) &&
    (stream === undefined || line.stream === stream) &&
    (months === undefined || (months[0] <= line.month && line.month < months[1]))
  );
}

function amountOf(line) {
  return line.subtract ? -BigInt(line.mass_mg) : BigInt(line.mass_mg);
}

function addTo(sums, one, other, amount) {
  if (!sums.has(one)) sums.set(one, new Map());
  sums.get(one).set(other, (sums.get(one).get(other) ?? 0n) + amount);
}

/** Sums as they are written; a gas whose amounts are all zero is left out. */
function asSums(sums) {
  const found = {};
  for (const [gas, amounts] of sums) {
    if (![...amounts.values()].some((amount) => amount !== 0n)) continue;
    found[gas] = Object.fromEntries(COLUMNS.map((column) => [column, String(amounts.get(column) ?? 0n)]));
  }
  return found;
}

function rises(texts) {
  return texts.every((text, at) => at === 0 || texts[at - 1] < text);
}
