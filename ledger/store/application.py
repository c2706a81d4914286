"""The library's application over the ledger: notification log, subscriptions, projections.

It takes what it needs as arguments and nothing from the process's environment, so no variable can
put another recorder, mapper, cipher or compressor between an event and its bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventsourcing.application import Application
from eventsourcing.utils import Environment

if TYPE_CHECKING:
    from eventsourcing.persistence import ApplicationRecorder, Mapper
    from eventsourcing.utils import EnvType

    from ledger.store.mapper import LedgerMapper
    from ledger.store.recorder import LedgerRecorder


class CarbonLedger(Application[str]):
    """`save(*events, jws=…)` appends one signed batch; reading is the library's."""

    name = "carbon-ledger"
    log_section_size = 1_000

    def __init__(self, recorder: LedgerRecorder, mapper: LedgerMapper) -> None:
        self._given_recorder = recorder
        self._given_mapper = mapper
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """An environment with nothing in it but what is given."""
        return Environment(name, env)

    def construct_recorder(self) -> ApplicationRecorder:
        """The recorder that was given."""
        return self._given_recorder

    def construct_mapper(self) -> Mapper[str]:
        """The mapper that was given."""
        return self._given_mapper
