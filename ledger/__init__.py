"""Carbon-ledger: an event-sourced, traceable carbon ledger that anybody can check."""
