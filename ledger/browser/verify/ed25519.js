// Ed25519 keys and signatures, strict.
//
// A key is refused unless it is the one encoding of a point of prime order: with a low-order key one signature
// verifies for every message, and libraries that only verify accept such keys. That check is made here; the
// signature itself is checked by WebCrypto, after S < L. Source: specification, keys; RFC 8032, 5.1.

import { base64url, hex, sha256, utf8 } from "./bytes.js";
import { Unable } from "./refusal.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const ROOT_OF_MINUS_1 = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;

const known = new Map();

/** Whether 32 bytes are a key that may be trusted: canonical, and of prime order. */
export function isSoundKey(bytes) {
  const name = hex(bytes);
  if (!known.has(name)) known.set(name, hasPrimeOrder(bytes));
  return known.get(name);
}

/** Whether a signature of 64 bytes over a message is by this sound key. */
export async function verifies(key, message, signature) {
  if (signature.length !== 64 || littleEndian(signature.subarray(32)) >= L) return false;
  const imported = await imported_(key);
  return crypto.subtle.verify("Ed25519", imported, signature, message);
}

/** The RFC 7638 thumbprint of a key's JWK. */
export async function thumbprint(x) {
  const digest = await sha256(utf8(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`));
  return btoa(String.fromCharCode(...digest)).replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
}

/** The 32 bytes of a JWK's `x` in its one spelling, or null. */
export function keyBytes(x) {
  const bytes = typeof x === "string" ? base64url(x) : null;
  return bytes !== null && bytes.length === 32 ? bytes : null;
}

async function imported_(key) {
  try {
    return await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  } catch (error) {
    throw new Unable(`this browser cannot check Ed25519 signatures (${error.message || error.name})`);
  }
}

function hasPrimeOrder(bytes) {
  const point = decodePoint(bytes);
  return point !== null && !isIdentity(point) && isIdentity(times(L, point));
}

/** The point of an encoding as (X, Y, Z, T), or null (RFC 8032, 5.1.3). */
function decodePoint(bytes) {
  const sign = bytes[31] >> 7;
  const y = littleEndian(bytes) & ((1n << 255n) - 1n);
  if (y >= P) return null;
  const u = mod(y * y - 1n);
  const v = mod(D * mod(y * y) + 1n);
  const v3 = mod(v * v * v);
  let x = mod(u * v3 * power(mod(u * v3 * v3 * v), (P - 5n) / 8n));
  const check = mod(v * x * x);
  if (check === mod(-u)) x = mod(x * ROOT_OF_MINUS_1);
  else if (check !== u) return null;
  if (x === 0n && sign === 1) return null;
  if (Number(x & 1n) !== sign) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

function times(scalar, point) {
  let result = [0n, 1n, 1n, 0n];
  for (const bit of scalar.toString(2)) {
    result = double(result);
    if (bit === "1") result = add(result, point);
  }
  return result;
}

function double([x, y, z]) {
  const a = mod(x * x);
  const b = mod(y * y);
  const c = 2n * z * z;
  const h = a + b;
  const e = mod(h - (x + y) * (x + y));
  const g = a - b;
  const f = mod(c + g);
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * D * t1 * t2);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function isIdentity([x, y, z]) {
  return mod(x) === 0n && mod(y - z) === 0n;
}

function power(base, exponent) {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = mod(result * result);
    if (bit === "1") result = mod(result * base);
  }
  return result;
}

function littleEndian(bytes) {
  return BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`);
}

function mod(value) {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}
