-- name: logs
-- The logs that this one continues, oldest first.
SELECT first, size, log, root, heads_root, heads_count, note
  FROM ledger.earlier_logs
 ORDER BY first;

-- name: insert_log
-- Write down an earlier log.
INSERT INTO ledger.earlier_logs (first, size, log, root, heads_root, heads_count, note)
VALUES (%(first)s, %(size)s, %(log)s, %(root)s, %(heads_root)s, %(heads_count)s, %(note)s);

-- name: ensure_partitions
-- Make the partitions that entries from this index, below 0, need.
SELECT ledger.ensure_earlier_partitions(%(first)s);

-- name: copy_entries
-- Entries of earlier logs, as they were.
COPY ledger.log_entries (index, stream, first, count, first_notification, types, jws)
FROM STDIN (FORMAT BINARY);

-- name: copy_events
-- Their event lines.
COPY ledger.entry_events (index, packed) FROM STDIN (FORMAT BINARY);

-- name: copy_tiles
-- Full tiles of earlier logs.
COPY ledger.log_tiles (log, level, number, root, hashes) FROM STDIN (FORMAT BINARY);

-- name: tiles
-- The next full tiles of a log.
SELECT level, number, root, hashes
  FROM ledger.log_tiles
 WHERE log = %(log)s AND (level, number) > (%(level)s, %(number)s)
 ORDER BY level, number LIMIT 200;

-- name: copy_heads
-- Where streams stand at the end of the earlier logs.
COPY ledger.stream_heads (stream, version, leaf, index) FROM STDIN (FORMAT BINARY);

-- name: begin_notifications
-- The id of the first event of this log.
UPDATE ledger.log_head SET next_notification = %(following)s WHERE size = 0;

-- name: stray
-- Rows that belong to no log.
(SELECT 'entry ' || index FROM ledger.log_entries WHERE index < %(first)s ORDER BY index LIMIT 100)
UNION ALL
(SELECT 'events of entry ' || index FROM ledger.entry_events
  WHERE index < %(first)s ORDER BY index LIMIT 100)
UNION ALL
(SELECT 'tile ' || level || '/' || number || ' of a log at ' || log
   FROM ledger.log_tiles
  WHERE log <> ALL (%(logs)s::bigint[]) ORDER BY log, level, number LIMIT 100);

-- name: insert_redaction
-- What says that the data of an event is gone.
INSERT INTO ledger.redactions (stream, version, index, redacted, confirmed)
VALUES (%(stream)s, %(version)s, %(index)s, %(redacted)s, %(confirmed)s);
