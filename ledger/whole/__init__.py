"""The whole ledger in memory, folded from the entries alone: what anybody with the events can do."""
