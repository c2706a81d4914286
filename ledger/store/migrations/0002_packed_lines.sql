-- Event lines are packed by the program (Zstandard, then a CRC-32) before they are stored.
--
-- SQL cannot pack, so a log that holds lines in the old form is refused and left as it is.

DO $$
BEGIN
    IF EXISTS (SELECT FROM ledger.entry_events) THEN
        RAISE EXCEPTION 'the log holds event lines that are not packed, as before the first release'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Nothing was changed: the program that wrote this log still reads it. '
                         'Begin a new log with this one, in another home or database.';
    END IF;
END
$$;

ALTER TABLE ledger.entry_events RENAME COLUMN lines TO packed;
ALTER TABLE ledger.entry_events DROP CONSTRAINT entry_events_end_in_lf;

-- A partition was made apart and then attached: the constraint is its own too. From PostgreSQL 18 on,
-- NOT NULL has a name of its own.
DO $$
DECLARE
    child regclass;
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_constraint
                WHERE conrelid = 'ledger.entry_events'::regclass
                  AND conname = 'entry_events_lines_not_null') THEN
        ALTER TABLE ledger.entry_events
            RENAME CONSTRAINT entry_events_lines_not_null TO entry_events_packed_not_null;
    END IF;
    FOR child IN SELECT inhrelid FROM pg_catalog.pg_inherits
                  WHERE inhparent = 'ledger.entry_events'::regclass LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS entry_events_end_in_lf', child);
        EXECUTE format('ALTER TABLE %s ALTER COLUMN packed SET STORAGE EXTERNAL', child);
    END LOOP;
END
$$;

-- Packed by the program, before they come here: trying again costs time.
ALTER TABLE ledger.entry_events ALTER COLUMN packed SET STORAGE EXTERNAL;

COMMENT ON COLUMN ledger.entry_events.packed IS 'One Zstandard frame, then its CRC-32';
