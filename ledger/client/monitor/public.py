"""The public events of a log: its opening, who is registered, and what its seals commit to.

They come with their data, and are believed only where they lead to the head and root of a statement
that is kept. So a ledger can leave them out, and cannot change them. Source: specification,
monitoring; seals.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from ledger.client.monitor.opening import OutOfForm, read_continues
from ledger.errors import LedgerError, NotFound, ProofFailed
from ledger.log import canonical, seals
from ledger.log.batch import chain
from ledger.log.hashes import leaf_hash
from ledger.log.names import party_of
from ledger.log.note import parse_vkey
from ledger.log.seals import CompanyLine, Head, Sums, read_company
from ledger.log.values import HashHex, Size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.client.monitor.before import Before
    from ledger.client.monitor.kept import Kept, KeptEntry
    from ledger.client.monitor.opening import Continues
    from ledger.client.monitor.served import Served

SEALED: Final = "FootprintSealed"
REGISTERED: Final = "PartyRegistered"
SEALED_ROLES: Final = frozenset({"aggregate", "company", "public-body"})
NOT_NOW: Final = 3
"""Exit status of what could not be asked."""


class Seal(msgspec.Struct, frozen=True):
    """What is looked at of the data of a seal."""

    size: Size
    heads_root: HashHex
    heads_count: Size
    companies_root: HashHex
    companies_count: Size
    view: str
    period: tuple[str, str]
    totals: Sums


class _Registered(msgspec.Struct, frozen=True):
    roles: tuple[str, ...]


class PublicEvents:
    """Asks a ledger for public events and checks them against the log that is kept."""

    def __init__(self, kept: Kept, served: Served) -> None:
        self._kept = kept
        self._served = served
        self._log = parse_vkey(kept.vkey or "").name
        self.operator = party_of(kept.entry(0).stream)
        self.before: Before | None = None
        """What the logs before this one have come to, once that is known."""

    def continues(self, newer: Iterable[str] = ()) -> Continues | None:
        """The log that this one goes on from, as its opening says.

        `newer` are the origins of the logs that go on from this one. Raises OutOfForm, and as `events`.
        """
        said = self._kept.opening()
        if said is None:
            _, opening = next(self.events(self._kept.entry(0)))
            said = msgspec.json.encode(opening.get("continues"))
            self._kept.add_opening(said)
        return read_continues(said, {self._log, *newer})

    def heads(self, size: int) -> list[Head]:
        """Where each stream ends below a size, by stream, those of earlier logs among them."""
        before = {} if self.before is None else self.before.heads
        found = before | {one.stream: one for one in self._kept.heads(size)}
        return sorted(found.values(), key=lambda one: one.stream.encode())

    def roles(self, size: int) -> dict[str, tuple[str, ...]]:
        """The roles of each party that was registered below a size, in an earlier log too.

        Raises OutOfForm, and as `events`.
        """
        before = {} if self.before is None else self.before.roles
        known = self._kept.parties()
        for entry in self._kept.registrations(size):
            party = party_of(entry.stream)
            if entry.first != 1 or party in known:
                continue
            try:
                known[party] = entry.index, self._register(party, entry)
            except msgspec.ValidationError as error:
                what = f"entry {entry.index} registers {party} out of form: {error}"
                raise OutOfForm(entry.index, what) from error
        return before | {party: roles for party, (at, roles) in known.items() if at < size}

    def events(self, entry: KeptEntry) -> Iterator[tuple[int, dict[str, object]]]:
        """Version and data of each event of an entry of a public stream.

        Raises ProofFailed for other data than the log has, NotFound, Unavailable.
        """
        found = self._served.stream(entry.stream, entry.first, self._log)
        if not found or leaf_hash(found[0].signed.jws.raw) != entry.leaf:
            raise _other_data(entry, "another statement")
        try:
            values = [canonical.decode(line) for line in found[0].lines]
            types = [str(value.get("type")) for value in values]
            chain(found[0].lines, types, found[0].signed.statement)
        except LedgerError as error:
            raise _other_data(entry, str(error)) from error
        yield from enumerate(values, entry.first)

    def seals(self) -> list[KeptEntry]:
        """The entries with seals that were not checked yet."""
        done = self._kept.checked_seals()
        entries = self._kept.of_stream(f"{self.operator}/seals", 0)
        return [entry for entry in entries if entry.index not in done]

    def check_seals(self, entry: KeptEntry) -> str:
        """What is wrong with the seals of an entry, in words; empty where all is as it must be.

        Raises ProofFailed, NotFound, Unavailable where it cannot be said.
        """
        for version, data in self.events(entry):
            if data.get("type") != SEALED:
                continue
            try:
                seal = msgspec.convert(data, Seal, strict=True)
            except msgspec.ValidationError as error:
                return f"seal {version} is out of form: {error}"
            fault = self._heads_fault(entry, seal) or self._companies_fault(version, seal)
            if fault:
                return f"seal {version}: {fault}"
        return ""

    def _heads_fault(self, entry: KeptEntry, seal: Seal) -> str:
        if seal.size > entry.index:
            return f"it covers size {seal.size}, and is itself entry {entry.index}"
        heads = self.heads(seal.size)
        found = seals.heads_root(heads).hex()
        if (seal.heads_count, seal.heads_root) != (len(heads), found):
            return (
                f"its heads are not those of the log at size {seal.size}: expected {len(heads)}, "
                f"{found}, found {seal.heads_count}, {seal.heads_root}"
            )
        return ""

    def _companies_fault(self, version: int, seal: Seal) -> str:
        try:
            lines = [canonical.encode(line) for line in self._served.companies(version)]
            companies = [read_company(line) for line in lines]
        except NotFound:
            raise
        except LedgerError as error:
            if error.exit_status == NOT_NOW:
                raise
            return f"its list of companies is out of form: {error}"
        found = seals.root(lines).hex()
        if (seal.companies_count, seal.companies_root) != (len(lines), found):
            return (
                f"the list of companies that is shown is not the sealed one: expected "
                f"{seal.companies_count} lines, {seal.companies_root}, found {len(lines)}, {found}"
            )
        for one, other in pairwise(companies):
            if one.party >= other.party:
                return f"its list has {other.party} behind {one.party}"
        return self._parties_fault(seal, companies) or self._streams_fault(seal, companies)

    def _parties_fault(self, seal: Seal, companies: list[CompanyLine]) -> str:
        """Everyone, once: the parties of the list are those that were registered below the size."""
        try:
            known = self.roles(seal.size)
        except OutOfForm as error:
            return str(error)
        expected = {party for party, roles in known.items() if SEALED_ROLES & set(roles)}
        listed = {one.party for one in companies}
        if left_out := sorted(expected - listed):
            return f"its list leaves out {', '.join(left_out)}"
        if invented := sorted(listed - expected):
            return f"its list has {', '.join(invented)}, who was not registered as a company then"
        return ""

    def _register(self, party: str, entry: KeptEntry) -> tuple[str, ...]:
        for _, data in self.events(entry):
            roles = (
                msgspec.convert(data, _Registered).roles if data.get("type") == REGISTERED else ()
            )
            self._kept.add_party(party, entry.index, roles)
            return roles
        raise AssertionError("an entry has an event")

    def _streams_fault(self, seal: Seal, companies: list[CompanyLine]) -> str:
        by_party: dict[str, list[Head]] = defaultdict(list)
        for head in self.heads(seal.size):
            by_party[party_of(head.stream)].append(head)
        for one in companies:
            if one.streams_root != seals.heads_root(by_party[one.party]).hex():
                return f"the streams of {one.party} are not those of the log at size {seal.size}"
        return ""


def _other_data(entry: KeptEntry, found: str) -> ProofFailed:
    return ProofFailed(
        f"the ledger shows other events of {entry.stream} than the log has",
        expected=f"those of entry {entry.index}",
        found=found[:300],
        advice="What the log has is signed. Ask the operator for the events.",
    )
