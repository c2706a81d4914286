"""A ledger as a party sees it: the same questions, whether it runs here or elsewhere.

`ledger.client.http` asks over HTTP; the operator's own program hands in the running ledger. What is
posted are signed bytes, so the connection needs no trust: receipts and checkpoints are checked by
whoever uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ledger.carbon.footprint import Footprint
from ledger.carbon.info import (
    DisputeInfo,
    FactorInfo,
    LedgerStatus,
    PartyInfo,
    Posted,
    SiteInfo,
    SourceInfo,
    StreamHead,
    TargetInfo,
    TransferInfo,
)
from ledger.carbon.redaction.draft import RedactionDraft
from ledger.carbon.redaction.info import RedactionInfo
from ledger.carbon.reports.explain import Explanation
from ledger.carbon.reports.table import Report
from ledger.carbon.seal.info import SealDraft, SealInfo
from ledger.log.bundle_kinds import Subject
from ledger.log.seals import CompanyLine, Head, InventoryLine


class Connection(Protocol):
    """What a ledger answers. Every method may also raise Unavailable: try later."""

    async def status(self) -> LedgerStatus:
        """Whose ledger this is and how far it has come."""

    async def head(self, stream: str) -> StreamHead | None:
        """The last event of a stream; None for a stream without events."""

    async def post(self, body: bytes) -> Posted:
        """Append a signed batch. When this returns, it is durable and under a checkpoint.

        The same bytes again are answered with `repeated`. Raises Conflict with the JWS that stands
        there when another batch took the versions, and InvalidInput or Refused.
        """

    async def receipt(self, index: int) -> str:
        """The latest receipt of an entry (C2SP tlog-proof); raises NotFound."""

    async def checkpoint(self) -> str:
        """The published checkpoint, a signed note; raises NotFound before the first."""

    async def parties(self) -> list[PartyInfo]:
        """All parties with their keys, by name."""

    async def disputes(self, party: str | None = None) -> list[DisputeInfo]:
        """The oldest open disputes of a party, or all, in the order of the log; raises NotFound."""

    async def factors(self) -> list[FactorInfo]:
        """All published factors, by name."""

    async def sites(self, party: str) -> list[SiteInfo]:
        """The sites of a party, by name; raises NotFound."""

    async def sources(self, party: str) -> list[SourceInfo]:
        """The sources of a party, by stream; raises NotFound."""

    async def source(self, stream: str) -> SourceInfo | None:
        """One source; None if there is none, or none for the asker to know of."""

    async def transfers(
        self, party: str, months: tuple[str, str] | None = None
    ) -> list[TransferInfo]:
        """The transfers of a party over whole months, both included, or all; raises NotFound."""

    async def targets(self, party: str) -> list[TargetInfo]:
        """Every statement of a party's targets, in the order of the log; raises NotFound."""

    async def footprint(
        self, party: str, first_month: str, last_month: str, as_of: int | None
    ) -> Footprint:
        """A party's footprint over whole months, both included, as known at a log size."""

    async def area(self, first_month: str, last_month: str, as_of: int | None) -> Footprint:
        """The area's footprint over whole months, both included, as known at a log size."""

    async def report(
        self,
        name: str,
        party: str | None,
        months: tuple[str, str],
        as_of: int | None,
        gwp: str,
    ) -> Report:
        """A report of a party or (None) of the area over whole months, both included.

        As known at a log size, in a GWP set; raises NotFound.
        """

    async def explanation(self, figure: str, stream: str | None) -> Explanation:
        """Where a figure of a report comes from; with a stream, the entries of its terms alone."""

    async def redactions(self, party: str | None = None) -> list[RedactionInfo]:
        """The redactions that a party has asked for, or all, in the order of the log."""

    async def redaction_draft(self, event: str) -> RedactionDraft:
        """What its author signs to redact a reading; raises NotFound, RuleBroken."""

    async def seal_draft(
        self, view: str, period: tuple[str, str], size: int | None, gwp: str
    ) -> SealDraft:
        """What the operator signs to seal [first month, month after the last) at a size, or now."""

    async def seals(self) -> list[SealInfo]:
        """All seals, in the order of the log."""

    async def seal(self, number: int) -> SealInfo:
        """The seal of this number, from 1; raises NotFound."""

    async def seal_companies(self, number: int) -> list[CompanyLine]:
        """The public list of companies of a seal, by name; raises NotFound."""

    async def seal_heads(self, number: int) -> list[Head]:
        """The public list of heads of a seal, by stream; raises NotFound."""

    async def seal_lines(self, number: int, party: str) -> list[InventoryLine]:
        """The private list of a party's inventory lines of a seal, by key; raises NotFound."""

    async def bundle(self, event: str) -> bytes:
        """The provenance bundle of an event, for anybody to check offline; raises NotFound."""

    async def prove(self, subject: Subject, withheld: Sequence[str] = ()) -> bytes:
        """The file that shows a claim of any kind; `withheld` events stand in it without their data.

        Raises NotFound for what there is not, or is not the asker's to read; BadValue for what
        cannot be withheld.
        """

    async def stream_page(self, stream: str, version: int) -> bytes:
        """The page of a stream that begins with the entry of a version; raises NotFound."""
