"""A witness of any log: it cosigns what continues what it has seen, and nothing else, ever.

It stands on the formats of the log alone, so it needs neither a database nor a ledger.
"""
