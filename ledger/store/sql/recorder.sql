-- name: entries_up
-- The next entries of a stream that hold versions above one and up to another, oldest first.
SELECT entry.index, entry.stream, entry.first, entry.count, entry.first_notification, entry.types,
       entry.jws, events.packed
  FROM ledger.log_entries AS entry
  LEFT JOIN ledger.entry_events AS events ON events.index = entry.index
 WHERE entry.stream = %(stream)s AND entry.first <= %(lte)s
   -- The entry that holds version gt + 1 may begin before it.
   AND entry.first >= coalesce((SELECT before.first
                                  FROM ledger.log_entries AS before
                                 WHERE before.stream = %(stream)s AND before.first <= %(gt)s + 1
                                 ORDER BY before.first DESC
                                 LIMIT 1), 0)
 ORDER BY entry.first
 LIMIT %(limit)s;

-- name: entries_down
-- The same, newest first.
SELECT entry.index, entry.stream, entry.first, entry.count, entry.first_notification, entry.types,
       entry.jws, events.packed
  FROM ledger.log_entries AS entry
  LEFT JOIN ledger.entry_events AS events ON events.index = entry.index
 WHERE entry.stream = %(stream)s AND entry.first <= %(lte)s
   AND entry.first >= coalesce((SELECT before.first
                                  FROM ledger.log_entries AS before
                                 WHERE before.stream = %(stream)s AND before.first <= %(gt)s + 1
                                 ORDER BY before.first DESC
                                 LIMIT 1), 0)
 ORDER BY entry.first DESC
 LIMIT %(limit)s;

-- name: notified
-- The next entries that hold notifications from one id up to another.
SELECT entry.index, entry.stream, entry.first, entry.count, entry.first_notification, entry.types,
       entry.jws, events.packed
  FROM ledger.log_entries AS entry
  LEFT JOIN ledger.entry_events AS events ON events.index = entry.index
 WHERE entry.index >= coalesce((SELECT before.index
                                  FROM ledger.log_entries AS before
                                 WHERE before.first_notification <= %(first)s
                                 ORDER BY before.first_notification DESC
                                 LIMIT 1), (SELECT min(index) FROM ledger.log_entries))
   AND entry.first_notification <= %(last)s
   AND (%(topics)s::text[] = ARRAY[]::text[] OR entry.types && %(topics)s::text[])
 ORDER BY entry.index
 LIMIT %(limit)s;

-- name: listen
-- Hear of every group that is committed.
LISTEN carbon_ledger;

-- name: allow_unsigned
-- Let this database hold runs of events that nobody signed, also from version 0.
ALTER TABLE ledger.log_entries
    DROP CONSTRAINT log_entries_signed,
    DROP CONSTRAINT log_entries_first_from_one;
