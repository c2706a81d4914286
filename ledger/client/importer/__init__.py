"""From a meter's file to signed batches: map, table, clock, rows, batches, journal, run."""
