"""One look at a log: follow it as far as it has come, and say what its owner should know.

The order is that of the specification: the published checkpoint, the entries up to it, their root,
what checkpoints from elsewhere say, and the seals. What was found once stays found. A crash at any
moment loses nothing that was followed; an entry may then be reported twice, and never not at all.
Source: specification, monitoring.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from ledger.client.monitor.before import (
    Before,
    TooManyLogs,
    check_goes_on,
    check_seals,
    look_before,
    short,
)
from ledger.client.monitor.fetching import Progress, fetch
from ledger.client.monitor.finding import Finding, Left, Said
from ledger.client.monitor.history import (
    compare,
    diverging,
    known_evidence,
    not_shown,
    two_histories,
)
from ledger.client.monitor.kept import Kept, KeptEntry
from ledger.client.monitor.opening import OutOfForm
from ledger.client.monitor.public import PublicEvents
from ledger.client.monitor.served import Served
from ledger.errors import (
    BadNote,
    LedgerError,
    NotFound,
    OtherHistory,
    ProofFailed,
    Unavailable,
)
from ledger.log.checkpoint import Checkpoint, open_checkpoint

_UNCHECKED: Final = "whether streams go on where they ended there, and the seals, are not checked"


class Look(msgspec.Struct, frozen=True):
    """What one look has shown."""

    size: int
    """Of the newest checkpoint that was followed."""
    root: str
    published: int
    """Size of the checkpoint that the ledger shows now; it can be smaller than what was seen."""
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    """What could not be looked at now, and why."""
    left: tuple[str, ...]
    """What cannot be checked with what is shown, whenever one looks."""
    awaited: tuple[int, ...]
    """Sizes of checkpoints seen elsewhere that the ledger has still to come up to."""


class Watcher:
    """Follows the log of one ledger, with other vantage points to compare."""

    def __init__(self, kept: Kept, served: Served, others: Iterable[Served], vkey: str) -> None:
        """`vkey` is the log's. Raises ProofFailed for another log than before, BadNote."""
        self._kept = kept
        self._served = served
        self._others = tuple(others)
        self._vkey = vkey
        self._origin: Final = kept.check_log(vkey)
        self._before: Before | None = None

    def hold_to(self, signed: bytes, said_by: str) -> None:
        """Compare the log with this checkpoint, now or when it has come so far.

        Raises BadNote, BadSignature for a note that the log has not signed.
        """
        open_checkpoint(signed, self._vkey)
        self._kept.add_note(signed, said_by)

    def look(self, progress: Progress) -> Look:
        """Follow the log as far as it has come. Raises OtherHistory, ProofFailed, Unavailable."""
        for path in self._kept.evidence():
            raise known_evidence(path)
        published = self._follow(progress)
        warnings = list(self._compare())
        findings = [Finding(one.index, one.fault) for one in self._kept.with_faults()]
        left: list[str] = []
        if self._kept.size and not self._kept.entry(0).fault:
            public = PublicEvents(self._kept, self._served)
            said = list(self._look_at_public(public, progress))
            findings += [one for one in said if isinstance(one, Finding)]
            warnings += [one for one in said if isinstance(one, str)]
            left = [one.what for one in said if isinstance(one, Left)]
        head = self._kept.checkpoint
        notes = [open_checkpoint(signed, self._vkey).size for signed in self._kept.notes()]
        return Look(
            size=self._kept.size,
            root="" if head is None else head.root.hex(),
            published=published,
            findings=tuple(sorted(findings, key=lambda one: one.index)),
            warnings=tuple(warnings),
            left=tuple(left),
            awaited=tuple(sorted(notes)),
        )

    def untold(self, names: Iterable[str]) -> list[KeptEntry]:
        """The entries that the owners of these names were not told of, in order.

        A name is a stream, or a beginning of streams that ends in `/`.
        """
        found: dict[int, KeptEntry] = {}
        for name in names:
            matching = self._kept.matching(name, self._kept.reported(name))
            found |= {entry.index: entry for entry in matching}
        return [found[index] for index in sorted(found)]

    def told(self, names: Iterable[str]) -> None:
        """The owners of these names have been told of all entries so far."""
        for name in names:
            self._kept.report(name, self._kept.size)

    # --- following -----------------------------------------------------------------------------

    def _follow(self, progress: Progress) -> int:
        try:
            signed = self._served.checkpoint(self._origin)
            head = open_checkpoint(signed, self._vkey)
        except NotFound as error:
            raise Unavailable(
                f"{self._served.url} has published no checkpoint of {self._origin}",
                found=error.found,
                advice="Its witnesses may not have cosigned yet; or the address is another log's.",
            ) from error
        except BadNote as error:
            raise Unavailable(
                f"{self._served.url} does not answer as a log does",
                expected=f"a checkpoint of {self._origin}",
                found=str(error)[:200],
                advice="Check the address, and whether a proxy answers in its place.",
            ) from error
        if head.size <= self._kept.size:
            compare(self._kept, signed, self._vkey, None)
        else:
            self._grow(signed, head, progress)
        return head.size

    def _grow(self, signed: bytes, head: Checkpoint, progress: Progress) -> None:
        for attempt in range(2):
            if attempt or self._kept.fetched() > head.size:
                self._kept.forget_above(self._kept.size)
            self._fetch(head.size, progress)
            if self._kept.root_at(head.size) == head.root:
                self._kept.advance(signed, head)
                return
        # These entries do not lead to the checkpoint: what do its tiles of hashes say?
        self._kept.forget_above(self._kept.size)
        read = self._served.hashes(self._origin, head.size)
        try:
            found = diverging(self._kept, signed, head, self._vkey, read)
        except Unavailable as error:
            found, why = None, error.what
        else:
            why = "entries with another root"
        if found is not None:
            raise two_histories(self._kept, found)
        self._kept.add_note(signed, self._served.url)
        raise not_shown(head, why)

    def _fetch(self, size: int, progress: Progress) -> None:
        try:
            fetch(self._kept, self._served, self._vkey, size, progress)
        except NotFound as error:
            raise Unavailable(
                error.what,
                expected=f"the entries of the published size {size}",
                found=error.found,
                advice="The ledger withholds what it has signed, or a proxy does. Ask again.",
            ) from error

    # --- comparing -----------------------------------------------------------------------------

    def _compare(self) -> Iterator[str]:
        """What could not be compared. Raises OtherHistory."""
        for other in self._others:
            try:
                signed = other.checkpoint(self._origin)
                read = other.hashes(self._origin, open_checkpoint(signed, self._vkey).size)
                if not compare(self._kept, signed, self._vkey, read):
                    self._kept.add_note(signed, other.url)
            except OtherHistory:
                raise
            except LedgerError as error:
                yield f"{other.url} cannot be compared: {error}"
        for signed in self._kept.notes():
            if compare(self._kept, signed, self._vkey, None):
                self._kept.drop_note(signed)

    # --- public events -------------------------------------------------------------------------

    def _look_at_public(self, public: PublicEvents, progress: Progress) -> Iterator[Said]:
        """Whether streams go on from the log before, if there is one, and whether the seals are right."""
        continues = None
        try:
            continues = public.continues()
            if continues is not None and self._before is None:
                self._before = look_before(
                    self._kept.folder, continues, (self._origin,), self._served, progress
                )
        except NotFound as error:
            if continues is None:
                yield _opening(error)
                return
            yield Left(_not_shown(continues.origin))
            return
        except OutOfForm as error:
            yield error.finding
            return
        except TooManyLogs as error:
            yield Left(f"{error}: {_UNCHECKED}")
            return
        except (ProofFailed, Unavailable) as error:
            yield _opening(error) if continues is None else _before(error)
            return
        public.before = self._before
        if self._before is not None:
            yield from self._before.said
        yield from check_goes_on(self._kept, self._before)
        yield from check_seals(self._kept, public)


def _opening(error: LedgerError) -> str:
    return f"the opening of the log cannot be looked at: {short(error)}"


def _before(error: LedgerError) -> str:
    return f"the log before this one cannot be looked at: {short(error)}"


def _not_shown(origin: str) -> str:
    return f"this log continues {origin}, whose entries are not shown here: {_UNCHECKED}"
