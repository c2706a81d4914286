"""`python -m ledger.cli` is `carbon-ledger`."""

from ledger.cli import main

main()
