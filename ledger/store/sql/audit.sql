-- name: bounds
-- How far the stored entries go, whatever the head says.
SELECT coalesce(max(index) + 1, 0) FROM ledger.log_entries;

-- name: entries
-- Entries from an index on as they are stored, one at least: at most so many, and as many as this many
-- packed bytes and events hold.
SELECT index, stream, first, count, first_notification, types, jws, packed
  FROM (SELECT entry.*, events.packed,
               sum(octet_length(events.packed)) OVER (ORDER BY entry.index)
                   - octet_length(events.packed) AS bytes_before,
               sum(entry.count) OVER (ORDER BY entry.index) - entry.count AS events_before
          FROM (SELECT index, stream, first, count, first_notification, types, jws
                  FROM ledger.log_entries
                 WHERE index >= %(first)s AND index < %(until)s
                 ORDER BY index LIMIT %(entries)s) AS entry
          LEFT JOIN ledger.entry_events AS events
                 ON events.index = entry.index
                AND events.index >= %(first)s AND events.index < %(until)s) AS chunk
 WHERE coalesce(bytes_before, 0) < %(bytes)s AND events_before < %(events)s
 ORDER BY index;

-- name: tile
-- One tile as it is stored.
SELECT root, hashes
  FROM ledger.log_tiles
 WHERE log = %(log)s AND level = %(level)s AND number = %(number)s;

-- name: other_tiles
-- Tiles that are not among the first so many of their level.
SELECT level, number
  FROM ledger.log_tiles
 WHERE log = %(log)s
   AND (number >= coalesce((%(counts)s::bigint[])[level + 1], 0) OR number < 0)
 ORDER BY level, number LIMIT %(limit)s;

-- name: checkpoints
-- The checkpoints that were signed for sizes from one up to another; cosignatures stand elsewhere.
SELECT size, note
  FROM ledger.checkpoints
 WHERE size >= %(first)s AND size < %(until)s
 ORDER BY size LIMIT %(limit)s;
