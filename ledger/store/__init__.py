"""I/O: PostgreSQL, and the few bytes that are kept outside it.

What is logged is written once and never changed, what is read is written in the same transaction,
and everything asked for often is found by an index. See the architecture, "PostgreSQL" and
"eventsourcing".
"""
