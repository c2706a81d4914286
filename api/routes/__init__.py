"""The routes, one file per subject. Each asks the ledger one question and says nothing else."""
