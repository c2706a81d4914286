-- name: lock
-- One migration at a time in this database: the bytes of 'clmigrat'.
SELECT pg_catalog.pg_advisory_xact_lock(7164221406714159476);

-- name: role_exists
-- Whether this server has the serving role.
SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'ledger_server');

-- name: create_role
-- Roles belong to the whole server, so they stand in no migration.
CREATE ROLE ledger_server NOLOGIN;

-- name: join_role
-- The login that migrates may also serve.
GRANT ledger_server TO CURRENT_USER;

-- name: allow_scratch
-- An audit folds the log again into temporary tables, and changes nothing.
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO ledger_server', current_database()); END $$;

-- name: table_exists
-- Whether any migration was ever applied.
SELECT pg_catalog.to_regclass('ledger.schema_migrations') IS NOT NULL;

-- name: applied
-- What was applied, in order.
SELECT number, name, sha256 FROM ledger.schema_migrations ORDER BY number;

-- name: record
-- Remember a migration by the bytes that were run.
INSERT INTO ledger.schema_migrations (number, name, sha256) VALUES (%s, %s, %s);
