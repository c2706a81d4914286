-- How much time the readings of a source cover, and how many of them have which grade, beside their
-- quantities: a total can then say how complete it is, as of any size.
--
-- What was recorded before can only be counted again by the program, so a log that holds readings in
-- the old form is refused and left as it is.

DO $$
BEGIN
    IF EXISTS (SELECT FROM ledger.activity_delta) THEN
        RAISE EXCEPTION 'the log holds readings whose time was not counted, as before the first release'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Nothing was changed: the program that wrote this log still reads it. '
                         'Begin a new log with this one, in another home or database.';
    END IF;
END
$$;

ALTER TABLE ledger.activity_delta ADD COLUMN covered_s bigint NOT NULL;
ALTER TABLE ledger.activity_total ADD COLUMN covered_s bigint NOT NULL;

COMMENT ON COLUMN ledger.activity_delta.covered_s IS
    'Seconds that readings of a continuous source cover; 0 of a discrete one';

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

SELECT ledger.make_append_only('ledger.quality_delta');

GRANT SELECT, INSERT ON ledger.quality_delta TO ledger_server;
GRANT SELECT, INSERT, UPDATE (readings) ON ledger.quality_total TO ledger_server;
GRANT UPDATE (covered_s) ON ledger.activity_total TO ledger_server;
