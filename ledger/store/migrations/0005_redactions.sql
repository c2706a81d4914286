-- The data of one event may go, and only so: its author has given it up, the operator has confirmed that,
-- and both events stand in the log. `ledger.redact` alone changes event lines, one row here for each
-- event, and the rows here are what lets the refusing trigger pass it.
--
-- What SQL can see are streams and types, which are public; that the two events speak of this one, and
-- that all other lines are as before, is read by the audit, from the lines themselves.

CREATE TABLE ledger.redactions (
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    index bigint NOT NULL,
    redacted bigint NOT NULL,
    confirmed bigint NOT NULL,
    CONSTRAINT redactions_pkey PRIMARY KEY (stream, version),
    CONSTRAINT redactions_confirmed_once UNIQUE (confirmed)
);

COMMENT ON TABLE ledger.redactions IS 'Events whose data was taken out, each with the two that allow it';
COMMENT ON COLUMN ledger.redactions.index IS 'The entry whose lines were changed';
COMMENT ON COLUMN ledger.redactions.redacted IS 'Version of the DataRedacted in <party>/redactions';
COMMENT ON COLUMN ledger.redactions.confirmed IS
    'Version of the RedactionConfirmed in <operator>/redactions';

CREATE FUNCTION ledger.event_at(of_stream text, of_version bigint, OUT index bigint, OUT type text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT entry.index,
           entry.types[CASE WHEN cardinality(entry.types) = 1 THEN 1
                            ELSE of_version - entry.first + 1 END]
      FROM ledger.log_entries AS entry
     WHERE entry.stream = of_stream COLLATE "C"
       AND entry.first <= of_version AND of_version < entry.first + entry.count
    $$;

COMMENT ON FUNCTION ledger.event_at IS 'Where an event stands and of which type it is; NULL if nowhere';

CREATE FUNCTION ledger.check_redaction() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    operator text;
    event_index bigint;
    event_type text;
    said_index bigint;
    said_type text;
    confirmed_index bigint;
    confirmed_type text;
BEGIN
    SELECT split_part(entry.stream, '/', 1) INTO operator
      FROM ledger.log_entries AS entry ORDER BY entry.index LIMIT 1;
    SELECT at.index, at.type INTO event_index, event_type
      FROM ledger.event_at(NEW.stream, NEW.version) AS at;
    SELECT at.index, at.type INTO said_index, said_type
      FROM ledger.event_at(split_part(NEW.stream, '/', 1) || '/redactions', NEW.redacted) AS at;
    SELECT at.index, at.type INTO confirmed_index, confirmed_type
      FROM ledger.event_at(operator || '/redactions', NEW.confirmed) AS at;
    IF event_index IS NULL OR event_index <> NEW.index
       OR event_type NOT IN ('ActivityRecorded', 'EmissionMeasured', 'ProfileRecorded') THEN
        RAISE EXCEPTION '%@% is no reading of entry %', NEW.stream, NEW.version, NEW.index
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Only the data of readings may be taken out of the log.';
    END IF;
    IF said_type IS DISTINCT FROM 'DataRedacted' OR said_index <= event_index THEN
        RAISE EXCEPTION 'no DataRedacted of its author allows to take %@% out',
            NEW.stream, NEW.version USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF confirmed_type IS DISTINCT FROM 'RedactionConfirmed' OR confirmed_index <= said_index THEN
        RAISE EXCEPTION 'no RedactionConfirmed of the operator allows to take %@% out',
            NEW.stream, NEW.version USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER check_redaction BEFORE INSERT ON ledger.redactions
    FOR EACH ROW EXECUTE FUNCTION ledger.check_redaction();
ALTER TABLE ledger.redactions ENABLE ALWAYS TRIGGER check_redaction;

SELECT ledger.make_append_only('ledger.redactions');

CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- The one exception: whose data goes was written down in this very transaction (ledger.redact).
    IF TG_OP = 'UPDATE' AND TG_TABLE_SCHEMA = 'ledger' AND TG_TABLE_NAME = 'entry_events'
       AND EXISTS (SELECT FROM ledger.redactions
                    WHERE xmin = pg_catalog.pg_current_xact_id_if_assigned()::xid) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% on %.% is refused: this table is append-only',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'A correction is a new event. Nothing that was logged is ever changed.';
END
$$;

CREATE FUNCTION ledger.redact(
    of_stream text, of_version bigint, redacted bigint, confirmed bigint, lines bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    place bigint := (ledger.event_at(of_stream, of_version)).index;
BEGIN
    INSERT INTO ledger.redactions (stream, version, index, redacted, confirmed)
    VALUES (of_stream, of_version, place, redacted, confirmed);
    UPDATE ledger.entry_events AS events SET packed = lines WHERE events.index = place;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the lines of entry % are missing', place USING ERRCODE = 'no_data_found';
    END IF;
END
$$;

COMMENT ON FUNCTION ledger.redact IS
    'Puts lines without the data of one event in the place of an entry''s lines; the server may call it';

REVOKE ALL ON FUNCTION
    ledger.event_at, ledger.check_redaction, ledger.redact FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.redact TO ledger_server;
GRANT SELECT ON ledger.redactions TO ledger_server;
