-- name: load_pieces
-- These pieces of the state, those that exist.
SELECT kind, key, value, index
  FROM {schema}.state_view
 WHERE (kind, key) IN (SELECT wanted.kind, wanted.key
                         FROM unnest(%(kind)s::text[], %(key)s::text[]) AS wanted (kind, key));

-- name: pieces_of_kind
-- All pieces of one kind whose keys lie between two keys, in order.
SELECT kind, key, value, index
  FROM {schema}.state_view
 WHERE kind = %(kind)s AND key >= %(first)s AND key < %(until)s
 ORDER BY key;

-- name: save_pieces
-- Put pieces; the newest value and the entry that made it.
INSERT INTO {schema}.state_view (kind, key, value, index)
SELECT new.kind, new.key, convert_to(new.value, 'UTF8'), new.index
  FROM json_to_recordset(%(pieces)s::json) AS new (kind text, key text, value text, index bigint)
 ORDER BY new.kind, new.key
    ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, index = excluded.index;

-- name: delete_pieces
-- Remove pieces.
DELETE FROM {schema}.state_view
 WHERE (kind, key) IN (SELECT gone.kind, gone.key
                         FROM unnest(%(kind)s::text[], %(key)s::text[]) AS gone (kind, key));

-- name: insert_source_lines
-- What sources are from now on.
INSERT INTO {schema}.source_lines
       (stream, line, party, activity, scope, category, key_area, site, region, inside, flow,
        balance_group, part_of, kind, unit, gpc, index)
VALUES (%(stream)s, %(line)s, %(party)s, %(activity)s, %(scope)s, %(category)s, %(key_area)s,
        %(site)s, %(region)s, %(inside)s, %(flow)s, %(balance_group)s, %(part_of)s, %(kind)s,
        %(unit)s, %(gpc)s, %(index)s);

-- name: add
-- What a group of entries changes, in one go: pieces, deltas, and the totals with them. Sums of
-- integers: any order gives the same. Quantities come in 10^-12 of a unit; trailing zeros go, so that
-- equal quantities are stored alike whatever they were added up from.
WITH pieces AS (
    INSERT INTO {schema}.state_view (kind, key, value, index)
    SELECT new.kind, new.key, convert_to(new.value, 'UTF8'), new.index
      FROM json_to_recordset(%(pieces)s::json)
           AS new (kind text, key text, value text, index bigint)
     ORDER BY new.kind, new.key
        ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, index = excluded.index
), masses AS (
    INSERT INTO {schema}.mass_delta (index, stream, line, month, role, gas, mass_mg, zeroed)
    SELECT new.index, new.stream, new.line, new.month, new.role, new.gas, new.mass_mg, new.zeroed
      FROM json_to_recordset(%(masses)s::json)
           AS new (index bigint, stream text, line integer, month text, role text, gas text,
                   mass_mg numeric, zeroed integer)
 RETURNING stream, line, month, role, gas, mass_mg, zeroed
), mass_totals AS (
    INSERT INTO {schema}.mass_total AS total (stream, line, month, role, gas, mass_mg, zeroed)
    SELECT stream, line, month, role, gas, sum(mass_mg), sum(zeroed)
      FROM masses
     GROUP BY stream, line, month, role, gas
     ORDER BY stream, line, month, role, gas
        ON CONFLICT (stream, line, month, role, gas) DO UPDATE
       SET mass_mg = total.mass_mg + excluded.mass_mg, zeroed = total.zeroed + excluded.zeroed
), activities AS (
    INSERT INTO {schema}.activity_delta
           (index, stream, line, month, quantity, readings, estimated, covered_s)
    SELECT new.index, new.stream, new.line, new.month,
           trim_scale(new.tiny * 0.000000000001), new.readings, new.estimated, new.covered_s
      FROM json_to_recordset(%(activities)s::json)
           AS new (index bigint, stream text, line integer, month text, tiny numeric,
                   readings integer, estimated integer, covered_s bigint)
 RETURNING stream, line, month, quantity, readings, estimated, covered_s
)
INSERT INTO {schema}.activity_total AS total
       (stream, line, month, quantity, readings, estimated, covered_s)
SELECT stream, line, month, trim_scale(sum(quantity)), sum(readings), sum(estimated),
       sum(covered_s)
  FROM activities
 GROUP BY stream, line, month
 ORDER BY stream, line, month
    ON CONFLICT (stream, line, month) DO UPDATE
   SET quantity = trim_scale(total.quantity + excluded.quantity),
       readings = total.readings + excluded.readings,
       estimated = total.estimated + excluded.estimated,
       covered_s = total.covered_s + excluded.covered_s;

-- name: add_quality
-- How many readings of which grade a group of entries adds; asked only where one states a grade.
WITH grades AS (
    INSERT INTO {schema}.quality_delta (index, stream, line, month, quality, readings)
    SELECT new.index, new.stream, new.line, new.month, new.quality, new.readings
      FROM json_to_recordset(%(grades)s::json)
           AS new (index bigint, stream text, line integer, month text, quality text,
                   readings integer)
 RETURNING stream, line, month, quality, readings
)
INSERT INTO {schema}.quality_total AS total (stream, line, month, quality, readings)
SELECT stream, line, month, quality, sum(readings)
  FROM grades
 GROUP BY stream, line, month, quality
 ORDER BY stream, line, month, quality
    ON CONFLICT (stream, line, month, quality) DO UPDATE
   SET readings = total.readings + excluded.readings;

-- name: masses_now
-- Masses over months, from the totals; `{which}` names a party or all.
SELECT source.*, total.month, total.role, total.gas, total.mass_mg, total.zeroed
  FROM {schema}.source_lines AS source
  JOIN {schema}.mass_total AS total USING (stream, line)
 WHERE {which} AND total.month BETWEEN %(first_month)s AND %(last_month)s
 ORDER BY source.stream, source.line, total.month, total.role, total.gas;

-- name: masses_as_of
-- The same as it was known when the log had a certain size: a sum over a prefix of the log.
SELECT source.*, delta.month, delta.role, delta.gas, sum(delta.mass_mg), sum(delta.zeroed)
  FROM {schema}.source_lines AS source
  JOIN {schema}.mass_delta AS delta USING (stream, line)
 WHERE {which} AND delta.month BETWEEN %(first_month)s AND %(last_month)s
   AND delta.index < %(as_of)s
 GROUP BY source.stream, source.line, delta.month, delta.role, delta.gas
 ORDER BY source.stream, source.line, delta.month, delta.role, delta.gas;

-- name: changes
-- What certain entries added to masses over months; `{which}` names a party or all.
SELECT source.*, delta.month, delta.role, delta.gas, delta.mass_mg, delta.zeroed, delta.index AS at
  FROM {schema}.source_lines AS source
  JOIN {schema}.mass_delta AS delta USING (stream, line)
 WHERE {which} AND delta.month BETWEEN %(first_month)s AND %(last_month)s
   AND delta.index = ANY (%(indexes)s::bigint[])
 ORDER BY delta.index, source.stream, source.line, delta.month, delta.role, delta.gas;

-- name: changing_entries
-- Entries with an event of certain types that added something to masses over months, in order, as
-- known at a size; `{which}` names a party or all.
SELECT DISTINCT delta.index
  FROM {schema}.source_lines AS source
  JOIN {schema}.mass_delta AS delta USING (stream, line)
  JOIN ledger.log_entries AS entry ON entry.index = delta.index
 WHERE {which} AND delta.month BETWEEN %(first_month)s AND %(last_month)s
   AND delta.index < %(as_of)s AND entry.types && %(types)s::text[]
 ORDER BY delta.index;

-- name: area_masses_now
-- Masses of all companies, and of all other parties, by what a footprint of the area tells apart.
-- The party stands only where a balance group is netted within it.
SELECT source.party = ANY (%(companies)s::text[]) AS company,
       CASE WHEN source.balance_group IS NULL THEN '' ELSE source.party END AS party,
       source.activity, source.scope, source.category, source.key_area, source.flow,
       source.balance_group, source.part_of IS NOT NULL AS is_part,
       total.month, total.role, total.gas, sum(total.mass_mg), sum(total.zeroed)
  FROM {schema}.source_lines AS source
  JOIN {schema}.mass_total AS total USING (stream, line)
 WHERE total.month BETWEEN %(first_month)s AND %(last_month)s
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12;

-- name: area_masses_as_of
-- The same as it was known when the log had a certain size.
SELECT source.party = ANY (%(companies)s::text[]) AS company,
       CASE WHEN source.balance_group IS NULL THEN '' ELSE source.party END AS party,
       source.activity, source.scope, source.category, source.key_area, source.flow,
       source.balance_group, source.part_of IS NOT NULL AS is_part,
       delta.month, delta.role, delta.gas, sum(delta.mass_mg), sum(delta.zeroed)
  FROM {schema}.source_lines AS source
  JOIN {schema}.mass_delta AS delta USING (stream, line)
 WHERE delta.month BETWEEN %(first_month)s AND %(last_month)s AND delta.index < %(as_of)s
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12;

-- name: activities_now
-- Quantities over months, from the totals; `{which}` names a party or all.
SELECT source.*, total.month, total.quantity, total.readings, total.estimated, total.covered_s
  FROM {schema}.source_lines AS source
  JOIN {schema}.activity_total AS total USING (stream, line)
 WHERE {which} AND total.month BETWEEN %(first_month)s AND %(last_month)s
 ORDER BY source.stream, source.line, total.month;

-- name: activities_as_of
-- The same as it was known when the log had a certain size.
SELECT source.*, delta.month, trim_scale(sum(delta.quantity)), sum(delta.readings),
       sum(delta.estimated), sum(delta.covered_s)
  FROM {schema}.source_lines AS source
  JOIN {schema}.activity_delta AS delta USING (stream, line)
 WHERE {which} AND delta.month BETWEEN %(first_month)s AND %(last_month)s
   AND delta.index < %(as_of)s
 GROUP BY source.stream, source.line, delta.month
 ORDER BY source.stream, source.line, delta.month;

-- name: qualities_now
-- Readings of each grade over months, from the totals; `{which}` names a party or all.
SELECT source.*, total.month, total.quality, total.readings
  FROM {schema}.source_lines AS source
  JOIN {schema}.quality_total AS total USING (stream, line)
 WHERE {which} AND total.month BETWEEN %(first_month)s AND %(last_month)s
 ORDER BY source.stream, source.line, total.month, total.quality;

-- name: qualities_as_of
-- The same as it was known when the log had a certain size.
SELECT source.*, delta.month, delta.quality, sum(delta.readings)
  FROM {schema}.source_lines AS source
  JOIN {schema}.quality_delta AS delta USING (stream, line)
 WHERE {which} AND delta.month BETWEEN %(first_month)s AND %(last_month)s
   AND delta.index < %(as_of)s
 GROUP BY source.stream, source.line, delta.month, delta.quality
 ORDER BY source.stream, source.line, delta.month, delta.quality;

-- name: mass_entries
-- What each entry below a size added to these masses, and which events it carries.
SELECT delta.stream, delta.line, delta.month, delta.role, delta.gas, delta.index,
       entry.stream, entry.first, entry.count, delta.mass_mg
  FROM unnest(%(streams)s::text[], %(lines)s::integer[], %(months)s::text[], %(roles)s::text[],
              %(gases)s::text[]) AS wanted (stream, line, month, role, gas)
  JOIN {schema}.mass_delta AS delta USING (stream, line, month, role, gas)
  JOIN {schema}.log_entries AS entry ON entry.index = delta.index
 WHERE delta.index < %(as_of)s
 ORDER BY delta.stream, delta.line, delta.month, delta.role, delta.gas, delta.index;

-- name: activity_entries
-- The same of quantities; role and gas are empty.
SELECT delta.stream, delta.line, delta.month, '', '', delta.index,
       entry.stream, entry.first, entry.count, delta.quantity
  FROM unnest(%(streams)s::text[], %(lines)s::integer[], %(months)s::text[])
       AS wanted (stream, line, month)
  JOIN {schema}.activity_delta AS delta USING (stream, line, month)
  JOIN {schema}.log_entries AS entry ON entry.index = delta.index
 WHERE delta.index < %(as_of)s
 ORDER BY delta.stream, delta.line, delta.month, delta.index;

-- name: lines
-- The lines of sources, in order, as known at a size; `{which}` names a party or all.
SELECT source.*
  FROM {schema}.source_lines AS source
 WHERE {which} AND source.index < %(as_of)s
 ORDER BY source.stream, source.line;

-- name: of_party
-- Which: one party's.
source.party = %(party)s;

-- name: of_all
-- Which: everybody's.
true;

-- name: digest
-- All rows of a table in the order of its key, as text.
COPY (SELECT * FROM {schema}.{table} ORDER BY {key}) TO STDOUT;

-- name: differences
-- Keys of rows that are in one set of read models and not, or not the same, in the other.
SELECT {key} FROM (SELECT * FROM {schema}.{table} EXCEPT SELECT * FROM {other}.{table}) AS only_here
 ORDER BY {key} LIMIT %(limit)s;

-- name: create_scratch
-- The same table, empty, for this connection only.
CREATE TEMPORARY TABLE {table} (LIKE ledger.{table} INCLUDING ALL);

-- name: create_scratch_deltas
-- The same table, empty, for this connection only, without indexes and checks: rows are only added up.
CREATE TEMPORARY TABLE {table} (LIKE ledger.{table});

-- name: copy_masses
-- Masses that entries add, many at once.
COPY {schema}.mass_delta (index, stream, line, month, role, gas, mass_mg, zeroed) FROM STDIN;

-- name: copy_activities
-- Quantities that entries add, many at once.
COPY {schema}.activity_delta
     (index, stream, line, month, quantity, readings, estimated, covered_s) FROM STDIN;

-- name: copy_grades
-- Grades that entries add, many at once.
COPY {schema}.quality_delta (index, stream, line, month, quality, readings) FROM STDIN;

-- name: sum_masses
-- The totals of all masses that were copied.
INSERT INTO {schema}.mass_total (stream, line, month, role, gas, mass_mg, zeroed)
SELECT stream, line, month, role, gas, sum(mass_mg), sum(zeroed)
  FROM {schema}.mass_delta
 GROUP BY stream, line, month, role, gas;

-- name: sum_activities
-- The totals of all quantities that were copied.
INSERT INTO {schema}.activity_total
       (stream, line, month, quantity, readings, estimated, covered_s)
SELECT stream, line, month, trim_scale(sum(quantity)), sum(readings), sum(estimated),
       sum(covered_s)
  FROM {schema}.activity_delta
 GROUP BY stream, line, month;

-- name: sum_grades
-- The totals of all grades that were copied.
INSERT INTO {schema}.quality_total (stream, line, month, quality, readings)
SELECT stream, line, month, quality, sum(readings)
  FROM {schema}.quality_delta
 GROUP BY stream, line, month, quality;

-- name: drop_scratch
-- What an earlier rebuild on this connection left.
DROP TABLE IF EXISTS pg_temp.{table};
