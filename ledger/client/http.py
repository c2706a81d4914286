"""A ledger elsewhere, over HTTP; it is believed nothing that it can prove.

Rules: receipts and checkpoints are verified against the log's key before they are returned; the key
is fixed at first use. Private data is asked for with a fresh token for each request. An answer has an
end in bytes and time, by what is asked for. How a call is repeated: `calls`.
Source: formats, sections 4, 7 and 12.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec

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
from ledger.carbon.organisation.months import month_before
from ledger.carbon.redaction.draft import RedactionDraft
from ledger.carbon.redaction.info import RedactionInfo
from ledger.carbon.reports.explain import Explanation
from ledger.carbon.reports.table import Report
from ledger.carbon.seal.info import SealDraft, SealInfo
from ledger.client.answer import FILE, LIST, PAGE, SMALL, Most
from ledger.client.calls import NOTICE_S, PATIENCE_S, Calls, not_a_ledger
from ledger.client.checkpoint_memory import CheckpointMemory
from ledger.client.keyring import utc_now
from ledger.client.tokens import TokenMaker
from ledger.errors import NotFound, NotSignedIn, ProofFailed
from ledger.log import batch, seals
from ledger.log.bundle_kinds import Subject, format_subject, kind_of
from ledger.log.checkpoint import open_checkpoint
from ledger.log.keys import PrivateKey
from ledger.log.names import parse_origin, parse_party, parse_stream, party_of, split_event
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.log.seals import (
    CompanyLine,
    Head,
    InventoryLine,
    read_company,
    read_head,
    read_line,
)

T = TypeVar("T")


class HttpConnection:
    """`Connection` to the ledger at a URL. Use as `async with`, or close it."""

    def __init__(
        self,
        url: str,
        key: PrivateKey | None = None,
        party: str | None = None,
        *,
        log_key: str | None = None,
        memory: CheckpointMemory | None = None,
        patience_s: float = PATIENCE_S,
        notice_s: float = NOTICE_S,
        told: Callable[[str], None] = lambda _: None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`key` signs read tokens; `log_key` is the vkey that the ledger must have.

        `memory` holds the ledger to what it showed before. `told` is given a sentence when a call
        waits for a ledger that cannot be reached, or puts it off.
        """
        self._calls = Calls(url, patience_s, notice_s, told)
        self.url: Final = self._calls.url
        self.party: Final = party
        self._key = key
        self._expected_log_key = log_key
        self._memory = memory
        self._now = now
        self._status: LedgerStatus | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._calls.aclose()

    # --- the log -------------------------------------------------------------------------------

    async def status(self) -> LedgerStatus:
        """Whose ledger this is and how far it has come; raises ProofFailed for another log's key."""
        verified = self._memory.newest if self._memory else None
        status = _read(await self._get("/v1/status"), LedgerStatus)
        expected = self._expected_log_key or (self._status.log_key if self._status else None)
        if self._memory is not None:
            self._memory.check_log(expected or status.log_key, status.earlier)
            expected = expected or status.log_key
        if expected is not None and status.log_key != expected:
            raise ProofFailed(
                f"{self.url} is another log",
                expected=expected,
                found=status.log_key,
                advice="Ask the operator: a log never changes its key",
            )
        if self._memory is not None:
            self._memory.require(status.size, verified)
        self._status = status
        return status

    async def head(self, stream: str) -> StreamHead | None:
        """The last event of a stream; None for a stream without events."""
        try:
            answer = await self._get(f"/v1/streams/{parse_stream(stream)}/head")
        except NotFound:
            return None
        return _read(answer, StreamHead)

    async def post(self, body: bytes) -> Posted:
        """Append a signed batch; the receipt is verified before it is returned."""
        jws, _ = batch.split_submission(body)
        answer = await self._calls.send(
            "POST", "/v1/batches", LIST, content=body, headers={"Content-Type": batch.MEDIA_TYPE}
        )
        posted = _read(answer, Posted)
        receipt = parse_receipt(posted.receipt.encode())
        if receipt.index != posted.index:
            raise ProofFailed(
                "the receipt is for another entry",
                expected=f"index {posted.index}",
                found=f"index {receipt.index}",
            )
        verify_receipt(receipt, jws, await self._log_key())
        self._remember(receipt.checkpoint)
        if answer.status_code == httpx.codes.OK and not posted.repeated:
            posted = msgspec.structs.replace(posted, repeated=True)
        return posted

    async def receipt(self, index: int) -> str:
        """The latest receipt of an entry, its checkpoint verified; raises NotFound."""
        text = (await self._get(f"/v1/receipts/{index}")).text
        receipt = parse_receipt(text.encode())
        if receipt.index != index:
            raise ProofFailed(
                "the receipt of another entry", expected=f"{index}", found=f"{receipt.index}"
            )
        open_checkpoint(receipt.checkpoint, await self._log_key())
        self._remember(receipt.checkpoint)
        return text

    async def checkpoint(self) -> str:
        """The published checkpoint, its signature verified; raises NotFound before the first."""
        log = await self._log_key()
        path = parse_origin(log.partition("+")[0]).partition("/")[2]
        text = (await self._get(f"/{path}/checkpoint")).text
        open_checkpoint(text.encode(), log)
        self._remember(text.encode())
        return text

    # --- registers and figures -----------------------------------------------------------------

    async def parties(self) -> list[PartyInfo]:
        """All parties with their keys, by name."""
        return _read(await self._get("/v1/parties", LIST), list[PartyInfo])

    async def factors(self) -> list[FactorInfo]:
        """All published factors, by name."""
        return _read(await self._get("/v1/factors", LIST), list[FactorInfo])

    async def sites(self, party: str) -> list[SiteInfo]:
        """The sites of a party, by name; raises NotFound."""
        path = f"/v1/parties/{parse_party(party)}/sites"
        return _read(await self._get_private(path), list[SiteInfo])

    async def sources(self, party: str) -> list[SourceInfo]:
        """The sources of a party, by stream; raises NotFound."""
        path = f"/v1/parties/{parse_party(party)}/sources"
        return _read(await self._get_private(path), list[SourceInfo])

    async def source(self, stream: str) -> SourceInfo | None:
        """One source; None if there is none, or none for the asker to know of."""
        try:
            sources = await self.sources(party_of(parse_stream(stream)))
        except NotFound:
            return None
        return next((one for one in sources if one.stream == stream), None)

    async def transfers(
        self, party: str, months: tuple[str, str] | None = None
    ) -> list[TransferInfo]:
        """The transfers of a party over whole months, both included, or all; raises NotFound."""
        query = "" if months is None else f"?period={months[0]}..{months[1]}"
        path = f"/v1/parties/{parse_party(party)}/transfers{query}"
        return _read(await self._get_private(path), list[TransferInfo])

    async def targets(self, party: str) -> list[TargetInfo]:
        """Every statement of a party's targets, in the order of the log; raises NotFound."""
        path = f"/v1/parties/{parse_party(party)}/targets"
        return _read(await self._get_any(path, LIST), list[TargetInfo])

    async def footprint(
        self, party: str, first_month: str, last_month: str, as_of: int | None
    ) -> Footprint:
        """A party's footprint over whole months, both included."""
        path = f"/v1/footprints/companies/{parse_party(party)}"
        return await self._footprint(path, first_month, last_month, as_of)

    async def area(self, first_month: str, last_month: str, as_of: int | None) -> Footprint:
        """The area's footprint over whole months, both included."""
        return await self._footprint("/v1/footprints/area", first_month, last_month, as_of)

    async def report(
        self,
        name: str,
        party: str | None,
        months: tuple[str, str],
        as_of: int | None,
        gwp: str,
    ) -> Report:
        """A report of a party or (None) of the area over whole months, both included."""
        who = "area" if party is None else f"companies/{parse_party(party)}"
        query = f"?period={months[0]}..{months[1]}&gwp={quote(gwp, safe='')}"
        query += f"&as_of={as_of}" if as_of is not None else ""
        verified = self._memory.newest if self._memory else None
        path = f"/v1/reports/{quote(name, safe='')}/{who}{query}"
        found = _read(await self._get_private(path), Report)
        if self._memory is not None and as_of is None:
            self._memory.require(found.size, verified)
        return found

    async def explanation(self, figure: str, stream: str | None) -> Explanation:
        """Where a figure of a report comes from; with a stream, the entries of its terms alone."""
        query = f"?figure={quote(figure, safe='')}"
        query += f"&stream={parse_stream(stream)}" if stream is not None else ""
        return _read(await self._get_private(f"/v1/explanations{query}"), Explanation)

    async def disputes(self, party: str | None = None) -> list[DisputeInfo]:
        """The oldest open disputes of a party, or all of those that the reader may see."""
        query = "" if party is None else f"?party={parse_party(party)}"
        return _read(await self._get_private(f"/v1/disputes{query}"), list[DisputeInfo])

    async def redactions(self, party: str | None = None) -> list[RedactionInfo]:
        """The redactions that a party has asked for, or all, of those that the reader may see."""
        found = _read(await self._get_private("/v1/redactions"), list[RedactionInfo])
        return [one for one in found if party is None or party_of(one.event) == party]

    async def redaction_draft(self, event: str) -> RedactionDraft:
        """What its author signs to redact a reading; raises NotFound, RuleBroken."""
        stream, version = split_event(event)
        path = f"/v1/redactions/draft?event={stream}%40{version}"
        return _read(await self._get_private(path), RedactionDraft)

    async def seal_draft(
        self, view: str, period: tuple[str, str], size: int | None, gwp: str
    ) -> SealDraft:
        """What the operator signs to seal [first month, month after the last) at a size, or now."""
        months = f"{period[0]}..{month_before(period[1])}"
        query = f"?view={quote(view, safe='')}&period={months}&gwp={quote(gwp, safe='')}"
        query += f"&as_of={size}" if size is not None else ""
        return _read(await self._get_private(f"/v1/seals/draft{query}"), SealDraft)

    async def seals(self) -> list[SealInfo]:
        """All seals, in the order of the log."""
        return _read(await self._get("/v1/seals", LIST), list[SealInfo])

    async def seal(self, number: int) -> SealInfo:
        """The seal of this number, from 1; raises NotFound."""
        return _read(await self._get(f"/v1/seals/{number}"), SealInfo)

    async def seal_companies(self, number: int) -> list[CompanyLine]:
        """The list of companies, held against the seal; raises NotFound, ProofFailed."""
        lines = await self._sealed(f"/v1/seals/{number}/companies")
        seal = await self.seal(number)
        _check_list("companies", lines, seal.companies_count, seal.companies_root)
        return [read_company(line) for line in lines]

    async def seal_heads(self, number: int) -> list[Head]:
        """The list of heads, held against the seal; raises NotFound, ProofFailed."""
        lines = await self._sealed(f"/v1/seals/{number}/heads")
        seal = await self.seal(number)
        _check_list("heads", lines, seal.heads_count, seal.heads_root)
        return [read_head(line) for line in lines]

    async def seal_lines(self, number: int, party: str) -> list[InventoryLine]:
        """The inventory lines of a party, held against its own line; raises NotFound, ProofFailed."""
        path = f"/v1/seals/{number}/lines?party={parse_party(party)}"
        lines = await self._sealed(path, private=True)
        said = [one for one in await self.seal_companies(number) if one.party == party]
        if not said:
            raise ProofFailed(f"lines of {party}, which seal {number} does not name")
        _check_list("lines", lines, said[0].lines_count, said[0].lines_root)
        return [read_line(line) for line in lines]

    async def bundle(self, event: str) -> bytes:
        """The provenance bundle of an event; raises NotFound."""
        stream, version = split_event(event)
        path = f"/v1/events/{stream}@{version}/bundle"
        return (await self._get_any(path, FILE)).content

    async def prove(self, subject: Subject, withheld: Sequence[str] = ()) -> bytes:
        """The file that shows a claim of any kind; raises NotFound, BadValue."""
        said = quote(format_subject(subject), safe="")
        path = f"/v1/bundles/{kind_of(subject).name}?subject={said}"
        path += "".join(f"&withhold={quote(name, safe='')}" for name in withheld)
        return (await self._get_any(path, FILE)).content

    async def stream_page(self, stream: str, version: int) -> bytes:
        """The page of a stream that begins with the entry of a version; raises NotFound."""
        path = f"/v1/streams/{parse_stream(stream)}/entries?from={version}"
        return (await self._get_any(path, PAGE)).content

    async def log_page(self, first: int) -> bytes:
        """The page of the log that begins with an index; raises NotFound for who may not read all."""
        return (await self._get_private(f"/v1/entries?from={first}", PAGE)).content

    async def _footprint(
        self, path: str, first_month: str, last_month: str, as_of: int | None
    ) -> Footprint:
        query = f"?period={first_month}..{last_month}"
        query += f"&as_of={as_of}" if as_of is not None else ""
        verified = self._memory.newest if self._memory else None
        found = _read(await self._get_private(path + query), Footprint)
        if self._memory is not None and as_of is None:
            self._memory.require(found.size, verified)
        return found

    async def _sealed(self, path: str, *, private: bool = False) -> list[bytes]:
        """The lines of a list in their sealed bytes."""
        answer = await (self._get_private if private else self._get)(path, LIST)
        return [bytes(line) for line in _read(answer, list[msgspec.Raw])]

    # --- requests ------------------------------------------------------------------------------

    async def _log_key(self) -> str:
        return (self._status or await self.status()).log_key

    def _remember(self, checkpoint: bytes) -> None:
        if self._memory is not None:
            self._memory.remember(checkpoint)

    async def _get(self, path: str, most: Most = SMALL) -> httpx.Response:
        return await self._calls.send("GET", path, most)

    async def _get_any(self, path: str, most: Most) -> httpx.Response:
        """As a reader where there is a key, and as a stranger where there is none."""
        asked = self._get if self._key is None else self._get_private
        return await asked(path, most)

    async def _get_private(self, path: str, most: Most = LIST) -> httpx.Response:
        if self._key is None:
            raise NotSignedIn(
                "this is private",
                expected="a key of the party that may read",
                advice="Name the party whose key signs, or the folder that holds it",
            )
        origin = (self._status or await self.status()).origin
        return await self._calls.send(
            "GET", path, most, tokens=TokenMaker(self._key, origin, self._now)
        )


def _read(answer: httpx.Response, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_a_ledger(str(answer.url), str(error)) from error


def _check_list(name: str, lines: list[bytes], count: int, root: str) -> None:
    """Raise ProofFailed unless these are the lines that a seal commits to."""
    found = seals.root(lines).hex()
    if (len(lines), found) != (count, root):
        raise ProofFailed(
            f"the list of {name} is not the sealed one",
            expected=f"{count} lines with the root {root}",
            found=f"{len(lines)} lines with the root {found}",
        )
