// Verifier keys, signed notes, checkpoints and the cosignatures of witnesses.
//
// Source: specification, checkpoints and receipts; witnesses (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

import { base64, base64Hash, hex, join, same, sha256, utf8 } from "./bytes.js";
import { isSoundKey, verifies } from "./ed25519.js";
import { rootOf } from "./merkle.js";
import { OtherLog, Refused, Unable, require_ } from "./refusal.js";
import { isOrigin, isSize } from "./names.js";

const LOG = 1;
const COSIGNATURE = 4;
const ML_DSA_44 = 6;
const ASK_AGAIN = "Ask for the file again, and for the key from somebody you trust.";
const ROLES = ["certifier", "regulator", "other"];

/** `{name, id, kind, key, vkey}` of a vkey, or null if it is not in form. */
export async function parseVkey(vkey) {
  const [name, id, ...rest] = vkey.split("+");
  const bytes = rest.length ? base64(rest.join("+")) : null;
  if (bytes === null || bytes.length < 2 || !/^[0-9a-f]{8}$/.test(id) || !isKeyName(name)) return null;
  const digest = await sha256(join(utf8(`${name}\n`), bytes));
  if (hex(digest.subarray(0, 4)) !== id) return null;
  const [kind, key] = [bytes[0], bytes.subarray(1)];
  if (kind === ML_DSA_44) {
    if (key.length !== 1312) return null;
    throw new Unable(`the key of ${name} is of ML-DSA-44, which browsers do not check: use carbon-ledger verify`);
  }
  if ((kind !== LOG && kind !== COSIGNATURE) || key.length !== 32 || !isSoundKey(key)) return null;
  return { name, id, kind, key, vkey };
}

/** The log's key that a caller trusts. Throws Unable if it is not one. */
export async function parseLogKey(vkey) {
  const found = await parseVkey(vkey);
  if (found?.kind === COSIGNATURE) throw new Unable("this is the key of a witness, not of a log");
  if (found === null || !isOrigin(found.name)) throw new Unable("this is no log key: a character is missing, changed or too many; copy it again");
  return found;
}

/** Witnesses of `VKEY` or `ROLE=VKEY`; keys of one name are one witness. Throws Unable. */
export async function parseWitnesses(items) {
  const witnesses = new Map();
  for (const item of items) {
    const named = ROLES.find((role) => item.startsWith(`${role}=`));
    const key = await parseVkey(named ? item.slice(named.length + 1) : item);
    if (key === null || key.kind !== COSIGNATURE) throw new Unable(`this is not the key of a witness: ${item}`);
    const role = named ?? "other";
    const witness = witnesses.get(key.name) ?? { name: key.name, role, keys: [] };
    if (witness.role !== role) throw new Unable(`witness ${key.name} is given two roles`);
    if (witness.keys.some((one) => one.vkey === key.vkey)) throw new Unable(`a key of witness ${key.name} is given twice`);
    witness.keys.push(key);
    witnesses.set(key.name, witness);
  }
  return [...witnesses.values()];
}

/** `[[role or "", least number], …]` of a policy such as `2,regulator=1`. Throws Unable. */
export function parsePolicy(text) {
  const found = new Map();
  for (const item of text.split(",")) {
    const match = /^(?:([a-z]+)=)?([1-9][0-9]?)$/.exec(item);
    const role = match?.[1] ?? "";
    if (match === null || (role && !ROLES.includes(role)) || found.has(role)) throw new Unable(`not a policy: ${text}`);
    found.set(role, Number(match[2]));
  }
  return [...found];
}

/** `{origin, size, root, cosigned}` of a note that the log has signed; `cosigned` are the witnesses whose lines hold. */
export async function openCheckpoint(text, log, witnesses) {
  const bad = (what) => new Refused("checkpoint", what);
  const { body, lines } = parseNote(text) ?? {};
  if (body === undefined) throw bad("the checkpoint is not a signed note");
  const [origin] = body.split("\n", 1);
  if (isOrigin(origin) && origin !== log.name) {
    const advice = "If the one continues the other, you need the newer key, from somebody you trust.";
    throw new OtherLog("checkpoint", `the file is of the log ${origin}; you gave the key of ${log.name}`, { advice });
  }
  await checkLine(lines, log, "checkpoint", (signature) => signature.length === 64 && verifies(log.key, utf8(body), signature));
  require_(linesOf(lines, log).length === 1, "checkpoint", "the log's key has not signed the checkpoint", { advice: ASK_AGAIN });
  const parts = body.split("\n");
  const root = base64Hash(parts[2]);
  if (parts.length !== 4 || root === null || !/^(?:0|[1-9][0-9]{0,15})$/.test(parts[1])) throw bad("the checkpoint is not three lines");
  const size = Number(parts[1]);
  if (!isSize(size)) throw bad("the checkpoint's size is too large");
  require_(parts[0] === log.name, "checkpoint", "the checkpoint is of another log", { expected: log.name, found: parts[0] });
  if (size === 0) require_(same(root, await rootOf([])), "checkpoint", "an empty log has another root");
  const cosigned = [];
  for (const witness of witnesses) {
    let holds = false;
    for (const key of witness.keys) {
      await checkLine(lines, key, "cosignature", (signature) => cosigns(key, body, signature));
      holds ||= linesOf(lines, key).length === 1;
    }
    if (holds) cosigned.push(witness);
  }
  return { origin: parts[0], size, root, cosigned };
}

/** Throw unless these witnesses are enough. */
export function checkPolicy(policy, witnesses) {
  for (const [role, least] of policy) {
    const found = new Set(witnesses.filter((one) => role === "" || one.role === role).map((one) => `${one.role} ${one.name}`)).size;
    require_(found >= least, "policy", `too few witnesses${role && ` of role ${role}`} have cosigned`, { advice: "Ask for a file that they have cosigned.", expected: `${least}`, found: `${found}` });
  }
}

function linesOf(lines, key) {
  return lines.filter((line) => line.name === key.name && line.id === key.id);
}

/** A line of a known key stands once, and verifies. */
async function checkLine(lines, key, defect, check) {
  const own = linesOf(lines, key);
  require_(own.length <= 1, defect, `a key of ${key.name} has signed the checkpoint twice`);
  for (const line of own) require_(await check(line.signature), defect, `the signature of ${key.name} on the checkpoint does not hold`, { advice: ASK_AGAIN });
}

async function cosigns(key, body, signature) {
  if (signature.length !== 72) return false;
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  if (time >= 2n ** 63n) return false;
  return verifies(key.key, utf8(`cosignature/v1\ntime ${time}\n${body}`), signature.subarray(8));
}

/** The note's text and signature lines, or null. */
function parseNote(text) {
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) return null;
  const end = text.lastIndexOf("\n\n");
  if (end < 0 || !text.endsWith("\n")) return null;
  const rows = text.slice(end + 2).split("\n").slice(0, -1);
  if (rows.length < 1 || rows.length > 64) return null;
  const lines = rows.map(signatureLine);
  return lines.includes(null) ? null : { body: text.slice(0, end + 1), lines };
}

function signatureLine(row) {
  const found = /^\u2014 ([^ ]+) ([^ ]+)$/u.exec(row);
  const bytes = found === null ? null : base64(found[2]);
  if (bytes === null || bytes.length < 5 || !isKeyName(found[1])) return null;
  return { name: found[1], id: hex(bytes.subarray(0, 4)), signature: bytes.slice(4) };
}

function isKeyName(name) {
  return name !== "" && name.isWellFormed() && !name.includes("+") && !/\p{White_Space}/u.test(name);
}
