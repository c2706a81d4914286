"""`continue`: go on in a new log where the one of another home has come to its end.

A log key never rotates: when it is lost or stolen, or when the database was restored and is behind
what was signed, the log ends and another one continues it. Source: formats, section 5.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.call import Call, command
from ledger.cli.init import RECOVERY
from ledger.cli.output import hint, pairs, progress, show
from ledger.cli.outside import read_held
from ledger.cli.where import here_only, run, server_packages
from ledger.client.keyring import HeldKey, Keyring, read_key_file
from ledger.errors import BadValue
from ledger.log.keys import SEED_BYTES, PrivateKey
from ledger.log.names import parse_origin


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "continue",
        example="carbon-ledger continue /var/lib/old-ledger --origin ledger.example/log-2",
    )
    def continue_(
        call: Call,
        earlier: Annotated[
            Path,
            typer.Argument(
                metavar="FOLDER", help="Home of the log that ends. Stop its server first."
            ),
        ],
        origin: Annotated[
            str, typer.Option(metavar="HOST/PATH", help="Name of the new log for ever.")
        ],
        recovery_key: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE",
                help="If the operator's keys are lost: the key that init told to move.",
            ),
        ] = None,
        against: Annotated[
            list[Path] | None,
            typer.Option(
                metavar="FILE",
                help="What somebody has kept of the earlier log: a checkpoint, receipt or proof; "
                "repeatable.",
            ),
        ] = None,
        earlier_database_url: Annotated[
            str | None,
            typer.Option(
                metavar="URL", help="The earlier log's database, where it is not in its home."
            ),
        ] = None,
    ) -> None:
        """Open a log in the home (--home) that continues the one of another home, which ends.

        All that the earlier log holds is brought over and audited: streams go on at their next
        version, keys stay valid, figures stay. Entry 0 names the earlier log's key, size, root and
        heads; if its database is behind what it has signed, also how much more that was. Its home's
        checkpoint file says that, and --against; its witnesses are asked whether they have seen more.
        Where it is refused, the earlier log goes on, and this home is as it was before.
        """
        _continue(call, earlier, origin, recovery_key, against or [], earlier_database_url)


def _continue(
    call: Call,
    earlier: Path,
    origin: str,
    recovery_file: Path | None,
    against: list[Path],
    earlier_database_url: str | None,
) -> None:
    here_only(call, "continue")
    with server_packages("a ledger in this home"):
        from ledger.service.attempt import Attempt  # noqa: PLC0415
        from ledger.service.continuing import continue_log  # noqa: PLC0415
        from ledger.service.home import Home  # noqa: PLC0415
        from ledger.service.settings import Settings  # noqa: PLC0415

    parse_origin(origin)
    if earlier.resolve() == call.home.resolve():
        raise BadValue(
            "--home",
            expected="another folder than the earlier log's",
            found=str(call.home),
            advice="Name a new folder with --home; the earlier one stays as it is.",
        )
    outside = [(str(path), note) for path in against for note in read_held(path).notes]
    old_home = Home(earlier)
    attempt = Attempt(Home(call.home), old_home, origin)
    attempt.check()
    about = attempt.about
    operator = about.operator
    recovering = Keyring(call.home / RECOVERY)
    if recovery_file is None:
        operator_key = Keyring(old_home.keys).key(operator, call.key)
        recovery_key, write = _made(recovering, operator, recovering.list(operator))
    else:
        recovery_key = read_key_file(recovery_file, operator)
        operator_key, write = _operator_key(Keyring(call.keys), Keyring(old_home.keys), operator)

    def keep() -> None:
        _bring_keys(old_home.keys, call.keys)
        write()

    settings = Settings(home=call.home)
    database = Settings(home=earlier).model_copy(
        update={"database_url": earlier_database_url, "server_database_url": None}
    )
    with progress(call, "bringing over entries") as shown:
        posted = run(
            continue_log(
                settings,
                database,
                origin=origin,
                operator_key=operator_key,
                recovery_key=recovery_key,
                outside=outside,
                progress=shown,
                told=hint,
                keep=keep,
            )
        )
    made = Home(call.home).ledger()
    value = {
        "home": str(call.home),
        "origin": made.origin,
        "log_key": made.log,
        "earlier_log_key": about.log,
        "operator": operator,
        "operator_key": operator_key.public.thumbprint,
        "recovery_key": recovery_key.public.thumbprint,
        "index": posted.index,
    }
    show(
        call,
        value,
        f"Opened a log in {call.home} that continues {about.origin}\n",
        pairs(
            {
                "origin": made.origin,
                "log key": made.log,
                "continues": about.log,
                "operator": f"{operator}, key {operator_key.public.thumbprint}",
            }
        ),
        "\nGive the new log key to everybody who checks this ledger, with the earlier one: both stay "
        "valid for what each log has signed.",
    )
    file = recovering.folder / operator / f"{recovery_key.public.thumbprint}.json"
    if recovery_file is None:
        hint(
            "\nMove the new recovery key off this machine now, to where no network reaches:\n"
            f"  {file}\nThe earlier one recovers nothing in this log."
        )
    hint(
        "Witnesses of the earlier log do not know this one: give them its log key, and list them.\n"
        "If the earlier log's key was stolen, whoever has it can still make files under it. Such a file "
        "counts if a witness that you trust has cosigned its checkpoint, or if carbon-ledger audit "
        "--against finds it here; else ask for a new one, made from this log."
    )


def _bring_keys(old: Path, new: Path) -> None:
    """Copy the private keys that are not there yet."""
    if old.is_dir():
        new.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in sorted(old.rglob("*.json*")):
            target = new / path.relative_to(old)
            if not target.exists():
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                shutil.copy2(path, target)


def _operator_key(
    keyring: Keyring, old: Keyring, party: str
) -> tuple[PrivateKey, Callable[[], object]]:
    """A key that the earlier home does not hold, and how it is written down."""
    known = {one.thumbprint for one in old.list(party)}
    return _made(
        keyring, party, [one for one in keyring.list(party) if one.thumbprint not in known]
    )


def _made(
    keyring: Keyring, party: str, held: Sequence[HeldKey]
) -> tuple[PrivateKey, Callable[[], object]]:
    """The key of an attempt that was interrupted, or a new one, and how that is written down."""
    if held:
        return keyring.key(party, held[-1].thumbprint), lambda: None
    seed = secrets.token_bytes(SEED_BYTES)
    writing = Keyring(keyring.folder, random=lambda _: seed)
    return PrivateKey.from_seed(seed), lambda: writing.make(party)
