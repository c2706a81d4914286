"""The logs before the one that is followed, up to the end that its opening names.

Their entries are believed where they have the root that the next log's opening names, and are kept
beside those of that log, each log in a folder of its own: `before`, `before-2`, … up to MOST_LOGS.
A ledger need not show them; then it is said what cannot be checked without them.
Source: specification, monitoring, a log that continues another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from ledger.client.monitor.fetching import fetch
from ledger.client.monitor.finding import Finding, Left
from ledger.client.monitor.kept import Kept
from ledger.client.monitor.opening import OutOfForm
from ledger.client.monitor.public import PublicEvents
from ledger.errors import LedgerError, NotFound, ProofFailed, Unavailable
from ledger.log import seals
from ledger.log.hashes import ZEROS_HEX
from ledger.log.names import begins_anew
from ledger.log.seals import Head

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.client.monitor.fetching import Progress
    from ledger.client.monitor.finding import Said
    from ledger.client.monitor.opening import Continues
    from ledger.client.monitor.served import Served

FOLDER: Final = "before"
MOST_LOGS: Final = 32
"""That are followed back, one behind the other: each has files open while the later ones are checked."""


class TooManyLogs(Exception):
    """More logs follow each other than are followed back; it says so."""

    def __init__(self) -> None:
        super().__init__(
            f"this log continues more than {MOST_LOGS} others, one behind the other, and they are "
            "not followed further back"
        )


class Before(msgspec.Struct, frozen=True):
    """What the logs before one have come to."""

    origin: str
    """Of the newest of them."""
    size: int
    """How many entries all of them have."""
    heads: dict[str, Head]
    """Where each stream ends, by its name, but for those that each log begins anew."""
    roles: dict[str, tuple[str, ...]]
    """Of each party that was registered there."""
    said: tuple[Said, ...]
    """What was found in them, and what could not be checked."""


def look_before(
    folder: Path,
    continues: Continues,
    newer: tuple[str, ...],
    served: Served,
    progress: Progress,
) -> Before:
    """Follow the log that another one continues to its end, and those before it.

    `folder` is that of the log that is watched; `newer` are the origins of that one and of those
    that were followed back so far. Raises NotFound where its entries are not served, ProofFailed
    where others are than the opening names, Unavailable, TooManyLogs; OutOfForm, by the index that
    counts from entry 0 of the log that continues it.
    """
    if len(newer) > MOST_LOGS:
        raise TooManyLogs
    origin = continues.origin
    with Kept(folder / _name(len(newer))) as kept:
        kept.check_log(continues.log)
        _follow(kept, continues, served, origin, progress)
        with _moving(continues.size, origin):
            if not kept.entry(0).stream:
                raise OutOfForm(0, kept.entry(0).fault)
            public = PublicEvents(kept, served)
            opened = public.continues(newer)
        with _moving(continues.size):
            older = (
                None
                if opened is None
                else look_before(folder, opened, (*newer, origin), served, progress)
            )
        public.before = older
        said: list[Said] = [Finding(one.index, one.fault) for one in kept.with_faults()]
        said += check_goes_on(kept, older)
        heads = kept.heads(continues.size) if older is None else public.heads(continues.size)
        found = seals.heads_root(heads).hex()
        said += check_seals(kept, public)
        said = [_moved(one, continues.size, origin) for one in said]
        if (len(heads), found) != (continues.heads_count, continues.heads_root):
            what = (
                f"it says that the log before it ends with {continues.heads_count} streams, "
                f"{continues.heads_root}; its entries end with {len(heads)}, {found}"
            )
            said.append(Finding(0, what))
        older_said = () if older is None else older.said
        with _moving(continues.size, origin):
            roles = public.roles(continues.size)
        return Before(
            origin=origin,
            size=continues.size + (0 if older is None else older.size),
            heads={one.stream: one for one in heads if not begins_anew(one.stream)},
            roles=roles,
            said=(*said, *(_moved(one, continues.size) for one in older_said)),
        )


def check_goes_on(kept: Kept, before: Before | None) -> Iterator[Finding]:
    """The streams that do not begin where they ended before, or at 1 where they are new."""
    heads = {} if before is None else before.heads
    for one in kept.begun(0 if heads else 1):
        end = heads.get(one.stream)
        version, leaf = (0, ZEROS_HEX) if end is None else (end.version, end.head)
        if (one.first, one.previous) == (version + 1, leaf):
            continue
        if before is None:
            what = f"{one.stream} begins with version {one.first}, and this log continues no other"
        else:
            what = (
                f"it does not go on where its stream ends in {before.origin}: expected "
                f"{one.stream}@{version + 1} after {leaf}, found {one.stream}@{one.first} after "
                f"{one.previous}"
            )
        yield Finding(one.index, what)


def check_seals(kept: Kept, public: PublicEvents) -> Iterator[Said]:
    """What could not be checked of seals, and what is shown otherwise than sealed; faults are kept."""
    for entry in public.seals():
        try:
            fault = public.check_seals(entry)
        except ProofFailed as error:
            yield Finding(entry.index, short(error))
        except (NotFound, Unavailable) as error:
            yield f"the seals of entry {entry.index} cannot be checked: {short(error)}"
        else:
            kept.add_seal(entry.index, fault)
    for index, fault in kept.checked_seals().items():
        if fault:
            yield Finding(index, fault)


def short(error: LedgerError) -> str:
    """An error in half a sentence."""
    return f"{error.what}{f' ({error.found})' if error.found else ''}"


def _name(back: int) -> str:
    # Not one in the other: SQLite opens no file whose path is longer than 512 bytes.
    return FOLDER if back == 1 else f"{FOLDER}-{back}"


def _follow(
    kept: Kept, continues: Continues, served: Served, origin: str, progress: Progress
) -> None:
    if not kept.size:
        fetch(kept, served, continues.log, continues.size, progress)
    root = kept.root_at(continues.size)
    if root is not None and root.hex() == continues.root:
        kept.end(continues.size)
        return
    kept.forget_above(kept.size)
    raise ProofFailed(
        f"{served.url} shows other entries of {origin} than the opening of the next log names",
        expected=continues.root,
        found="none" if root is None else root.hex(),
    )


@contextmanager
def _moving(by: int, of: str = "") -> Iterator[None]:
    """What is out of form there, as it is said of the log that is followed: see `_moved`."""
    try:
        yield
    except OutOfForm as error:
        moved = _moved_finding(error.finding, by, of)
        raise OutOfForm(moved.index, moved.what) from error


def _moved(said: Said, by: int, of: str = "") -> Said:
    """The same of a log behind which so many entries stand before the one that is followed."""
    if not isinstance(said, Finding):
        return said if not of or isinstance(said, Left) else f"{of}: {said}"
    return _moved_finding(said, by, of)


def _moved_finding(said: Finding, by: int, of: str) -> Finding:
    return Finding(said.index - by, f"in {of}: {said.what}" if of else said.what)
