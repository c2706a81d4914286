"""`watch`: follow a ledger elsewhere, and learn of every entry in your name, and of a second history.

Nothing of it needs a key of the ledger or a right to read. What is found goes to stdout, a line each;
whatever could not be asked, to stderr.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from ledger.cli.call import Call, command
from ledger.cli.output import clean, hint, progress, write_json
from ledger.cli.outside import read_held
from ledger.client.monitor.kept import Kept
from ledger.client.monitor.served import Served
from ledger.client.monitor.watcher import Look, Watcher
from ledger.errors import BadNote, BadSignature, LedgerError, NotFound, Unavailable
from ledger.log.held import head_of
from ledger.log.names import parse_party, parse_stream
from ledger.log.note import parse_vkey

if TYPE_CHECKING:
    from ledger.client.monitor.kept import KeptEntry

FOLDER: Final = "watch"
EVERY_S: Final = 10.0
BACK_OFF_S: Final = (1.0, 300.0)
"""First pause after a look that failed, and the longest: each is twice the one before."""
NO: Final = 1
NOT_NOW: Final = 3

_T = TypeVar("_T")


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app, "watch", example="carbon-ledger watch https://ledger.example --party steelworks --once"
    )
    def watch(
        call: Call,
        address: Annotated[str, typer.Argument(metavar="URL", help="The ledger's address.")],
        log_key: Annotated[
            str | None,
            typer.Option(
                metavar="VKEY",
                help="Key of the log that you trust. Without it the first one shown is kept.",
            ),
        ] = None,
        party: Annotated[
            list[str] | None,
            typer.Option(metavar="PARTY", help="Report each entry of this party; repeatable."),
        ] = None,
        stream: Annotated[
            list[str] | None,
            typer.Option(metavar="STREAM", help="Report each entry of this stream; repeatable."),
        ] = None,
        also: Annotated[
            list[str] | None,
            typer.Option(metavar="URL", help="Where the same log is served to others; repeatable."),
        ] = None,
        against: Annotated[
            list[Path] | None,
            typer.Option(
                metavar="FILE",
                help="A checkpoint, receipt, proof, evidence or folder of a watch that somebody has; "
                "repeatable.",
            ),
        ] = None,
        *,
        once: Annotated[
            bool, typer.Option("--once", metavar="", help="Look once, and say whether all is well.")
        ] = False,
        every: Annotated[
            float, typer.Option(metavar="SECONDS", min=0.1, help="Pause between two looks.")
        ] = EVERY_S,
        state: Annotated[
            Path | None,
            typer.Option(
                metavar="FOLDER",
                help="Where to keep what was followed.",
                show_default="in the home, by the address",
            ),
        ] = None,
    ) -> int:
        """Follow a ledger elsewhere, until Ctrl-C: is there one history, and who posts in your name?

        Every entry is fetched and held against the signed checkpoints, every seal against the log
        and the public list of companies; so are those of the logs that it continues, where they are
        shown. It needs no right to read. A second history ends it with
        exit status 1 and a file of evidence that verify checks offline. It is told when the ledger goes
        on in another log, which needs a watch of its own. With --once the status is 1 if anything is
        wrong, and 3 if something could not be looked at or if the ledger shows less
        than it is known to have signed.
        """
        names = [f"{parse_party(one)}/" for one in party or ()]
        names += [parse_stream(one) for one in stream or ()]
        notes = [(note, str(path)) for path in against or () for note in read_held(path).notes]
        with ExitStack() as stack:
            served, *others = (stack.enter_context(Served(one)) for one in (address, *(also or ())))
            kept = stack.enter_context(Kept(state or call.home / FOLDER / _name(address)))
            vkey = _log_key(kept, served, log_key)
            watcher = Watcher(kept, served, others, vkey)
            for note, said_by in notes:
                try:
                    watcher.hold_to(note, said_by)
                except (BadNote, BadSignature) as error:
                    raise _of_another_log(error, note, said_by, vkey) from error
            teller = _Teller(call, watcher, names, lambda: goes_on_as(served, vkey))
            return _look(teller) if once else _follow(teller, every)


def _look(teller: _Teller) -> int:
    look = teller.look()
    if look.findings or teller.ended:
        return NO
    behind = look.awaited or look.published < look.size
    return NOT_NOW if look.warnings or behind or teller.unasked else 0


def _follow(teller: _Teller, every_s: float) -> int:
    failures = 0
    while True:
        pause_s = every_s
        try:
            teller.look()
            failures = 0
        except Unavailable as error:
            first, longest = BACK_OFF_S
            pause_s = min(longest, first * 2 ** min(failures, 16))
            failures += 1
            teller.warn(str(error))
        time.sleep(pause_s)


class _Teller:
    """Tells what a look has shown, everything once."""

    def __init__(
        self, call: Call, watcher: Watcher, names: list[str], ending: Callable[[], str]
    ) -> None:
        """`ending` says what is wrong where the ledger goes on in another log; empty if it does not."""
        self.ended = self.unasked = False
        self._call = call
        self._ending = ending
        self._watcher = watcher
        self._names = names
        self._told: set[object] = set()
        self._size = -1

    def look(self) -> Look:
        """Look at the log, and tell what is new."""
        with progress(self._call, "Following") as bar:
            look = self._watcher.look(bar)
        for entry in self._watcher.untold(self._names):
            self._entry(entry)
        self._watcher.told(self._names)
        for one in self._new(look.findings):
            self._line(
                {"kind": "finding", "index": one.index, "what": one.what},
                f"WRONG  entry {one.index}: {one.what}",
            )
        self._look_at_end()
        if look.size != self._size:
            self._size = look.size
            self._line(
                {"kind": "followed", "size": look.size, "root": look.root},
                f"followed to size {look.size}, root {look.root}",
            )
        if look.published < look.size:
            self.warn(f"the ledger shows size {look.published}, and has shown {look.size}")
        for size in look.awaited:
            self.warn(f"a checkpoint of size {size} is known, and the ledger has shown {look.size}")
        for warning in (*look.warnings, *look.left):
            self.warn(warning)
        return look

    def _look_at_end(self) -> None:
        """Whether entries are posted to another log by now, so that no look at this one shows them."""
        try:
            ending = self._ending()
        except (NotFound, Unavailable) as error:
            self.unasked = True
            self.warn(f"whether the ledger goes on in another log cannot be asked: {error}")
            return
        self.ended, self.unasked = bool(ending), False
        for one in self._new([ending] if ending else []):
            self._line({"kind": "finding", "index": None, "what": one}, f"WRONG  {one}")

    def warn(self, text: str) -> None:
        """Say once what could not be looked at."""
        for one in self._new([text]):
            hint(one)

    def _new(self, items: Iterable[_T]) -> list[_T]:
        found = [one for one in items if one not in self._told]
        self._told.update(found)
        return found

    def _entry(self, entry: KeptEntry) -> None:
        versions = f"{entry.first}" if entry.count == 1 else f"{entry.first}-{entry.last}"
        self._line(
            {
                "kind": "entry",
                "index": entry.index,
                "stream": entry.stream,
                "first": entry.first,
                "last": entry.last,
                "head": entry.head,
                "key": entry.kid,
                "signed_at": entry.signed_at,
            },
            f"entry {entry.index}  {entry.stream}@{versions}  key {entry.kid}  "
            f"signed at {entry.signed_at}, as its author says",
        )

    def _line(self, value: dict[str, object], text: str) -> None:
        if self._call.json:
            write_json(value)
        else:
            print(clean(text), flush=True)


def goes_on_as(served: Served, vkey: str) -> str:
    """What is wrong where a ledger's log is not the one that is followed; else empty.

    Raises NotFound, Unavailable.
    """
    logs = served.logs()
    newest = logs.continued_by or logs.log_key
    if newest == vkey:
        return ""
    said = (
        "this log has ended, as the ledger says, and the ledger goes on in another log"
        if vkey in {logs.log_key, *(one.log_key for one in logs.earlier)}
        else "the ledger goes on in another log, and does not say that it continues this one"
    )
    return (
        f"{said}, {newest}, which is not followed here: compare this key with the one that its operator "
        "gave you, and watch with it as --log-key, in another --state folder"
    )


def _of_another_log(error: LedgerError, signed: bytes, said_by: str, vkey: str) -> LedgerError:
    """The refusal of a note of --against that the followed log has not signed."""
    origin = head_of(signed).origin
    advice = (
        "A watch compares what its own log has signed. What an earlier log has signed, that this one "
        f"continues, an audit compares where the ledger lies: carbon-ledger audit --against {said_by}"
    )
    return type(error)(
        f"{said_by}: {error.what}",
        expected=f"a checkpoint signed by {vkey}",
        found=f"a checkpoint of {origin}",
        advice=error.advice if origin == parse_vkey(vkey).name else advice,
    )


def _log_key(kept: Kept, served: Served, given: str | None) -> str:
    if given is not None:
        return given
    if kept.vkey is not None:
        return kept.vkey
    found = served.log_key()
    hint(
        f"Log key {found}, as the ledger itself says. Compare it with one that you have otherwise."
    )
    return found


def _name(url: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "_", url.partition("://")[2] or url).strip("_.") or "ledger"
