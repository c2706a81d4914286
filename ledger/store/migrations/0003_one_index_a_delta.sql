-- One index for what an entry added, in the order in which it is read: by source. The other one, by
-- entry, was only ever written.

ALTER TABLE ledger.mass_delta DROP CONSTRAINT mass_delta_pkey;
ALTER TABLE ledger.mass_delta
    ADD CONSTRAINT mass_delta_pkey PRIMARY KEY (stream, line, month, role, gas, index);
DROP INDEX ledger.mass_delta_stream;

ALTER TABLE ledger.activity_delta DROP CONSTRAINT activity_delta_pkey;
ALTER TABLE ledger.activity_delta
    ADD CONSTRAINT activity_delta_pkey PRIMARY KEY (stream, line, month, index);
DROP INDEX ledger.activity_delta_stream;
