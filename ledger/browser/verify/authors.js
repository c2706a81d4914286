// Step 6: each statement is signed by a key that was valid there, for that stream and those types.
//
// Key events are replayed in order of the log. A key belongs to one party for ever; it is valid for the entries after the
// one that brought it, up to the one that revokes it, over the end of a log too where another one continues it.
// Source: specification, keys; reference, events.

import { same } from "./bytes.js";
import { keyBytes, isSoundKey, thumbprint } from "./ed25519.js";
import { covers, partyOf } from "./names.js";
import { parseVkey } from "./note.js";
import { placeOf } from "./places.js";
import { require_ } from "./refusal.js";
import { placeOfType } from "./schema.js";
import { isPossession, isSignedBy } from "./statement.js";

const KEY_EVENTS = ["EntriesConfirmed", "KeyAuthorized", "KeyRecovered", "KeyRevoked"];
const ROLES = ["aggregate", "certifier", "company", "factor-publisher", "public-body", "registry", "regulator"];

/** The parties and keys of one ledger, as far as a file's entries tell. */
export class Authors {
  constructor() {
    // What opened the log of the entry at hand; the log keys up to that one; the recovery key.
    this.opened = null;
    this.logs = [];
    this.recovery = null;
    this.parties = new Map();
    this.keys = new Map();
  }

  /** Throw Refused unless this entry's key may say these types here, and has signed it. */
  async check(entry) {
    const { at, statement } = entry;
    const key = isOpening(entry) ? await firstKey(entry) : this.#authorised(entry);
    require_(await isSignedBy(statement.jws, key.bytes), "signature", `the signature of ${at} does not hold`);
  }

  #authorised({ at, index, statement, events }) {
    const { jws, stream, first, count } = statement;
    const key = this.keys.get(jws.kid);
    require_(key !== undefined, "key", `${at} is signed with a key that the file does not authorise`, { found: jws.kid });
    require_(isValidAt(key, index), "key", `the key of ${at} was not valid there`, { found: jws.kid });
    const types = events.map((item) => item.type);
    const place = placeOf(stream);
    const may = place === "keys" ? this.#mayPostKeys(key, partyOf(stream), first, count, types) : this.#mayPost(key, stream, place);
    require_(may, "key", `the key of ${at} may not post in ${stream}`, { found: jws.kid });
    for (const type of types) {
      require_(key.types === null || key.types.includes(type), "key", `the key of ${at} may not say ${type}`);
      require_(placeOfType(type) === place, "key", `${type} does not stand in ${stream}`);
    }
    return key;
  }

  /** What an event of trust changes. Throws Refused (`rule`). */
  async apply(item, entry) {
    const party = partyOf(item.stream);
    const { data } = item;
    const by = entry.statement.jws.kid;
    // Indexes that an event names count from the opening of its own log.
    const indexOf = (said) => entry.log.opened + said;
    const rule = (holds, what) => require_(holds, "rule", `${item.name}: ${what}`);
    switch (item.type) {
      case "LedgerOpened":
        rule(isOpening(entry), "a log is opened once");
        await this.#open(data, entry, item.name);
        break;
      case "PartyRegistered": {
        rule(!this.parties.has(party), `${party} is registered already`);
        rule(data.roles.every((role) => ROLES.includes(role)), "a role that no party may have");
        this.parties.set(party, { name: data.name, roles: data.roles });
        this.#add(await this.#newKey(party, data.key, data.proof, item.name), party, entry.index, { scope: [`${party}/`], admin: true, by });
        break;
      }
      case "KeyAuthorized": {
        rule(this.parties.has(party), `${party} is not registered`);
        rule(data.scope.every((one) => one.startsWith(`${party}/`)), "a scope beyond the party's own streams");
        const key = await this.#newKey(party, data.key, data.proof, item.name);
        this.#add(key, party, entry.index, { scope: data.scope, types: data.event_types ?? null, admin: data.admin ?? false, by });
        break;
      }
      case "KeyRecovered": {
        rule(this.parties.has(party), `${party} is not registered`);
        for (const kid of data.replaces ?? []) {
          const old = this.#own(party, kid, item.name);
          rule(old.revoked === null, `${kid} is revoked already`);
          old.revoked = entry.index;
        }
        const key = await this.#newKey(party, data.key, data.proof, item.name);
        this.#add(key, party, entry.index, { scope: [`${party}/`], admin: true, recovered: true, by });
        break;
      }
      case "KeyRevoked": {
        const key = this.#own(party, data.key, item.name);
        const from = data.compromised_from === null ? null : indexOf(data.compromised_from);
        rule(key.revoked === null || from !== null, `${data.key} is revoked already`);
        rule(from === null || from <= (key.revoked ?? entry.index), "compromised from a later entry on");
        rule(from === null || key.compromised === null || from < key.compromised, "disputed from there already");
        key.revoked ??= entry.index;
        if (from !== null) [key.compromised, key.compromisedBy] = [from, item.name];
        break;
      }
      case "EntriesConfirmed": {
        const key = this.#own(party, data.key, item.name);
        const [from, until] = data.entries.map(indexOf);
        rule(key.compromised !== null && key.revoked !== null, "the key was not declared compromised");
        rule(from >= key.compromised && until <= key.revoked + 1, "entries that are not disputed");
        rule(key.confirmed.every(([one, other]) => other <= from || until <= one), "entries that are confirmed already");
        rule(this.#isUndisputed(this.keys.get(by)), "said by a key that a disputed entry has authorised");
        key.confirmed.push([from, until]);
        break;
      }
      default:
    }
  }

  /** Indexes of entries that a recovered key has signed, and of those that are disputed. */
  remarks(entries) {
    const keyOf = (entry) => this.keys.get(entry.statement.jws.kid);
    const indexes = (found) => found.map((entry) => entry.index);
    return {
      recovered: indexes(entries.filter((entry) => keyOf(entry).recovered)),
      disputed: indexes(entries.filter((entry) => isDisputed(keyOf(entry), entry.index))),
    };
  }

  /** The event that declared the key of a disputed entry compromised. */
  disputedBy(entry) {
    return this.keys.get(entry.statement.jws.kid).compromisedBy;
  }

  /** Both keys of an opening count as authorised before it. What the log before it has authorised stays, but for its recovery key. */
  async #open(data, entry, where) {
    const rule = (holds, what) => require_(holds, "rule", `${where}: ${what}`);
    const { operator } = data;
    const before = this.opened;
    await this.#beginLog(data, rule);
    const by = entry.statement.jws.kid;
    const first = await this.#soundKey(operator, data.key, data.proof, `${where}, first key`);
    const spare = await this.#soundKey(operator, data.recovery_key, data.recovery_proof, `${where}, recovery key`);
    rule(first.kid !== spare.kid, "one key twice");
    const eve = entry.index - 1;
    const recovers = before !== null && spare.kid === this.recovery;
    rule(recovers || !this.keys.has(spare.kid), "a recovery key that is another key already");
    const known = this.keys.get(first.kid);
    if (before === null || (known === undefined && recovers)) {
      this.#add(first, operator, eve, { scope: [`${operator}/`], admin: true, recovered: recovers, by });
    } else {
      const holds = known !== undefined && known.admin && known.party === operator && isValidAt(known, entry.index);
      rule(holds, "opened with no admin key of the operator that was valid at the end of the log before");
    }
    if (before === null) this.parties.set(operator, { name: data.area, roles: ["factor-publisher", "operator"] });
    else if (!recovers) this.keys.get(this.recovery).revoked = eve;
    if (!recovers) this.#add(spare, operator, eve, { recovery: true, by });
    this.recovery = spare.kid;
  }

  /** The log is a new one of the same operator, and its key nobody else's. */
  async #beginLog(data, rule) {
    const { continues, log: vkey, origin } = data;
    const { key, name } = await parseVkey(vkey);
    rule(name === origin, "another origin than its log's key names");
    rule(!continues?.signed || continues.signed.size > continues.size, "what the log before had signed is no more than what it continues");
    for (const member of ["operator", "area", "timezone"]) rule(data[member] === (this.opened ?? data)[member], `another ${member} than before`);
    rule(this.logs.every((one) => one.name !== name), "an origin that a log had before");
    const taken = [...this.logs.map((one) => one.key), ...[...this.keys.values()].map((one) => one.bytes)];
    rule(taken.every((one) => !same(one, key)), "a key of the log that was used before");
    this.opened = data;
    this.logs.push({ key, name });
  }

  #mayPostKeys(key, party, first, count, types) {
    if (party !== this.opened.operator && first === 1) {
      return types.length === 1 && types[0] === "PartyRegistered" && count === 1 && key.party === this.opened.operator && key.admin;
    }
    if (!types.every((type) => KEY_EVENTS.includes(type))) return false;
    if (key.recovery) return party === this.opened.operator && types.every((type) => ["KeyAuthorized", "KeyRevoked"].includes(type));
    const rescue = key.party === this.opened.operator && types.every((type) => ["KeyRecovered", "KeyRevoked"].includes(type));
    return key.admin && (key.party === party || rescue);
  }

  #mayPost(key, stream, place) {
    if (place === null || key.recovery || key.party !== partyOf(stream)) return false;
    if (place === "ledger" || place === "seals") return key.party === this.opened.operator && key.admin;
    return key.scope.some((item) => covers(item, stream));
  }

  /** A key that is new, too. */
  async #newKey(party, jwk, proof, where) {
    const key = await this.#soundKey(party, jwk, proof, where);
    require_(!this.keys.has(key.kid), "rule", `${where}: a key that is on the ledger already`);
    return key;
  }

  /** A key that is sound, no log's key, and whose holder has signed for this party. */
  async #soundKey(party, jwk, proof, where) {
    const bytes = soundBytes(jwk);
    require_(bytes !== null, "rule", `${where}: not a key that may be trusted`);
    const kid = await thumbprint(jwk.x);
    require_(this.logs.every((log) => !same(log.key, bytes)), "rule", `${where}: the key of a log`);
    require_(await isPossession(proof, kid, bytes, this.opened.log, party), "rule", `${where}: nobody has shown to hold the key`);
    return { kid, bytes };
  }

  #add({ kid, bytes }, party, authorised, { scope = [], types = null, admin = false, recovery = false, recovered = false, by }) {
    const life = { authorised, revoked: null, compromised: null, compromisedBy: null, confirmed: [] };
    this.keys.set(kid, { kid, bytes, party, scope, types, admin, recovery, recovered, by, ...life });
  }

  #own(party, kid, where) {
    const key = this.keys.get(kid);
    require_(key !== undefined && key.party === party && !key.recovery, "rule", `${where}: not a key of ${party}`, { found: kid });
    return key;
  }

  #isUndisputed(key) {
    for (let at = key; at.by !== at.kid; at = this.keys.get(at.by)) {
      if (isDisputed(this.keys.get(at.by), at.authorised)) return false;
    }
    return true;
  }
}

function isOpening({ index, log }) {
  return index === log.opened;
}

/** The key that an opening names as the operator's first, and that has signed it. */
async function firstKey({ at, events, statement }) {
  const { key } = events[0].data;
  const bytes = soundBytes(key);
  const signer = bytes !== null && (await thumbprint(key.x)) === statement.jws.kid;
  require_(signer, "key", `${at} is not signed with the operator's first key`);
  return { bytes };
}

/** The bytes of a key of the one algorithm that may be trusted, or null. */
function soundBytes({ crv, kty, x }) {
  const bytes = crv === "Ed25519" && kty === "OKP" ? keyBytes(x) : null;
  return bytes !== null && isSoundKey(bytes) ? bytes : null;
}

function isValidAt({ authorised, revoked }, index) {
  return authorised < index && (revoked === null || index <= revoked);
}

function isDisputed(key, index) {
  const confirmed = key.confirmed.some(([from, until]) => from <= index && index < until);
  return key.compromised !== null && index >= key.compromised && !confirmed;
}
