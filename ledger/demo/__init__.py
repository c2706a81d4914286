"""The synthetic park: invented parties, meters and receipts, for a ledger to be tried with."""
