"""`witness replay`: fold a ledger elsewhere from all of its entries, and cosign what follows from them.

For a certifier or regulator who may read everything. What it cosigns says: from these entries, under
the rules, exactly this ledger follows, its seals included.
"""

from __future__ import annotations

import importlib
import time
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import msgspec
import typer

from ledger.cli.arguments import write_file
from ledger.cli.call import Call, command
from ledger.cli.output import hint, pairs, progress, show, write_json
from ledger.cli.where import Place, ask, run, server_packages
from ledger.errors import NotFound, NotSignedIn, OtherHistory
from ledger.log import note
from ledger.log.checkpoint import open_checkpoint
from ledger.log.keys import PrivateKey
from ledger.witness.home import WitnessHome
from ledger.witness.state import LogState

if TYPE_CHECKING:
    from ledger.client.http import HttpConnection
    from ledger.client.replay.replayer import Replayer

REPLAY_FOLDER: Final = "replay"
"""In a home; beside that of a witness that does not replay."""
SERVER: Final = "api.witness"
"""By name: the library does not import what stands on it."""


class Reading(msgspec.Struct, frozen=True):
    """The ledger to be replayed, and as whom it is read."""

    url: str
    log: str
    party: str
    key: PrivateKey
    earlier: tuple[str, ...]
    """Keys of the logs that this one continues, as the ledger says."""

    def connect(self) -> AbstractAsyncContextManager[HttpConnection]:
        """A connection to it."""
        from ledger.client.http import HttpConnection  # noqa: PLC0415  (httpx is slow to load)

        return HttpConnection(self.url, self.key, self.party, log_key=self.log, told=hint)


def add_replay(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app, "replay", example="carbon-ledger witness replay https://ledger.example --port 8101"
    )
    def replay(
        call: Call,
        ledger: Annotated[
            str, typer.Argument(metavar="URL", help="Where the ledger answers.", show_default=False)
        ],
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8101,
        *,
        once: Annotated[
            bool,
            typer.Option("--once", metavar="", help="Replay to the newest checkpoint, then end."),
        ] = False,
        output: Annotated[
            Path | None,
            typer.Option(
                "--output", "-o", metavar="FILE", help="With --once: where the cosigned note goes."
            ),
        ] = None,
    ) -> None:
        """Fold a ledger elsewhere from all of its entries, and cosign what follows from them.

        Serves /add-checkpoint, which the ledger asks; it cosigns only what it has folded itself.
        """
        home = WitnessHome(call.home / REPLAY_FOLDER)
        home.keys()
        reading = ask(msgspec.structs.replace(call, url=ledger), _reading)
        if reading.log not in home.log_vkeys():
            raise _not_listed(home, reading)
        from ledger.client.replay.replayer import Replayer  # noqa: PLC0415  (all rules)

        with closing(Replayer(home, reading.log)) as replayer:
            state = LogState(home, reading.log)
            with progress(call, "folding entries again") as shown:
                replayer.restore(state.known, shown)
            if once:
                _once(call, home, state, replayer, reading, output)
            else:
                _serve(call, home, replayer, reading, (host, port))


def _not_listed(home: WitnessHome, reading: Reading) -> NotFound:
    """The refusal of a log that the witness was not told to replay."""
    ended = [one for one in reading.earlier if one in home.log_vkeys()]
    advice = "Compare it with what the operator told you otherwise, and write it there."
    if ended:
        names = ", ".join(note.parse_vkey(one).name for one in ended)
        advice = (
            f"The ledger says that it continues {names}, which this witness replays. Compare the new "
            f"key with what the operator told you otherwise, and write it there in the place of that one. "
            "Keys and state of the witness stay where they are."
        )
    return NotFound(
        "this witness does not replay such a log",
        expected=f"one of those in {home.logs}",
        found=reading.log,
        advice=advice,
    )


async def _reading(place: Place) -> Reading:
    """As whom the ledger is read: --as, or the only party with keys in the home."""
    connection = cast("HttpConnection", place.connection)
    status = await place.status()
    if connection.party is None:
        raise NotSignedIn(
            "who replays a ledger reads everything",
            expected="a key of a regulator that may read, in this home",
            found=f"none in {place.call.keys}",
            advice="Make one with carbon-ledger key new, and let the operator register its party.",
        )
    key = await place.key(connection.party, lambda one: one.read or one.admin)
    earlier = tuple(one.log_key for one in status.earlier)
    return Reading(connection.url, status.log_key, connection.party, key, earlier)


def _once(
    call: Call,
    home: WitnessHome,
    state: LogState,
    replayer: Replayer,
    reading: Reading,
    output: Path | None,
) -> None:
    """Replay to the newest checkpoint, cosign it, and say so."""

    async def work() -> bytes:
        async with reading.connect() as source:
            note_text = (await source.checkpoint()).encode()
            with progress(call, "replaying entries") as shown:
                try:
                    await replayer.advance(source, open_checkpoint(note_text, reading.log), shown)
                except NotFound as error:
                    raise NotFound(
                        error.what,
                        expected="a key of a regulator, or of the operator",
                        found=f"one of {reading.party}",
                        advice="Who replays a ledger reads all of it. Say with --as which party reads, "
                        "or with --home where its key lies.",
                    ) from error
            return note_text

    cosigned = cosign(home, state, replayer, run(work()), int(time.time()))
    if output is not None:
        write_file(output, cosigned)
    head = state.known
    about = replayer.whole.about
    earlier = -replayer.whole.first
    value = {
        "origin": head.origin,
        "size": head.size,
        "earlier": earlier,
        "root": head.root.hex(),
        "area": about.area,
        "witness": home.about().name,
        "checkpoint": cosigned.decode(),
    }
    text = {
        "ledger": f"{head.origin}, {about.area}",
        "replayed": f"{head.size} entries"
        + (f", and {earlier} of the logs that it continues" if earlier else ""),
        "root": value["root"],
        "cosigned as": value["witness"],
    }
    show(call, value, "Every entry follows from the rules, the seals included.\n", pairs(text))


def cosign(
    home: WitnessHome, state: LogState, replayer: Replayer, signed: bytes, time_s: int
) -> bytes:
    """The checkpoint with this witness's lines, once what it has cosigned is on the disk.

    Raises OtherHistory for a ledger that was larger before.
    """
    head = open_checkpoint(signed, state.vkey)
    replayer.whole.check(head)
    if head.size < state.known.size:
        raise OtherHistory(
            "the ledger has lost entries that it had signed",
            expected=f"at least {state.known.size} entries, as this witness has cosigned",
            found=str(head.size),
            advice=f"Keep {home.state(state.origin)}: the log has signed it.",
        )
    with home.serving():
        state.advance(signed, head)
        keys = home.keys()
        lines = [note.cosignature(signed.decode(), key, keys.name, time_s) for key in keys.keys]
    return signed + "".join(lines).encode()


def _serve(
    call: Call, home: WitnessHome, replayer: Replayer, reading: Reading, place: tuple[str, int]
) -> None:
    from ledger.client.replay.following import Following  # noqa: PLC0415  (all rules)

    with server_packages("witness replay"):
        server = importlib.import_module(SERVER)

    def ready(url: str) -> None:
        if call.json:
            write_json({"url": url})
        hint(f"Witness {home.about().name} replays {reading.url}, at {url}  (Ctrl-C ends it)")

    with Following(replayer, reading.connect) as following:
        server.serve(home, [reading.log], *place, ready, allow=following.allow)
