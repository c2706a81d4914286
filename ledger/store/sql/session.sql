-- name: settings
-- What every connection relies on, whatever the server's or the user's defaults are. A receipt
-- promises that the entry is durable, so a commit waits for the disk at least.
SELECT set_config('bytea_output', 'hex', false),
       set_config('timezone', 'UTC', false),
       set_config('search_path', 'pg_catalog', false),
       set_config('standard_conforming_strings', 'on', false),
       set_config('extra_float_digits', '1', false),
       set_config('idle_in_transaction_session_timeout', '5min', false),
       (SELECT set_config('synchronous_commit', 'on', false)
          FROM pg_catalog.pg_settings
         WHERE name = 'synchronous_commit' AND setting IN ('off', 'local')),
       -- lz4 packs event lines ten times faster than pglz, where the server was built with it.
       (SELECT set_config('default_toast_compression', 'lz4', false)
          FROM pg_catalog.pg_settings
         WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals));

-- name: current_user
-- Under which role this connection works.
SELECT current_user::text;

-- name: serve
-- Give up the login's rights for those of the serving role.
SET ROLE ledger_server;

-- name: snapshot
-- One snapshot for all statements, in which scratch tables may be made and filled.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

-- name: read_only
-- One snapshot for all statements: every answer is true for one size of the log.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
