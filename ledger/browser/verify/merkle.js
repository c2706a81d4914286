// The tree of RFC 6962: leaves, roots and paths.
//
// Sizes reach 2^53 - 1, so nothing here uses 32-bit operators. Source: specification, the log and its proofs.

import { join, same, sha256 } from "./bytes.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(bytes) {
  return sha256(join(LEAF, bytes));
}

/** Whether a path leads from a leaf at `index` to the root of a tree of `size` (RFC 9162, 2.1.3.2). */
export async function leadsTo(leaf, index, size, path, root) {
  if (index >= size) return false;
  let [at, last, node] = [index, size - 1, leaf];
  for (const other of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      node = await sha256(join(NODE, other, node));
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      node = await sha256(join(NODE, node, other));
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && same(node, root);
}

/** The root over leaf hashes, in order. */
export async function rootOf(leaves) {
  if (leaves.length === 0) return sha256(new Uint8Array());
  let level = leaves;
  while (level.length > 1) {
    const above = [];
    for (let at = 0; at + 1 < level.length; at += 2) above.push(sha256(join(NODE, level[at], level[at + 1])));
    // RFC 6962, 2.1: a lone right edge moves up unpaired.
    if (level.length % 2 === 1) above.push(level.at(-1));
    level = await Promise.all(above);
  }
  return level[0];
}
