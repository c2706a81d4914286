"""The operator's use cases, and the wiring that makes a running ledger out of settings."""

from ledger.service.continuing import continue_log
from ledger.service.ledger import Ledger
from ledger.service.opening import open_ledger
from ledger.service.settings import Settings
from ledger.service.setup import initialise

__all__ = ["Ledger", "Settings", "continue_log", "initialise", "open_ledger"]
