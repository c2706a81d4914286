-- name: bounds
-- How far the stored entries go, whatever the head says.
SELECT coalesce(max(index) + 1, 0) FROM ledger.log_entries;

-- name: next_index
-- The first stored entry from an index on.
SELECT min(index) FROM ledger.log_entries WHERE index >= %(index)s;

-- name: tile
-- One tile as it is stored.
SELECT root, hashes FROM ledger.log_tiles WHERE level = %(level)s AND number = %(number)s;

-- name: tile_names
-- Every tile that is stored.
SELECT level, number FROM ledger.log_tiles ORDER BY level, number;

-- name: checkpoints
-- Every checkpoint that was signed, from a size on; cosignatures stand elsewhere.
SELECT size, note FROM ledger.checkpoints WHERE size >= %(first)s ORDER BY size LIMIT %(limit)s;
