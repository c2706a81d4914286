"""The operator's use cases, and the wiring that makes a running ledger out of settings."""

from ledger.service.ledger import Ledger, open_ledger
from ledger.service.settings import Settings
from ledger.service.setup import initialise

__all__ = ["Ledger", "Settings", "initialise", "open_ledger"]
