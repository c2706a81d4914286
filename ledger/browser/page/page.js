import { Refused, Unable, verifyBundle } from "./verifier.js";

// What the page does: takes a file and keys, checks, and says what was found in plain words.
// Nothing is fetched, stored or sent.

const field = (id) => document.getElementById(id);
const lines = (id) => field(id).value.split(/\s+/).filter((line) => line !== "");
let file = null;

const IN_LOG = "every entry is in the log of that checkpoint";
const IN_LOGS = "every entry is in the log of that checkpoint, or in the earlier log whose end the first entry of the next one names";
const CHECKED = [
  "the file has the one form that its kind may have",
  "the checkpoint is signed with the key of the log that you gave",
  IN_LOG,
  "every event shown is in its signed batch, unchanged, and follows the one before it",
  "every entry is signed with a key that was valid there, for that stream and type",
  "the file holds what the claim stands on, and nothing else",
];

const OF_KIND = {
  event: ["An event", "the figure was derived again from the reading, its source and its factors"],
  "current-event": ["An event, as the seal found it", "the figure was derived again, and up to the seal nothing else changes it"],
  "inventory-line": ["A line of an inventory", "the line is in the list to which the operator committed in the seal"],
  "company-total": ["A company's total", "the company's line is in the public list to which the operator committed in the seal"],
  "company-part": ["A part of a company's inventory", "all sealed lines of the company are in the file, add up to its public sums, and those asked for were added again"],
  "area-total": ["The area's total", "the list of companies in the file is the whole one of the seal, each company once, and was added again"],
  "target-progress": ["A year beside a target", "the year's figure is the sealed one, and its equivalent was computed again"],
};

const STRENGTHS = {
  "re-derived": "Everything that the figure follows from is in the file, and gives this figure.",
  audited: "The operator has committed to the figure, and a witness that you trust has replayed the whole ledger up to it.",
  sealed: "The operator has committed to the figure and cannot take it back unseen. That it follows from the companies' readings is not shown by this file.",
  logged: "The event stands where it says, said by who is named. Data was withheld that its figure needs, so no figure is shown.",
};

const BARE = "Everything that the event stands on is in the file, and the ledger's rules admit it.";
const GIVES_MASSES = ["ActivityCorrected", "ActivityRecorded", "ActivityWithdrawn", "EmissionMeasured", "ProfileRecorded"];

const OPEN = {
  "after-seal": "Anything in later entries of the log, which the seal does not cover.",
  "earlier-history": "Another end of an earlier log than the first entry of the next one names: that is the operator's word, and the earlier log's own checkpoints are not in the file.",
  "another-history": "Somebody else may have been shown another history of this log: no witness that you named has cosigned it.",
  "later-change": "A later correction, revocation, factor or amendment that is not in the file.",
  "later-seal": "Another seal of the same months, or a later correction, that gives another figure.",
  "later-target": "A later statement of the target that replaces this one.",
};

field("file").addEventListener("change", () => choose(field("file").files[0]));
for (const id of ["key", "witnesses", "replayed", "policy"]) field(id).addEventListener("input", check);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
const drop = document.querySelector(".drop");
for (const type of ["dragenter", "dragover"]) document.addEventListener(type, (event) => over(event, true));
for (const type of ["dragleave", "drop"]) document.addEventListener(type, (event) => over(event, false));
document.addEventListener("drop", (event) => choose(event.dataTransfer.files[0]));

function over(event, is) {
  event.preventDefault();
  drop.classList.toggle("over", is);
}

async function choose(chosen) {
  if (!chosen) return;
  file = new Uint8Array(await chosen.arrayBuffer());
  field("chosen").textContent = `${chosen.name}, ${new Intl.NumberFormat("en").format(file.length)} bytes`;
  await check();
}

let turn = 0;

/** Check what is there; an answer to a question that was changed meanwhile is dropped. */
async function check() {
  turn += 1;
  const mine = turn;
  const logKey = field("key").value.trim();
  if (file === null || logKey === "") return show(mine, []);
  show(mine, [element("p", "Checking…", "quiet")]);
  const began = performance.now();
  let parts;
  try {
    const options = { logKey, witnesses: lines("witnesses"), replayed: lines("replayed"), policy: field("policy").value.trim() || null };
    const found = await verifyBundle(file, options);
    parts = report(found, performance.now() - began, logKey);
  } catch (error) {
    parts = refusal(error);
  }
  return show(mine, parts);
}

function show(mine, parts) {
  if (mine === turn) field("result").replaceChildren(...parts);
}

function refusal(error) {
  if (error instanceof Refused) {
    const otherLog = error.name === "OtherLog";
    const box = heading("bad", otherLog ? "The file proves nothing under this key" : "The file proves nothing", `${sentence(error.message)} The defect is “${error.defect}”.`);
    const pairs = [["expected", error.expected], ["found", error.found]].filter(([, text]) => text !== "");
    return [box, ...(pairs.length ? [list(pairs)] : []), element("p", otherLog ? error.advice : `All or nothing: a file with one defect is refused as a whole. ${error.advice}`)];
  }
  if (error instanceof Unable) return [heading("", "Nothing was decided", sentence(error.message))];
  return [heading("", "Nothing was decided", `This page has a fault: ${error.message}`)];
}

function report({ verdict, about }, took, logKey) {
  const [title, shown] = OF_KIND[verdict.kind];
  const bare = CLAIMS[verdict.kind] === ofEvent && verdict.strength === "re-derived" && !Object.keys(verdict.claim.masses).length;
  const box = heading("good", `The proof holds: ${verdict.strength}`, bare ? BARE : STRENGTHS[verdict.strength]);
  const parts = [box, element("h2", title), ...CLAIMS[verdict.kind](verdict.claim, { ...about, strength: verdict.strength })];
  for (const index of verdict.disputed) parts.push(element("p", `Disputed: ${about.entryNames.get(index)}, since signed with a key that was declared compromised in ${about.disputedBy.get(index)}.`));
  if (verdict.recovered.length) parts.push(element("p", `Signed with a key that the operator recovered: ${entriesText(verdict.recovered, about)}.`));
  if (verdict.withheld.length) parts.push(element("p", `Withheld, so nobody sees here what they say: ${verdict.withheld.join(", ")}.`));
  const always = CHECKED.map((one) => (one === IN_LOG && about.earlier.length ? IN_LOGS : one));
  const proven = verdict.strength === "logged" ? always : [...always, shown];
  const cosigned = verdict.cosigned.map((name) => `witness ${name} has cosigned this log`);
  parts.push(element("h2", "What was checked"), bullets([...proven, ...cosigned]));
  const open = verdict.not_excluded.map((code) => OPEN[code] ?? `What ${code.slice("undisclosed:".length)} says, which is withheld and could change the figure.`);
  if (verdict.strength === "sealed") open.push("That the figure follows from the companies' readings: a witness that replays the ledger can vouch for that.");
  const truth = "Whether what was signed is true: meters, bills and the world are not in the file.";
  parts.push(element("h2", "What it does not show"), bullets([...open, truth]));
  parts.push(element("h2", "Against which key"), list([
    ["log", verdict.origin], ["key", logKey], ["area", about.area], ["as of", `${verdict.size} entries of the log, ${about.entries} of which are in the file`],
    ...about.earlier.map(({ origin, size, entries }) => ["continues", `${origin}, which ended with ${size} entries, ${entries} of which are in the file`]),
    ["checked in", `${took.toFixed(0)} ms, by this browser alone; months by its own time zone data`],
  ]));
  const json = element("details", "");
  json.append(element("summary", "The verdict for programs"), element("pre", JSON.stringify(verdict, null, 2)));
  return [...parts, json];
}

/** Entries by index, as people call them. */
function entriesText(indexes, about) {
  return indexes.map((index) => about.entryNames.get(index)).join(", ");
}

const CLAIMS = { event: ofEvent, "current-event": ofEvent, "inventory-line": ofLine, "company-total": ofCompany, "company-part": ofPart, "area-total": ofArea, "target-progress": ofTarget };

const NOT_CURRENT = "This is as of what the file holds; a later correction is not excluded: ask for a file as of a seal.";

function ofEvent(claim, about) {
  const claimsFigure = GIVES_MASSES.includes(claim.type) && about.strength !== "logged";
  const claimsMasses = Object.keys(claim.masses).length > 0;
  const pairs = [
    ["event", about.bundle.subject.event], ["type", claim.type], ["author", named(claim.party, about)], ["signed at", `${claim.signed_at}, as the author says`],
    ["entry", about.entryNames.get(claim.index).replace(/^entry /, "")], ["signed with", claim.key], ...sealed(about),
  ];
  if (claim.corrected_by) pairs.push(claim.withdrawn ? ["withdrawn in", claim.corrected_by] : ["corrected in", `${claim.corrected_by}${claimsMasses ? "; the masses are those of the correction" : ""}`]);
  const later = claimsFigure && !about.sealed ? [element("p", NOT_CURRENT, "warning")] : [];
  const rows = Object.entries(claim.masses).flatMap(([month, roles]) =>
    Object.entries(roles).flatMap(([role, gases]) => Object.entries(gases).map(([gas, mass]) => [month, role, gas, BigInt(mass)])),
  );
  const none = claim.withdrawn ? "It is withdrawn, and counts no more." : withoutMasses(claim.type, about.strength);
  if (!rows.length) return [list(pairs), element("p", none), ...later];
  rows.sort((one, other) => (one.slice(0, 3).join(" ") < other.slice(0, 3).join(" ") ? -1 : 1));
  const cells = rows.map(([month, role, gas, mass]) => [month, role, gas, kilograms(mass), String(mass)]);
  return [list(pairs), table(["month", "role of factor", "gas", "kg", "mg"], cells, 3), ...later, ...byMonth(rows)];
}

function withoutMasses(type, strength) {
  if (type === "DataRedacted") return "No figure follows from this event. Its deltas are the word of its author and of the operator.";
  if (!GIVES_MASSES.includes(type)) return "No figure follows from this event.";
  return strength === "logged" ? "No figure is shown: data that it needs is withheld." : "Its masses come to nothing.";
}

/** Bars of the months, where one gas in one role has several. */
function byMonth(rows) {
  const sums = new Map();
  for (const [month, role, gas, mass] of rows) {
    const name = `${gas}, ${role}`;
    if (!sums.has(name)) sums.set(name, []);
    sums.get(name).push([month, mass]);
  }
  return [...sums].filter(([, months]) => months.length > 1).flatMap(([name, months]) => [element("p", `${name}, in kg`, "quiet"), bars(months.map(([month, mass]) => [month, mass, kilograms(mass), ""]))]);
}

function ofLine(claim, about) {
  const { mass_mg: mass, ...key } = claim;
  return [list([["party", named(about.bundle.subject.party, about)], ...Object.entries(key).map(([name, value]) => [name, String(value)]), ["mass", `${kilograms(BigInt(mass))} kg (${mass} mg)`], ...sealed(about)])];
}

function ofCompany(claim, about) {
  return [list([["party", named(claim.party, about)], ...sealed(about)]), sumsTable(claim.sums), ...equivalents(claim.sums, about)];
}

function ofPart(claim, about) {
  const { select } = about.bundle.subject;
  const rows = Object.entries(claim.masses).flatMap(([column, gases]) => Object.entries(gases).map(([gas, mass]) => [column, gas, BigInt(mass)]));
  const cells = rows.map(([column, gas, mass]) => [column, gas, kilograms(mass), String(mass)]);
  const months = new Map();
  for (const line of about.selected.filter((one) => one.column === "emitted")) {
    const mass = BigInt(line.mass_mg) * (line.subtract ? -1n : 1n);
    months.set(line.month, [...(months.get(line.month) ?? []), [line.gas, mass]]);
  }
  const chart = [...months].sort().map(([month, masses]) => [month, signed(masses, about)]);
  return [
    list([["party", named(claim.party, about)], ["selected", `${about.selected.length} of ${about.bundle.lines.length} lines of the seal: ${selection(select)}`], ...sealed(about)]),
    cells.length ? table(["column", "gas", "kg", "mg"], cells, 2) : element("p", about.selected.length ? "The lines that match come to nothing together." : "No line of this seal matches."),
    ...(chart.length > 1 ? [element("p", `Emitted by month, CO2e (${about.gwp})`, "quiet"), bars(chart.map(([month, mass]) => [month, mass, weight(mass), ""]))] : []),
  ];
}

function selection({ category, method, months, scope, stream }) {
  const parts = scope === undefined && category === undefined ? ["all scopes"] : [];
  if (category === undefined && (scope === undefined || scope === 2)) parts.push(`Scope 2 by ${method}`);
  else if (scope !== undefined) parts.push(`Scope ${scope}`);
  if (category !== undefined) parts.push(`category ${category} of Scope 3`);
  if (months !== undefined) parts.push(monthsText(months));
  if (stream !== undefined) parts.push(`from ${stream}`);
  return parts.join(", ");
}

/** Months from the first until before another, the last one named. */
function monthsText([first, end]) {
  const [year, month] = end.split("-").map(Number);
  const last = month > 1 ? `${end.slice(0, 5)}${String(month - 1).padStart(2, "0")}` : `${String(year - 1).padStart(4, "0")}-12`;
  return first === last ? first : `${first} to ${last}`;
}

function signed(masses, about) {
  const of = (sign) => about.inEquivalents(masses.filter(([, mass]) => (sign > 0 ? mass > 0n : mass < 0n)).map(([gas, mass]) => [gas, mass < 0n ? -mass : mass]));
  return of(1) - of(-1);
}

function ofArea(claim, about) {
  const totals = Object.entries(about.bundle.companies).map(([, line]) => [line.party, about.inEquivalents(emitted(line.sums))]);
  totals.sort(([, one], [, other]) => (one < other ? 1 : one > other ? -1 : 0));
  const rows = totals.map(([party, mass]) => [party, weight(mass)]);
  return [
    list([["area", about.area], ["companies, public bodies and groups", String(claim.companies)], ...sealed(about)]),
    element("p", "Totals of the view", "quiet"), sumsTable(claim.totals), ...equivalents(claim.totals, about),
    element("p", "Sum of what each answers for itself; it differs from the view's totals by the view's bridge", "quiet"), sumsTable(claim.companies_sums),
    element("p", `Each, emitted, CO2e (${about.gwp})`, "quiet"), bars(totals.slice(0, 12).map(([party, mass]) => [party, mass, weight(mass), ""])),
    ...(totals.length > 12 ? [table(["party", "CO2e"], rows, 1)] : []),
  ];
}

function ofTarget(claim, about) {
  const [emittedMass, allowed, base] = [claim.emitted_mg, claim.allowed_mg, claim.base_mg].map(BigInt);
  const share = (mass) => (base === 0n ? "–" : `${(mass * 10000n) % base === 0n ? "" : "about "}${(Number((mass * 20000n + base) / (2n * base)) / 100).toFixed(2)} % of the base`);
  const over = emittedMass > allowed;
  const words = over ? "The year is above what the target allows." : "The year is within what the target allows.";
  return [
    list([["target", about.bundle.subject.target], ["year", String(claim.year)], ["emitted", `${weight(emittedMass)} CO2e, ${share(emittedMass)}`], ["allowed", `${weight(allowed)} CO2e, ${share(allowed)}`], ["base", `${weight(base)} CO2e`], ...sealed(about)]),
    element("p", words),
    bars([["base", base, weight(base), ""], ["allowed", allowed, weight(allowed), "limit"], ["emitted", emittedMass, weight(emittedMass), over ? "over" : ""]]),
  ];
}

/** What is said of the seal that a figure is as of; nothing where there is none. */
function sealed(about) {
  if (!about.sealed) return [];
  return [["seal", about.sealed], ["view", about.view], ["months", monthsText(about.period)], ["as of log size", about.sealedSize]];
}

function named(party, about) {
  const name = about.partyName(party);
  return name === party ? party : `${name} (${party})`;
}

function emitted(sums) {
  return Object.entries(sums).map(([gas, amounts]) => [gas, amounts.emitted]);
}

function equivalents(sums, about) {
  return [element("p", `Emitted: ${weight(about.inEquivalents(emitted(sums)))} CO2e (${about.gwp}, 100 years).`)];
}

function sumsTable(sums) {
  const rows = Object.entries(sums).map(([gas, amounts]) => [gas, ...["emitted", "removed", "biogenic"].map((column) => kilograms(BigInt(amounts[column])))]);
  return rows.length ? table(["gas", "emitted, kg", "removed, kg", "biogenic, kg"], rows, 1) : element("p", "Nothing.");
}

/** Horizontal bars: `[label, milligrams, text, class]`; what is below zero has no length. */
function bars(rows) {
  const most = rows.reduce((found, [, mass]) => (mass > found ? mass : found), 1n);
  const whole = Math.min(700, field("result").clientWidth || 700);
  const longest = Math.max(...rows.map(([, , text]) => text.length));
  const [height, left, right] = [24, Math.min(150, whole / 3), Math.max(100, longest * 7)];
  const svg = drawn("svg", { viewBox: `0 0 ${whole} ${rows.length * height}`, role: "img", "aria-label": rows.map(([label, , text]) => `${label}: ${text}`).join("; ") });
  rows.forEach(([label, mass, text, kind], at) => {
    const width = Math.max(Number(((mass > 0n ? mass : 0n) * 10000n) / most) / 10000, 0.002) * (whole - left - right);
    const name = drawn("text", { x: left - 8, y: at * height + 16, "text-anchor": "end" });
    const room = Math.floor(left / 7);
    name.textContent = label.length > room ? `${label.slice(0, room - 1)}…` : label;
    const value = drawn("text", { x: left + width + 6, y: at * height + 16 });
    value.textContent = text;
    svg.append(name, drawn("rect", { x: left, y: at * height + 3, width, height: height - 6, rx: 2, class: kind }), value);
  });
  return svg;
}

function drawn(name, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function heading(kind, title, text) {
  const box = element("div", "", `verdict ${kind}`);
  box.append(element("h2", title), element("p", text));
  return box;
}

function list(pairs) {
  const found = element("dl", "");
  for (const [name, value] of pairs) found.append(element("dt", name), element("dd", value));
  return found;
}

function bullets(items) {
  const found = element("ul", "");
  for (const item of items) found.append(element("li", item));
  return found;
}

/** A table whose columns from `numbers` on are numbers. */
function table(heads, rows, numbers) {
  const kind = (at) => (at >= numbers ? "number" : "");
  const found = element("table", "");
  const [head, body, row] = [element("thead", ""), element("tbody", ""), element("tr", "")];
  row.append(...heads.map((text, at) => element("th", text, kind(at))));
  head.append(row);
  for (const cells of rows) {
    const line = element("tr", "");
    line.append(...cells.map((text, at) => element("td", text, kind(at))));
    body.append(line);
  }
  found.append(head, body);
  const around = element("div", "", "scroll");
  around.append(found);
  return around;
}

function element(name, text, kind = "") {
  const found = document.createElement(name);
  if (text) found.textContent = text;
  if (kind.trim()) found.className = kind.trim();
  return found;
}

/** A sentence begins with a capital, but for one that begins with a name of the ledger. */
function sentence(text) {
  const upper = /^[a-z]+[ ,:]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}

/** Milligrams as kilograms, exact. */
function kilograms(mass) {
  return decimal(mass, 6);
}

/** Milligrams as people read them, with the unit: kilograms, exact, below a tonne; from there on tonnes to the kilogram, with "about" where that rounds. */
function weight(mass) {
  const size = mass < 0n ? -mass : mass;
  if (size < 1_000_000_000n) return `${kilograms(mass)} kg`;
  const rounded = (size + 500_000n) / 1_000_000n;
  return `${rounded * 1_000_000n === size ? "" : "about "}${decimal(mass < 0n ? -rounded : rounded, 3)} t`;
}

function decimal(value, places) {
  const size = String(value < 0n ? -value : value).padStart(places + 1, "0");
  const whole = size.slice(0, -places).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const rest = size.slice(-places).replace(/0+$/, "");
  return `${value < 0n ? "−" : ""}${whole}${rest && `.${rest}`}`;
}
