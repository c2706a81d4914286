"""What a replaying witness runs: it folds a ledger elsewhere from its entries, and vouches for that."""
