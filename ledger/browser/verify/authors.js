// Step 6: each statement is signed by a key that was valid there, for that stream and those types.
//
// Key events are replayed in order of the log. A key belongs to one party for ever; it is valid for the entries after the
// one that brought it, up to the one that revokes it. Source: specification, keys; reference, events.

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
  constructor(opened) {
    this.log = opened.log;
    this.operator = opened.operator;
    this.opened = opened;
    this.parties = new Map();
    this.keys = new Map();
  }

  /** Both keys of entry 0 count as authorised before it. Throws Refused. */
  async open(entry) {
    const { operator, key, recovery_key: spare, proof, recovery_proof: spareProof } = this.opened;
    this.parties.set(operator, { name: this.opened.area, roles: ["factor-publisher", "operator"] });
    const bytes = keyBytes(key.x);
    const formed = key.crv === "Ed25519" && key.kty === "OKP" && bytes !== null && isSoundKey(bytes);
    const signer = formed && (await thumbprint(key.x)) === entry.statement.jws.kid;
    require_(signer, "key", "entry 0 is not signed with the operator's first key");
    const first = await this.#newKey(operator, key, proof, "operator's first key");
    this.#add(first, operator, -1, { scope: [`${operator}/`], admin: true, by: entry.statement.jws.kid });
    const recovery = await this.#newKey(operator, spare, spareProof, "recovery key");
    this.#add(recovery, operator, -1, { recovery: true, by: entry.statement.jws.kid });
    const named = await parseVkey(this.log);
    require_(named.name === this.opened.origin, "rule", "entry 0 names another origin than its log's key");
  }

  /** Throw Refused unless this entry's key may say these types here, and has signed it. */
  async check(entry) {
    const { index, statement, events } = entry;
    const { jws, stream, first, count } = statement;
    const key = this.keys.get(jws.kid);
    require_(key !== undefined, "key", `entry ${index} is signed with a key that the file does not authorise`, { found: jws.kid });
    const valid = key.authorised < index && (key.revoked === null || index <= key.revoked);
    require_(valid, "key", `the key of entry ${index} was not valid there`, { found: jws.kid });
    const types = events.map((item) => item.type);
    const place = placeOf(stream);
    const may = place === "keys" ? this.#mayPostKeys(key, partyOf(stream), first, count, types) : this.#mayPost(key, stream, place);
    require_(may, "key", `the key of entry ${index} may not post in ${stream}`, { found: jws.kid });
    for (const type of types) {
      require_(key.types === null || key.types.includes(type), "key", `the key of entry ${index} may not say ${type}`);
      require_(placeOfType(type) === place, "key", `${type} does not stand in ${stream}`);
    }
    require_(await isSignedBy(jws, key.bytes), "signature", `the signature of entry ${index} does not hold`);
  }

  /** What an event of trust changes. Throws Refused (`rule`). */
  async apply(item, entry) {
    const party = partyOf(item.stream);
    const { data } = item;
    const by = entry.statement.jws.kid;
    const rule = (holds, what) => require_(holds, "rule", `${item.name}: ${what}`);
    switch (item.type) {
      case "LedgerOpened":
        rule(entry.index === 0, "a log is opened once");
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
        const from = data.compromised_from;
        rule(key.revoked === null || from !== null, `${data.key} is revoked already`);
        rule(from === null || from <= (key.revoked ?? entry.index), "compromised from a later entry on");
        rule(from === null || key.compromised === null || from < key.compromised, "disputed from there already");
        key.revoked ??= entry.index;
        key.compromised = from ?? key.compromised;
        break;
      }
      case "EntriesConfirmed": {
        const key = this.#own(party, data.key, item.name);
        const [from, until] = data.entries;
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

  #mayPostKeys(key, party, first, count, types) {
    if (party !== this.operator && first === 1) {
      return types.length === 1 && types[0] === "PartyRegistered" && count === 1 && key.party === this.operator && key.admin;
    }
    if (!types.every((type) => KEY_EVENTS.includes(type))) return false;
    if (key.recovery) return party === this.operator && types.every((type) => ["KeyAuthorized", "KeyRevoked"].includes(type));
    const rescue = key.party === this.operator && types.every((type) => ["KeyRecovered", "KeyRevoked"].includes(type));
    return key.admin && (key.party === party || rescue);
  }

  #mayPost(key, stream, place) {
    if (place === null || key.recovery || key.party !== partyOf(stream)) return false;
    if (place === "ledger" || place === "seals") return key.party === this.operator && key.admin;
    return key.scope.some((item) => covers(item, stream));
  }

  /** A key that is sound, new, no key of the log, and whose holder has signed for this party. */
  async #newKey(party, jwk, proof, where) {
    const bytes = keyBytes(jwk.x);
    const formed = jwk.crv === "Ed25519" && jwk.kty === "OKP" && bytes !== null && isSoundKey(bytes);
    require_(formed, "rule", `${where}: not a key that may be trusted`);
    const kid = await thumbprint(jwk.x);
    require_(!this.keys.has(kid), "rule", `${where}: a key that is on the ledger already`);
    const log = await parseVkey(this.log);
    require_(log.key.some((byte, at) => byte !== bytes[at]), "rule", `${where}: the key of the log`);
    require_(await isPossession(proof, kid, bytes, this.log, party), "rule", `${where}: nobody has shown to hold the key`);
    return { kid, bytes };
  }

  #add({ kid, bytes }, party, authorised, { scope = [], types = null, admin = false, recovery = false, recovered = false, by }) {
    const life = { authorised, revoked: null, compromised: null, confirmed: [] };
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

function isDisputed(key, index) {
  const confirmed = key.confirmed.some(([from, until]) => from <= index && index < until);
  return key.compromised !== null && index >= key.compromised && !confirmed;
}
