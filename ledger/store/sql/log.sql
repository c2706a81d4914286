-- name: lock
-- Wait until nobody else appends, to the end of this transaction.
SELECT ledger.lock_log();

-- name: ensure_partitions
-- Make the partitions that entries up to this index need; how many were made.
SELECT ledger.ensure_partitions(%(upto)s);

-- name: read_head
-- The one row that says how far the log goes.
SELECT size, root, edge, next_notification FROM ledger.log_head;

-- name: append
-- A whole group in one round trip: entries, events, full tiles, heads. Two numbers come back: how
-- many stream heads moved and whether the head did. Whoever finds less than asked for rolls back: a
-- stream goes on at its next version, from 0 or 1, and the head moves only from where it was read.
-- Small columns come as JSON, which costs the program less than an array for each of them.
WITH entries AS (
    INSERT INTO ledger.log_entries (index, stream, first, count, first_notification, types, jws)
    SELECT new.index, new.stream, new.first, new.count, new.first_notification,
           string_to_array(new.types, E'\n'), new.jws
      FROM ROWS FROM (
               json_to_recordset(%(entries)s::json)
                   AS (index bigint, stream text, first bigint, count integer,
                       first_notification bigint, types text),
               unnest(%(jws)b::bytea[]))
           AS new (index, stream, first, count, first_notification, types, jws)
), events AS (
    INSERT INTO ledger.entry_events (index, packed)
    SELECT %(old_size)s + new.number - 1, new.packed
      FROM unnest(%(packed)b::bytea[]) WITH ORDINALITY AS new (packed, number)
), tiles AS (
    INSERT INTO ledger.log_tiles (level, number, root, hashes)
    SELECT new.level, new.number, decode(new.root, 'hex'), decode(new.hashes, 'hex')
      FROM json_to_recordset(%(tiles)s::json)
           AS new (level smallint, number bigint, root text, hashes text)
), heads AS (
    INSERT INTO ledger.stream_heads AS old (stream, version, leaf, index)
    SELECT new.stream, new.version, decode(new.leaf, 'hex'), new.index
      FROM json_to_recordset(%(heads)s::json)
           AS new (stream text, first bigint, version bigint, leaf text, index bigint)
      LEFT JOIN ledger.stream_heads AS before ON before.stream = new.stream
     WHERE CASE WHEN before.version IS NULL THEN new.first IN (0, 1)
                ELSE new.first = before.version + 1 END
     ORDER BY new.stream
        ON CONFLICT (stream) DO UPDATE
       SET version = excluded.version, leaf = excluded.leaf, index = excluded.index
 RETURNING 1
), head AS (
    UPDATE ledger.log_head
       SET size = %(size)s, root = %(root)b, edge = %(edge)b,
           next_notification = %(next_notification)s
     WHERE size = %(old_size)s AND next_notification = %(old_next_notification)s
 RETURNING 1
)
SELECT (SELECT count(*) FROM heads), (SELECT count(*) FROM head),
       pg_notify('carbon_ledger', %(size)s::text);

-- name: entry
-- One entry with its event lines.
SELECT entry.index, entry.stream, entry.first, entry.count, entry.first_notification, entry.types,
       entry.jws, events.packed
  FROM ledger.log_entries AS entry
  LEFT JOIN ledger.entry_events AS events ON events.index = entry.index
 WHERE entry.index = %(index)s;

-- name: entries
-- Entries from one index up to another, one at least: as many as 2 MiB of packed lines hold (some ten
-- of readings, unpacked), and 65 536 events.
SELECT index, stream, first, count, first_notification, types, jws, packed
  FROM (SELECT entry.index, entry.stream, entry.first, entry.count, entry.first_notification,
               entry.types, entry.jws, events.packed,
               sum(octet_length(events.packed)) OVER (ORDER BY entry.index)
                   - octet_length(events.packed) AS bytes_before,
               sum(entry.count) OVER (ORDER BY entry.index) - entry.count AS events_before
          FROM ledger.log_entries AS entry
          LEFT JOIN ledger.entry_events AS events
                 ON events.index = entry.index
                AND events.index >= %(first)s AND events.index < %(until)s
         WHERE entry.index >= %(first)s AND entry.index < %(until)s) AS chunk
 WHERE coalesce(bytes_before, 0) < 2097152 AND events_before < 65536
 ORDER BY index;

-- name: stream_entries
-- The next entries of one stream, from a first version on, with their event lines.
SELECT entry.index, entry.stream, entry.first, entry.count, entry.first_notification, entry.types,
       entry.jws, events.packed
  FROM ledger.log_entries AS entry
  LEFT JOIN ledger.entry_events AS events ON events.index = entry.index
 WHERE entry.stream = %(stream)s AND entry.first >= %(first)s AND entry.index < %(until)s
 ORDER BY entry.first
 LIMIT %(limit)s;

-- name: events_below
-- How many events the entries from one index up to another hold, as far as a limit matters: each entry
-- has one at least.
SELECT coalesce(sum(count), 0)::bigint
  FROM (SELECT count FROM ledger.log_entries
         WHERE index >= %(first)s AND index < %(until)s
         LIMIT %(limit)s) AS counted;

-- name: events_of_streams
-- The same of these streams.
SELECT coalesce(sum(count), 0)::bigint
  FROM (SELECT count FROM ledger.log_entries
         WHERE stream = ANY (%(streams)s) AND index >= %(first)s AND index < %(until)s
         LIMIT %(limit)s) AS counted;

-- name: find
-- The entry of a stream that begins last at or before a version.
SELECT index, first, count
  FROM ledger.log_entries
 WHERE stream = %(stream)s AND first <= %(version)s
 ORDER BY first DESC
 LIMIT 1;

-- name: holding
-- The same entry with its event lines.
SELECT entry.index, entry.stream, entry.first, entry.count, entry.first_notification, entry.types,
       entry.jws, events.packed
  FROM ledger.log_entries AS entry
  LEFT JOIN ledger.entry_events AS events ON events.index = entry.index
 WHERE entry.stream = %(stream)s AND entry.first <= %(version)s
 ORDER BY entry.first DESC
 LIMIT 1;

-- name: find_notification
-- The entry that begins last at or before a notification id.
SELECT index
  FROM ledger.log_entries
 WHERE first_notification <= %(notification)s
 ORDER BY first_notification DESC
 LIMIT 1;

-- name: jws
-- The signed statement of one entry.
SELECT jws FROM ledger.log_entries WHERE index = %(index)s;

-- name: stream_head
-- Where a stream stands.
SELECT stream, version, leaf, index FROM ledger.stream_heads WHERE stream = %(stream)s;

-- name: stream_heads
-- Where each of these streams stands.
SELECT stream, version, leaf, index
  FROM ledger.stream_heads
 WHERE stream = ANY (%(streams)s)
 ORDER BY stream;

-- name: streams
-- Streams whose names lie between two names, in order.
SELECT stream, version, leaf, index
  FROM ledger.stream_heads
 WHERE stream >= %(first)s AND stream < %(until)s
 ORDER BY stream
 LIMIT %(limit)s;

-- name: last_statements
-- The last signed statement below a size of each stream that has one, in the order of their names.
-- Names come from the entries, one step of the index for each, not from the table of heads.
WITH RECURSIVE names AS (
    (SELECT stream FROM ledger.log_entries ORDER BY stream LIMIT 1)
    UNION ALL
    SELECT (SELECT entry.stream
              FROM ledger.log_entries AS entry
             WHERE entry.stream > names.stream
             ORDER BY entry.stream
             LIMIT 1)
      FROM names
     WHERE names.stream IS NOT NULL
)
SELECT names.stream, last.jws
  FROM names
 CROSS JOIN LATERAL (
           SELECT entry.jws
             FROM ledger.log_entries AS entry
            WHERE entry.stream = names.stream AND entry.index < %(size)s
            ORDER BY entry.first DESC
            LIMIT 1) AS last
 ORDER BY names.stream;

-- name: leaf_hashes
-- RFC 6962 leaf hashes of consecutive entries, computed from what is stored.
SELECT sha256('\x00'::bytea || jws)
  FROM ledger.log_entries
 WHERE index >= %(first)s AND index < %(until)s
 ORDER BY index;

-- name: tile
-- The hashes of one full tile.
SELECT hashes
  FROM ledger.log_tiles
 WHERE log = %(log)s AND level = %(level)s AND number = %(number)s;

-- name: tile_roots
-- The roots of consecutive full tiles: the hashes of the level above.
SELECT root
  FROM ledger.log_tiles
 WHERE log = %(log)s AND level = %(level)s AND number >= %(first)s AND number < %(until)s
 ORDER BY number;

-- name: insert_checkpoint
-- Keep a signed note, once for each size. The commit does not wait for the disk: the note says
-- nothing that could not be signed again, bit for bit, from the log and the checkpoint file.
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO ledger.checkpoints (size, note) SELECT %(size)s, %(note)s FROM relaxed
    ON CONFLICT (size) DO NOTHING;

-- name: checkpoint
-- The note for exactly this size.
SELECT size, note FROM ledger.checkpoints WHERE size = %(size)s;

-- name: latest_checkpoint
-- The newest note.
SELECT size, note FROM ledger.checkpoints ORDER BY size DESC LIMIT 1;

-- name: first_checkpoint_from
-- The oldest note that covers this size.
SELECT size, note FROM ledger.checkpoints WHERE size >= %(size)s ORDER BY size LIMIT 1;

-- name: latest_cosigned_checkpoint
-- The newest note that a witness has cosigned.
SELECT size, note
  FROM ledger.checkpoints
 WHERE size = (SELECT max(size) FROM ledger.cosignatures);

-- name: insert_cosignature
-- Keep a witness's line under a note, once.
INSERT INTO ledger.cosignatures (size, line_sha256, line)
VALUES (%(size)s, %(line_sha256)b, %(line)s)
    ON CONFLICT DO NOTHING;

-- name: cosignatures
-- The witnesses' lines under a note, always in the same order.
SELECT line FROM ledger.cosignatures WHERE size = %(size)s ORDER BY line;

-- name: recent_cosignatures
-- The witnesses' lines with their notes above a size, the newest first.
SELECT size, note, line
  FROM ledger.cosignatures
  JOIN ledger.checkpoints USING (size)
 WHERE size > %(size)s
 ORDER BY size DESC, line
 LIMIT %(lines)s;
