-- A log that continues another one holds it below its entry 0: entry i of an earlier log of N entries
-- stands at index i - N, its full tiles beside the new ones under the index of its own entry 0.

ALTER TABLE ledger.log_entries DROP CONSTRAINT log_entries_index_from_zero;
ALTER TABLE ledger.stream_heads DROP CONSTRAINT stream_heads_index;

ALTER TABLE ledger.log_tiles
    ADD COLUMN log bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT log_tiles_log CHECK (log <= 0),
    DROP CONSTRAINT log_tiles_pkey,
    ADD CONSTRAINT log_tiles_pkey PRIMARY KEY (log, level, number);

COMMENT ON COLUMN ledger.log_tiles.log IS 'Index of entry 0 of the log whose tile it is';

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
GRANT SELECT, INSERT ON ledger.earlier_logs TO ledger_server;

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

REVOKE ALL ON FUNCTION ledger.ensure_earlier_partitions FROM PUBLIC;
