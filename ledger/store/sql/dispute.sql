-- name: statements
-- Signed statements from one index up to another of streams whose names begin so, without the data.
SELECT index, stream, first, count, types, jws
  FROM ledger.log_entries
 WHERE index >= %(first)s AND index < %(until)s AND starts_with(stream, %(prefix)s)
 ORDER BY index
 LIMIT %(limit)s;
