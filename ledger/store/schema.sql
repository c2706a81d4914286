-- Every table of the ledger, as it is now. The numbered migrations, applied one after the other,
-- give exactly this; a test compares them.
--
-- Text is COLLATE "C" everywhere: names are compared as bytes, in every database alike, and an
-- index never goes wrong because an operating system changed its idea of the alphabet.
--
-- Append-only tables (entries, events, tiles, checkpoints, cosignatures, source lines, deltas)
-- refuse UPDATE, DELETE and TRUNCATE by triggers that fire ALWAYS, on every partition, for the owner
-- too.
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
    CONSTRAINT log_entries_index_from_zero CHECK (index >= 0),
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
    CONSTRAINT log_tiles_pkey PRIMARY KEY (level, number),
    CONSTRAINT log_tiles_place CHECK (level BETWEEN 0 AND 7 AND number >= 0),
    CONSTRAINT log_tiles_root_is_a_hash CHECK (octet_length(root) = 32),
    CONSTRAINT log_tiles_are_full CHECK (octet_length(hashes) = 8192)
);

-- Hashes do not compress; trying costs time.
ALTER TABLE ledger.log_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

COMMENT ON TABLE ledger.log_tiles IS 'Full tiles only (C2SP tlog-tiles, height 8)';
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
    CONSTRAINT stream_heads_leaf_is_a_hash CHECK (octet_length(leaf) = 32),
    CONSTRAINT stream_heads_index CHECK (index >= 0)
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
GRANT EXECUTE ON FUNCTION ledger.lock_log, ledger.ensure_partitions TO ledger_server;

GRANT SELECT, INSERT ON
    ledger.log_entries, ledger.entry_events, ledger.log_tiles, ledger.checkpoints,
    ledger.cosignatures, ledger.source_lines, ledger.mass_delta, ledger.activity_delta,
    ledger.quality_delta
    TO ledger_server;

GRANT SELECT, UPDATE (size, root, edge, next_notification) ON ledger.log_head TO ledger_server;
GRANT SELECT, INSERT, UPDATE (version, leaf, index) ON ledger.stream_heads TO ledger_server;
GRANT SELECT, INSERT, DELETE, UPDATE (value, index) ON ledger.state_view TO ledger_server;
GRANT SELECT, INSERT, UPDATE (mass_mg, zeroed) ON ledger.mass_total TO ledger_server;
GRANT SELECT, INSERT, UPDATE (quantity, readings, estimated, covered_s) ON ledger.activity_total
    TO ledger_server;
GRANT SELECT, INSERT, UPDATE (readings) ON ledger.quality_total TO ledger_server;
GRANT SELECT ON ledger.schema_migrations TO ledger_server;
