-- name: redact
-- Put lines without the data of one event in the place of an entry's lines, beside the two events that
-- allow it.
SELECT ledger.redact(%(stream)s, %(version)s, %(redacted)s, %(confirmed)s, %(packed)b);

-- name: redactions
-- The events whose data was taken out, in the order of the log.
SELECT stream, version, index, redacted, confirmed
  FROM ledger.redactions
 ORDER BY index, version;
