-- Every table of the ledger, as it is now. The numbered migrations, applied one after the other,
-- give exactly this; a test compares them.
--
-- Text is COLLATE "C" everywhere: names are compared as bytes, in every database alike, and an
-- index never goes wrong because an operating system changed its idea of the alphabet.
--
-- Append-only tables (entries, events, tiles, checkpoints, cosignatures, source lines, deltas)
-- refuse UPDATE, DELETE and TRUNCATE by triggers that fire ALWAYS, on every partition, for the owner
-- too. Only the lines of an event that was redacted change, once, by ledger.redact.
-- This stops mistakes and a compromised server process. Whoever owns the cluster can take the
-- triggers away; the checkpoint file, witnesses and audit catch that, not this file.
--
-- The role ledger_server, under which the program serves, exists before this file is run.

CREATE SCHEMA ledger;

COMMENT ON SCHEMA ledger IS 'carbon-ledger: one verifiable log and what follows from it';

-- ------------------------------------------------------------------------------ append-only

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
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

CREATE FUNCTION ledger.make_append_only(target regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    -- A statement trigger also refuses the UPDATE that would find no row; ALWAYS means that
    -- session_replication_role = replica does not switch it off.
    EXECUTE format(
        'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', target);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', target);
END
$$;

-- ------------------------------------------------------------------------------ the lock

CREATE FUNCTION ledger.lock_log() RETURNS void
    LANGUAGE sql
    -- The bytes of 'carbonlg'. Held to the end of the transaction; a session may take it again.
    AS $$ SELECT pg_catalog.pg_advisory_xact_lock(7161130649597668455) $$;

COMMENT ON FUNCTION ledger.lock_log IS 'One sequencer at a time: who appends holds this lock';

-- ------------------------------------------------------------------------------ log: public

CREATE TABLE ledger.log_entries (
    index bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    first bigint NOT NULL,
    count integer NOT NULL,
    first_notification bigint NOT NULL,
    types text[] COLLATE "C" NOT NULL,
    jws bytea NOT NULL,
    CONSTRAINT log_entries_pkey PRIMARY KEY (index),
    CONSTRAINT log_entries_stream_length CHECK (length(stream) BETWEEN 1 AND 200),
    CONSTRAINT log_entries_first_from_one CHECK (first >= 1),
    CONSTRAINT log_entries_count CHECK (count BETWEEN 1 AND 10000),
    CONSTRAINT log_entries_notification_from_one CHECK (first_notification >= 1),
    -- One type for all events of the batch, or one for each of them.
    CONSTRAINT log_entries_types CHECK (
        cardinality(types) IN (1, count) AND array_position(types, NULL) IS NULL),
    CONSTRAINT log_entries_jws_size CHECK (octet_length(jws) BETWEEN 1 AND 8192),
    -- A compact JWS begins with {" in base64url: an unsigned entry never enters a real ledger.
    CONSTRAINT log_entries_signed CHECK (substr(jws, 1, 3) = '\x65794a'::bytea)
) PARTITION BY RANGE (index);

COMMENT ON TABLE ledger.log_entries IS 'One row per signed batch; all columns are public';
COMMENT ON COLUMN ledger.log_entries.types IS 'One element when all events have the same type';

CREATE INDEX log_entries_stream_first ON ledger.log_entries (stream, first);
CREATE INDEX log_entries_first_notification ON ledger.log_entries (first_notification);

-- ------------------------------------------------------------------------------ log: private

CREATE TABLE ledger.entry_events (
    index bigint NOT NULL,
    packed bytea NOT NULL,
    CONSTRAINT entry_events_pkey PRIMARY KEY (index),
    CONSTRAINT entry_events_size CHECK (octet_length(packed) BETWEEN 1 AND 16777216)
) PARTITION BY RANGE (index);

-- Packed by the program, before they come here: trying again costs time.
ALTER TABLE ledger.entry_events ALTER COLUMN packed SET STORAGE EXTERNAL;

COMMENT ON TABLE ledger.entry_events IS
    'The event lines of an entry as they arrived, each ended by LF; private';
COMMENT ON COLUMN ledger.entry_events.packed IS 'One Zstandard frame, then its CRC-32';

SELECT ledger.make_append_only('ledger.log_entries'), ledger.make_append_only('ledger.entry_events');

-- ------------------------------------------------------------------------------ log: tree

CREATE TABLE ledger.log_tiles (
    level smallint NOT NULL,
    number bigint NOT NULL,
    root bytea NOT NULL,
    hashes bytea NOT NULL,
    log bigint NOT NULL DEFAULT 0,
    CONSTRAINT log_tiles_pkey PRIMARY KEY (log, level, number),
    CONSTRAINT log_tiles_log CHECK (log <= 0),
    CONSTRAINT log_tiles_place CHECK (level BETWEEN 0 AND 7 AND number >= 0),
    CONSTRAINT log_tiles_root_is_a_hash CHECK (octet_length(root) = 32),
    CONSTRAINT log_tiles_are_full CHECK (octet_length(hashes) = 8192)
);

-- Hashes do not compress; trying costs time.
ALTER TABLE ledger.log_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

COMMENT ON TABLE ledger.log_tiles IS 'Full tiles only (C2SP tlog-tiles, height 8)';
COMMENT ON COLUMN ledger.log_tiles.log IS 'Index of entry 0 of the log whose tile it is';
COMMENT ON COLUMN ledger.log_tiles.root IS
    'Hash over the tile: its place in the tile above, so that a partial one is read cheaply';

SELECT ledger.make_append_only('ledger.log_tiles');

CREATE TABLE ledger.log_head (
    one_row boolean NOT NULL DEFAULT true,
    size bigint NOT NULL,
    root bytea NOT NULL,
    edge bytea NOT NULL,
    next_notification bigint NOT NULL,
    CONSTRAINT log_head_pkey PRIMARY KEY (one_row),
    CONSTRAINT log_head_one_row CHECK (one_row),
    CONSTRAINT log_head_size CHECK (size >= 0),
    CONSTRAINT log_head_root_is_a_hash CHECK (octet_length(root) = 32),
    CONSTRAINT log_head_edge_is_hashes CHECK (octet_length(edge) % 32 = 0),
    CONSTRAINT log_head_next_notification CHECK (next_notification > size)
) WITH (fillfactor = 50);

-- RFC 6962 §2.1: the root of the empty tree is SHA-256 of nothing.
INSERT INTO ledger.log_head (size, root, edge, next_notification) VALUES (0, sha256(''), '', 1);

CREATE TABLE ledger.stream_heads (
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL,
    index bigint NOT NULL,
    CONSTRAINT stream_heads_pkey PRIMARY KEY (stream),
    CONSTRAINT stream_heads_stream_length CHECK (length(stream) BETWEEN 1 AND 200),
    CONSTRAINT stream_heads_version CHECK (version >= 0),
    CONSTRAINT stream_heads_leaf_is_a_hash CHECK (octet_length(leaf) = 32)
) WITH (fillfactor = 80);

COMMENT ON TABLE ledger.stream_heads IS
    'Last version and leaf hash of every stream; holds uniqueness, under the lock';

CREATE TABLE ledger.checkpoints (
    size bigint NOT NULL,
    note text COLLATE "C" NOT NULL,
    CONSTRAINT checkpoints_pkey PRIMARY KEY (size),
    CONSTRAINT checkpoints_size CHECK (size >= 0),
    CONSTRAINT checkpoints_note_length CHECK (length(note) BETWEEN 1 AND 65536)
);

CREATE TABLE ledger.cosignatures (
    size bigint NOT NULL,
    -- An ML-DSA-44 line has 3.3 kB and an index row at most 2.7 kB: the key is the line's hash.
    line_sha256 bytea NOT NULL,
    line text COLLATE "C" NOT NULL,
    CONSTRAINT cosignatures_pkey PRIMARY KEY (size, line_sha256),
    CONSTRAINT cosignatures_size_fkey FOREIGN KEY (size) REFERENCES ledger.checkpoints (size),
    CONSTRAINT cosignatures_line_sha256_is_a_hash CHECK (octet_length(line_sha256) = 32),
    CONSTRAINT cosignatures_line_length CHECK (length(line) BETWEEN 1 AND 8192)
);

SELECT ledger.make_append_only('ledger.checkpoints'), ledger.make_append_only('ledger.cosignatures');

-- ------------------------------------------------------------------------------ partitions

CREATE FUNCTION ledger.ensure_partitions(upto bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    -- Few and large: a lookup by stream visits every partition.
    entries_per_partition CONSTANT bigint := 4194304;
    parent text;
    child text;
    low bigint;
    made integer := 0;
BEGIN
    IF upto < 0 OR upto > (SELECT size FROM ledger.log_head) + 4 * entries_per_partition THEN
        RAISE EXCEPTION 'partitions are made a little ahead of the log, not up to %', upto
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM ledger.lock_log();
    FOR number IN 0 .. upto / entries_per_partition LOOP
        low := number * entries_per_partition;
        FOREACH parent IN ARRAY ARRAY['log_entries', 'entry_events'] LOOP
            child := parent || '_' || lpad(number::text, 6, '0');
            CONTINUE WHEN to_regclass('ledger.' || child) IS NOT NULL;
            -- Made apart and then attached: readers of the log wait for neither. The check lets
            -- ATTACH believe the bounds without looking at rows.
            EXECUTE format(
                'CREATE TABLE ledger.%I (LIKE ledger.%I INCLUDING CONSTRAINTS INCLUDING STORAGE, '
                'CONSTRAINT bounds CHECK (index >= %s AND index < %s))',
                child, parent, low, low + entries_per_partition);
            PERFORM ledger.make_append_only(to_regclass('ledger.' || child));
            EXECUTE format(
                'ALTER TABLE ledger.%I ATTACH PARTITION ledger.%I FOR VALUES FROM (%s) TO (%s)',
                parent, child, low, low + entries_per_partition);
            EXECUTE format('ALTER TABLE ledger.%I DROP CONSTRAINT bounds', child);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

COMMENT ON FUNCTION ledger.ensure_partitions IS
    'Makes the partitions that entries up to this index need; the server may call it';

SELECT ledger.ensure_partitions(0);

-- ------------------------------------------------------------------------------ earlier logs

-- A log that continues another one holds it below its entry 0: entry i of an earlier log of N entries
-- stands at index i - N.

CREATE TABLE ledger.earlier_logs (
    first bigint NOT NULL,
    size bigint NOT NULL,
    log text COLLATE "C" NOT NULL,
    root bytea NOT NULL,
    heads_root bytea NOT NULL,
    heads_count bigint NOT NULL,
    note text COLLATE "C",
    CONSTRAINT earlier_logs_pkey PRIMARY KEY (first),
    CONSTRAINT earlier_logs_place CHECK (size > 0 AND first + size <= 0),
    CONSTRAINT earlier_logs_root_is_a_hash CHECK (octet_length(root) = 32),
    CONSTRAINT earlier_logs_heads_root_is_a_hash CHECK (octet_length(heads_root) = 32),
    CONSTRAINT earlier_logs_heads_count CHECK (heads_count > 0),
    CONSTRAINT earlier_logs_note_length CHECK (length(note) BETWEEN 1 AND 65536)
);

COMMENT ON TABLE ledger.earlier_logs IS 'The logs that this one continues, by the index of entry 0';
COMMENT ON COLUMN ledger.earlier_logs.note IS
    'The newest checkpoint over entries that are here, with its cosignatures';

SELECT ledger.make_append_only('ledger.earlier_logs');

CREATE FUNCTION ledger.ensure_earlier_partitions(first bigint) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    entries_per_partition CONSTANT bigint := 4194304;
    parent text;
    child text;
    high bigint;
    made integer := 0;
BEGIN
    IF first >= 0 OR (SELECT size FROM ledger.log_head) > 0 THEN
        RAISE EXCEPTION 'an earlier log is taken in before entry 0, and only then'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM ledger.lock_log();
    FOR number IN 0 .. (-first - 1) / entries_per_partition LOOP
        high := -number * entries_per_partition;
        FOREACH parent IN ARRAY ARRAY['log_entries', 'entry_events'] LOOP
            child := parent || '_before_' || lpad(number::text, 6, '0');
            CONTINUE WHEN to_regclass('ledger.' || child) IS NOT NULL;
            EXECUTE format(
                'CREATE TABLE ledger.%I (LIKE ledger.%I INCLUDING CONSTRAINTS INCLUDING STORAGE)',
                child, parent);
            PERFORM ledger.make_append_only(to_regclass('ledger.' || child));
            EXECUTE format(
                'ALTER TABLE ledger.%I ATTACH PARTITION ledger.%I FOR VALUES FROM (%s) TO (%s)',
                parent, child, high - entries_per_partition, high);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

COMMENT ON FUNCTION ledger.ensure_earlier_partitions IS
    'Makes the partitions for entries of earlier logs, from this index on; for the owner alone';

-- ------------------------------------------------------------------------------ redactions

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

-- ------------------------------------------------------------------------------ views

CREATE TABLE ledger.state_view (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    index bigint NOT NULL,
    CONSTRAINT state_view_pkey PRIMARY KEY (kind, key)
) WITH (fillfactor = 80);

COMMENT ON TABLE ledger.state_view IS 'Pieces of the state that decides about the next event';
COMMENT ON COLUMN ledger.state_view.index IS 'The last entry that changed the piece';

CREATE TABLE ledger.source_lines (
    stream text COLLATE "C" NOT NULL,
    line integer NOT NULL,
    party text COLLATE "C" NOT NULL,
    activity text COLLATE "C" NOT NULL,
    scope smallint,
    category smallint,
    key_area text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    region text COLLATE "C" NOT NULL,
    inside boolean NOT NULL,
    flow text COLLATE "C" NOT NULL,
    balance_group text COLLATE "C",
    part_of text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    unit text COLLATE "C" NOT NULL,
    gpc text COLLATE "C",
    index bigint NOT NULL,
    CONSTRAINT source_lines_pkey PRIMARY KEY (stream, line),
    CONSTRAINT source_lines_line CHECK (line >= 0),
    CONSTRAINT source_lines_scope CHECK (scope BETWEEN 1 AND 3),
    CONSTRAINT source_lines_category CHECK (category BETWEEN 1 AND 15),
    CONSTRAINT source_lines_flow CHECK (flow IN ('in', 'out', 'opening', 'closing')),
    CONSTRAINT source_lines_kind CHECK (kind IN ('continuous', 'discrete'))
);

COMMENT ON TABLE ledger.source_lines IS
    'What a source is, once per amendment; a delta names the line that held when it was made';

CREATE INDEX source_lines_party ON ledger.source_lines (party);

CREATE TABLE ledger.mass_delta (
    index bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    line integer NOT NULL,
    month text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    gas text COLLATE "C" NOT NULL,
    mass_mg numeric(38, 0) NOT NULL,
    zeroed integer NOT NULL,
    CONSTRAINT mass_delta_pkey PRIMARY KEY (stream, line, month, role, gas, index),
    CONSTRAINT mass_delta_month CHECK (month ~ '^\d{4}-(0[1-9]|1[0-2])$')
);

COMMENT ON TABLE ledger.mass_delta IS
    'What each entry added; a figure as known at size N is the sum over index < N';
COMMENT ON COLUMN ledger.mass_delta.zeroed IS 'Products that were not zero and rounded to 0 mg';

CREATE TABLE ledger.mass_total (
    stream text COLLATE "C" NOT NULL,
    line integer NOT NULL,
    month text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    gas text COLLATE "C" NOT NULL,
    mass_mg numeric(38, 0) NOT NULL,
    zeroed bigint NOT NULL,
    CONSTRAINT mass_total_pkey PRIMARY KEY (stream, line, month, role, gas)
) WITH (fillfactor = 80);

CREATE TABLE ledger.activity_delta (
    index bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    line integer NOT NULL,
    month text COLLATE "C" NOT NULL,
    quantity numeric NOT NULL,
    readings integer NOT NULL,
    estimated integer NOT NULL,
    covered_s bigint NOT NULL,
    CONSTRAINT activity_delta_pkey PRIMARY KEY (stream, line, month, index),
    CONSTRAINT activity_delta_month CHECK (month ~ '^\d{4}-(0[1-9]|1[0-2])$')
);

COMMENT ON COLUMN ledger.activity_delta.quantity IS 'In the unit of the source line';
COMMENT ON COLUMN ledger.activity_delta.covered_s IS
    'Seconds that readings of a continuous source cover; 0 of a discrete one';

CREATE TABLE ledger.activity_total (
    stream text COLLATE "C" NOT NULL,
    line integer NOT NULL,
    month text COLLATE "C" NOT NULL,
    quantity numeric NOT NULL,
    readings bigint NOT NULL,
    estimated bigint NOT NULL,
    covered_s bigint NOT NULL,
    CONSTRAINT activity_total_pkey PRIMARY KEY (stream, line, month)
) WITH (fillfactor = 80);

CREATE TABLE ledger.quality_delta (
    index bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    line integer NOT NULL,
    month text COLLATE "C" NOT NULL,
    quality text COLLATE "C" NOT NULL,
    readings integer NOT NULL,
    CONSTRAINT quality_delta_pkey PRIMARY KEY (stream, line, month, quality, index),
    CONSTRAINT quality_delta_month CHECK (month ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    CONSTRAINT quality_delta_quality CHECK (quality IN ('H', 'M', 'L'))
);

COMMENT ON TABLE ledger.quality_delta IS 'Readings that were recorded with a grade; most have none';

CREATE TABLE ledger.quality_total (
    stream text COLLATE "C" NOT NULL,
    line integer NOT NULL,
    month text COLLATE "C" NOT NULL,
    quality text COLLATE "C" NOT NULL,
    readings bigint NOT NULL,
    CONSTRAINT quality_total_pkey PRIMARY KEY (stream, line, month, quality)
) WITH (fillfactor = 80);

SELECT ledger.make_append_only('ledger.source_lines'),
       ledger.make_append_only('ledger.mass_delta'),
       ledger.make_append_only('ledger.activity_delta'),
       ledger.make_append_only('ledger.quality_delta');

-- ------------------------------------------------------------------------------ migrations

CREATE TABLE ledger.schema_migrations (
    number integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    sha256 text COLLATE "C" NOT NULL,
    CONSTRAINT schema_migrations_pkey PRIMARY KEY (number)
);

SELECT ledger.make_append_only('ledger.schema_migrations');

-- ------------------------------------------------------------------------------ rights

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO ledger_server;
GRANT EXECUTE ON FUNCTION
    ledger.lock_log, ledger.ensure_partitions, ledger.redact
    TO ledger_server;

GRANT SELECT, INSERT ON
    ledger.log_entries, ledger.entry_events, ledger.log_tiles, ledger.checkpoints,
    ledger.cosignatures, ledger.source_lines, ledger.mass_delta, ledger.activity_delta,
    ledger.quality_delta, ledger.earlier_logs
    TO ledger_server;

GRANT SELECT, UPDATE (size, root, edge, next_notification) ON ledger.log_head TO ledger_server;
GRANT SELECT, INSERT, UPDATE (version, leaf, index) ON ledger.stream_heads TO ledger_server;
GRANT SELECT, INSERT, DELETE, UPDATE (value, index) ON ledger.state_view TO ledger_server;
GRANT SELECT, INSERT, UPDATE (mass_mg, zeroed) ON ledger.mass_total TO ledger_server;
GRANT SELECT, INSERT, UPDATE (quantity, readings, estimated, covered_s) ON ledger.activity_total
    TO ledger_server;
GRANT SELECT, INSERT, UPDATE (readings) ON ledger.quality_total TO ledger_server;
GRANT SELECT ON ledger.schema_migrations, ledger.redactions TO ledger_server;
