// Verify a bundle: all or nothing, offline, under the log key that the caller brings.
//
//     import { verifyBundle } from "./verdict.js";
//     const { verdict } = await verifyBundle(bytes, { logKey, witnesses: ["certifier=…"], replayed: [], policy: "1" });
//
// It returns the verdict, throws Refused with the defect of a file that does not hold, or Unable where nothing was decided.
// No number is taken from what the file says of itself. Source: specification, bundles.

import { Authors } from "./authors.js";
import { eventNamed, openEntries } from "./entries.js";
import { readBundle } from "./form.js";
import { Accounts } from "./masses.js";
import { Calendar } from "./months.js";
import { partyOf } from "./names.js";
import { checkPolicy, openCheckpoint, parseLogKey, parsePolicy, parseWitnesses } from "./note.js";
import { correctionsOf, placeOf } from "./places.js";
import { Refused, Unable, require_ } from "./refusal.js";
import { checkHeads, equivalent, openCompanies, openCompany, matches, openLine, openPart, openSeal, openTarget } from "./sealed.js";
import { Said, checkNothingElse, checkTrustIsWhole, openings, streamsAsked } from "./standing.js";

const OF_FIGURE = ["ActivityCorrected", "ActivityWithdrawn", "ActivityRecorded", "EmissionMeasured", "ProfileRecorded"];

const OF_RULES = ["FootprintSealed", "LedgerOpened", "RulesActivated"];

export { Refused, Unable };

/** `{verdict, about}` of a file's bytes. `logKey` is a vkey; witnesses and replaying witnesses are `VKEY` or `ROLE=VKEY`. */
export async function verifyBundle(bytes, { logKey, witnesses = [], replayed = [], policy = null }) {
  if (!globalThis.crypto?.subtle) throw new Unable("browsers check signatures only on pages of https and in files: save this page, and open it from your disk");
  const log = await parseLogKey(logKey);
  const replaying = await parseWitnesses(replayed);
  const replays = (key) => replaying.some((one) => one.keys.some((own) => own.vkey === key.vkey));
  // Keys of replaying witnesses count in no policy.
  const counted = (await parseWitnesses(witnesses)).map((one) => ({ ...one, keys: one.keys.filter((key) => !replays(key)) }));
  const wanted = policy === null ? [] : parsePolicy(policy);
  const bundle = readBundle(bytes);
  const checkpoint = await openCheckpoint(bundle.checkpoint, log, [...counted, ...replaying]);
  checkPolicy(wanted, checkpoint.cosigned.filter((one) => counted.includes(one)));
  const file = await openFile(bundle, checkpoint, logKey);
  const { claim, strength, open } = await CLAIMS[bundle.kind](bundle, file);
  if (file.logs.length > 1) open.push("earlier-history");
  const names = [...new Set(checkpoint.cosigned.map((one) => one.name))].sort();
  const audits = checkpoint.cosigned.some((one) => replaying.includes(one));
  return {
    verdict: {
      kind: bundle.kind,
      origin: checkpoint.origin,
      size: checkpoint.size,
      strength: strength === "sealed" && audits ? "audited" : strength,
      claim,
      withheld: file.items.filter((item) => item.data === null).map((item) => item.name),
      ...file.authors.remarks(file.entries),
      cosigned: names,
      not_excluded: [...open, ...(names.length ? [] : ["another-history"])].sort(),
    },
    about: aboutFile(bundle, file),
  };
}

/** What a page shows beside the verdict: names for people, the lists of the file, and equivalents in the seal's own set. */
function aboutFile(bundle, { accounts, authors, entries, logs, opened, operator }) {
  const { seal, end, entry } = bundle.subject.seal ? openSeal(bundle.subject, entries, operator) : { seal: null };
  const [atHand, ...earlier] = [...logs].reverse().map((log) => ({ ...log, entries: entries.filter((one) => one.log === log).length }));
  const gwp = seal?.gwp ?? null;
  return {
    area: opened.area,
    // By index, of every entry of a key that was declared compromised.
    disputedBy: new Map(entries.map((entry) => [entry.index, authors.disputedBy(entry)])),
    bundle,
    earlier,
    entries: atHand.entries,
    entryNames: new Map(entries.map(({ at, index }) => [index, at])),
    gwp,
    inEquivalents: (masses) => (seal ? equivalent(accounts.rulesAt(end), gwp, masses) : null),
    partyName: (party) => authors.parties.get(party)?.name ?? party,
    period: seal?.period ?? null,
    sealed: seal ? `${bundle.subject.seal}, ${entry.at}` : null,
    sealedSize: seal ? `${seal.size}${entry.log.end === null ? "" : ` of the earlier log ${entry.log.origin}`}` : null,
    selected: bundle.subject.select ? bundle.lines.filter((line) => matches(line, bundle.subject.select)) : [],
    view: seal?.view ?? null,
  };
}

/** Steps 2 to 6: entries that are in the log, said by who may say them, and what they come to. */
async function openFile(bundle, checkpoint, vkey) {
  const { entries, logs } = await openEntries(bundle, checkpoint, vkey);
  const opened = openings(entries, logs);
  checkTrustIsWhole(entries);
  const { operator } = opened.at(-1);
  const items = entries.flatMap((entry) => entry.events);
  const asked = bundle.kind === "current-event" ? streamsAsked(bundle.subject, entries, operator) : [];
  checkNothingElse(bundle, entries, operator, asked);
  const accounts = new Accounts(new Calendar(opened[0].timezone));
  const authors = new Authors();
  const said = new Said();
  const logged = isLogged(bundle, entries, items, asked);
  for (const entry of entries) {
    await authors.check(entry);
    for (const item of entry.events.filter((one) => one.data !== null)) {
      const left = logged ? null : said.lacks(item);
      require_(left === null, "left-out", `${item.name} stands on ${left}, which the file does not show before it`);
      await authors.apply(item, entry);
      said.add(item);
      if (!logged || OF_RULES.includes(item.type)) accounts.apply(item, entry);
    }
  }
  return { entries, logs, items, opened: opened.at(-1), operator, asked, accounts, authors, logged };
}

/** Whether data is withheld that the claim about an event needs: then no rule of accounting is asked. */
function isLogged(bundle, entries, items, asked) {
  if (bundle.kind === "event") return items.some((item) => item.data === null);
  if (bundle.kind !== "current-event") return false;
  return eventNamed(entries, bundle.subject.event).item.data === null || items.some((item) => item.data === null && !asked.includes(item.stream));
}

const CLAIMS = {
  event: async (bundle, file) => ({ ...eventClaim(bundle, file), open: ["later-change"] }),

  "current-event": async (bundle, file) => {
    const sealed = openSeal(bundle.subject, file.entries, file.operator);
    await checkHeads(bundle, file.entries, file.asked, sealed, file.operator);
    const source = eventNamed(file.entries, bundle.subject.event).item.stream;
    const hidden = file.items.filter((item) => item.data === null && couldChange(item, source));
    return { ...eventClaim(bundle, file), open: ["after-seal", ...hidden.map((item) => `undisclosed:${item.name}`)] };
  },

  "inventory-line": async (bundle, file) => {
    const company = await sealedCompany(bundle, file);
    return { claim: await openLine(bundle, company), strength: "sealed", open: ["later-seal"] };
  },

  "company-total": async (bundle, file) => {
    const { party, sums } = await sealedCompany(bundle, file);
    return { claim: { party, sums }, strength: "sealed", open: ["later-seal"] };
  },

  "company-part": async (bundle, file) => {
    const { seal } = openSeal(bundle.subject, file.entries, file.operator);
    const company = await openCompany(bundle, seal);
    const claim = { masses: await openPart(bundle, company, seal), party: company.party, select: bundle.subject.select };
    return { claim, strength: "sealed", open: ["later-seal"] };
  },

  "area-total": async (bundle, file) => {
    const { seal } = openSeal(bundle.subject, file.entries, file.operator);
    const { count, sums } = await openCompanies(bundle, seal);
    const { period, totals, view } = seal;
    return { claim: { companies: count, companies_sums: sums, period, totals, view }, strength: "sealed", open: ["later-seal"] };
  },

  "target-progress": async (bundle, file) => {
    const { seal, end } = openSeal(bundle.subject, file.entries, file.operator);
    const rules = file.accounts.rulesAt(end);
    return { claim: openTarget(bundle.subject, file.entries, file.operator, seal, rules), strength: "sealed", open: ["later-seal", "later-target"] };
  },
};

async function sealedCompany(bundle, file) {
  const { seal } = openSeal(bundle.subject, file.entries, file.operator);
  return openCompany(bundle, seal);
}

function eventClaim(bundle, { entries, items, accounts, logged }) {
  const { entry, item } = eventNamed(entries, bundle.subject.event);
  const changes = items.filter((one) => one.data !== null && placeOf(one.stream) === "corrections" && one.data.event === item.name);
  const reading = item.data?.event !== undefined && placeOf(item.stream) === "corrections" ? item.data.event : item.name;
  const derives = !logged && OF_FIGURE.includes(item.type);
  const claim = {
    corrected_by: changes.at(-1)?.name ?? null,
    index: entry.index,
    key: entry.statement.jws.kid,
    masses: derives ? accounts.massesOf(reading) : {},
    party: partyOf(item.stream),
    signed_at: entry.statement.signed_at,
    type: item.type,
    withdrawn: changes.at(-1)?.type === "ActivityWithdrawn",
  };
  return { claim, strength: logged ? "logged" : "re-derived" };
}

/** Whether a withheld event could change the figure of a reading of this source. */
function couldChange(item, source) {
  const amends = item.stream === `${partyOf(source)}/register` && ["SourceAmended", "FactorAssigned"].includes(item.type);
  return amends || item.stream === correctionsOf(source);
}
