// Compact JWS: the statement that an author signs for a batch, and proof that somebody holds a key.
//
// Source: specification, keys ("Signed statements") and batches ("Statement").

import { base64url, fromUtf8, utf8 } from "./bytes.js";
import { decode } from "./canonical.js";
import { verifies } from "./ed25519.js";
import { isHash, isSize, isStream, isThumbprint, isTime } from "./names.js";
import { parseVkey } from "./note.js";
import { hasMembers } from "./shape.js";

const MAX_JWS = 8192;
const MAX_DEPTH = 12;
export const ZEROS = "0".repeat(64);

/** `{kid, payload, signed, signature}` of a JWS in form with this `typ`, or null. */
export function parseJws(text, typ) {
  if (text.length > MAX_JWS) return null;
  const parts = text.split(".");
  if (parts.length !== 3) return null;
  const [header, payload, signature] = parts.map(base64url);
  if (header === null || payload === null || signature?.length !== 64) return null;
  const said = object(header);
  const right = said !== null && hasMembers(said, ["alg", "kid", "typ"]) && said.alg === "Ed25519" && said.typ === typ;
  const value = object(payload);
  if (!right || !isThumbprint(said.kid) || value === null) return null;
  return { kid: said.kid, payload: value, signed: utf8(`${parts[0]}.${parts[1]}`), signature };
}

/** The statement of a batch, with its JWS as `jws`; null if it is not in form. */
export async function parseStatement(text) {
  const jws = parseJws(text, "carbon-batch+jws");
  return jws !== null && (await isStatement(jws.payload)) ? { ...jws.payload, jws } : null;
}

/** Whether a JWS is by this sound key. */
export function isSignedBy(jws, key) {
  return verifies(key, jws.signed, jws.signature);
}

/** Whether the holder of a key has signed that it belongs to this party of this log. */
export async function isPossession(text, kid, key, log, party) {
  const jws = parseJws(text, "carbon-key+jws");
  if (jws === null || jws.kid !== kid || !hasMembers(jws.payload, ["key", "log", "party", "v"])) return false;
  const said = jws.payload;
  return said.key === kid && said.log === log && said.party === party && said.v === 1 && isSignedBy(jws, key);
}

async function isStatement(said) {
  const members = ["count", "first", "head", "log", "previous", "root", "seen", "signed_at", "stream", "v"];
  if (!hasMembers(said, members) || said.v !== 1) return false;
  const counted = isSize(said.count) && said.count >= 1 && said.count <= 10_000 && isSize(said.first) && said.first >= 1;
  if (!counted || !isSize(said.first + said.count - 1)) return false;
  if (![said.head, said.previous, said.root].every(isHash) || (said.first === 1) !== (said.previous === ZEROS)) return false;
  if (!isStream(said.stream) || !isTime(said.signed_at) || !said.signed_at.endsWith("Z")) return false;
  const seen = said.seen === null || (hasMembers(said.seen, ["root", "size"]) && isHash(said.seen.root) && isSize(said.seen.size));
  return seen && typeof said.log === "string" && (await parseVkey(said.log))?.kind === 1;
}

function object(bytes) {
  const text = fromUtf8(bytes);
  return text === null ? null : decode(text, MAX_DEPTH);
}
