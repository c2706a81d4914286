"""All commands in one program, and the one place where an ending becomes an exit status.

No traceback reaches a user unless --debug asks for it: what the product refuses on purpose says what
was expected, what was found and what to do; anything else is a fault of ours and says so.
"""

from __future__ import annotations

import contextlib
import errno
import re
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from typer.main import get_command

from ledger.cli import (
    audit,
    boundary,
    continuing,
    correct,
    fact,
    factor,
    footprint,
    importing,
    init,
    key,
    line,
    meter,
    party,
    prove,
    record,
    redact,
    report,
    seal,
    serve,
    site,
    source,
    status,
    supply,
    target,
    transfer,
    verify,
    verify_page,
    watch,
    witness,
)
from ledger.cli.call import As, Debug, Home, Json, Key, Url
from ledger.cli.output import hint, show_error, write_json
from ledger.errors import LedgerError, Unavailable

NAME: Final = "carbon-ledger"
REFUSED: Final = 1
WRONG_CALL: Final = 2
NOT_NOW: Final = 3
INTERRUPTED: Final = 130
THUMBPRINT: Final = re.compile(r"-[A-Za-z0-9_-]{42}")
"""Of a key, where its base64url begins with a hyphen: one in 64 does."""

AGAIN: Final = (
    "then run the same command again: what was acknowledged is kept, and nothing is posted twice."
)
STORAGE: Final = {
    errno.ENOSPC: ("the disk is full", f"Make room there, {AGAIN}"),
    errno.EDQUOT: ("the quota of the disk is used up", f"Make room there, {AGAIN}"),
    errno.EFBIG: ("a file may not grow any more", f"Raise the limit on file sizes, {AGAIN}"),
    errno.EROFS: ("the disk may only be read", f"Make it writable, or choose another, {AGAIN}"),
    errno.EACCES: ("a file may not be used", f"Give yourself the right to it, {AGAIN}"),
    errno.EPERM: ("a file may not be used", f"Give yourself the right to it, {AGAIN}"),
    errno.EIO: ("the disk fails", f"Check the disk, {AGAIN}"),
    errno.EMFILE: ("too many files are open", f"Raise the limit on open files, {AGAIN}"),
}
"""What the machine refuses and a person can change; anything else is a fault of ours."""

GROUPS: Final = (
    ("party", party, "Who is on the ledger."),
    ("key", key, "Keys of a party: made at home, known to the ledger."),
    ("factor", factor, "Emission factors with their documents."),
    ("site", site, "Places of a party."),
    ("report", report, "Reports, and where their figures come from."),
    ("redact", redact, "The data of a reading is taken out of the log."),
    ("seal", seal, "The area's figures that the operator has committed to."),
    ("source", source, "What streams of readings are about."),
    ("witness", witness, "Cosign what logs say, so that none can show two histories."),
    ("meter", meter, "Cumulative meters: when they begin and end."),
    ("boundary", boundary, "What a company answers for, and which year it compares with."),
    ("fact", fact, "What is stated beside the masses: people, money, energy by source."),
    ("line", line, "Lines of an inventory that have no figure."),
    ("supply", supply, "Which delivery of energy backs which use."),
    ("transfer", transfer, "What parties hand to each other, or out of the area."),
    ("target", target, "Where a company or the area means to be."),
)
SINGLES: Final = (
    init,
    continuing,
    importing,
    record,
    correct,
    footprint,
    prove,
    verify,
    verify_page,
    watch,
    audit,
    status,
    serve,
)


def build() -> typer.Typer:
    """The program."""
    app = typer.Typer(
        name=NAME,
        help="A carbon ledger that anybody can check: from meter readings to a footprint, with "
        "proof.",
        epilog="Exit status: 0 done, 1 the answer is no, 2 the call was wrong, 3 not possible now.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["--help", "-h"]},
    )

    @app.callback(no_args_is_help=True)
    def everywhere(
        ctx: typer.Context,
        *,
        home: Home = None,
        url: Url = None,
        as_party: As = None,
        key: Key = None,
        json: Json = False,
        debug: Debug = False,
        version: Annotated[  # noqa: ARG001  (answered before anything else)
            bool,
            typer.Option(
                "--version",
                metavar="",
                help="Say which version this is.",
                is_eager=True,
                callback=_say_version,
            ),
        ] = False,
    ) -> None:
        ctx.obj = {
            "home": home,
            "url": url,
            "as_party": as_party,
            "key": key,
            "json": json,
            "debug": debug,
        }

    for single in SINGLES:
        single.add(app)
    for name, group, help_ in GROUPS:
        nouns = typer.Typer(name=name, help=help_, no_args_is_help=True, add_completion=False)
        group.add(nouns)
        app.add_typer(nouns)
    return app


def _say_version(wanted: bool) -> None:  # noqa: FBT001  (as the library calls it)
    if wanted:
        from importlib.metadata import version as version_of  # noqa: PLC0415

        print(NAME, version_of(NAME))
        raise typer.Exit


def run(arguments: Sequence[str]) -> int:
    """Run one call of the program; the exit status. Never raises but SystemExit."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    options = list(arguments)
    as_json, debug = "--json" in options, "--debug" in options
    try:
        command = get_command(build())
        ended = command.main(args=shielded(options), prog_name=NAME, standalone_mode=False)
        return ended if isinstance(ended, int) else 0
    except LedgerError as error:
        if debug:
            traceback.print_exc()
        show_error(error, as_json=as_json)
        return error.exit_status
    except KeyboardInterrupt:
        hint("interrupted")
        return INTERRUPTED
    except typer.Abort:
        return INTERRUPTED
    except typer.TyperException as error:
        return _wrong_call(error, as_json=as_json)
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001  (a fault of ours must not look like the user's)
        if debug:
            traceback.print_exc()
        if isinstance(error, OSError) and error.errno in STORAGE:
            return _not_now(error, as_json=as_json)
        return _fault(error, as_json=as_json)


def shielded(arguments: Sequence[str]) -> list[str]:
    """The arguments with a thumbprint that begins with a hyphen where it is no option."""
    found: list[str] = []
    moved: list[str] = []
    before = ""
    for one in arguments:
        apart = THUMBPRINT.fullmatch(one) and not before.startswith("-")
        (moved if apart else found).append(one)
        before = one
    return [*found, "--", *moved] if moved else found


def _wrong_call(error: typer.TyperException, *, as_json: bool) -> int:
    message = error.format_message()
    if as_json:
        write_json({"error": {"code": "usage", "what": message}})
    else:
        show = getattr(error, "show", None)
        if callable(show):
            show()
        else:
            hint(f"{NAME}: {message}")
    return WRONG_CALL


def _not_now(error: OSError, *, as_json: bool) -> int:
    what, advice = STORAGE[error.errno or 0]
    place = f"{error.strerror}" + (f": {error.filename}" if error.filename else "")
    show_error(
        Unavailable(what, expected="a place that can be written", found=place, advice=advice),
        as_json=as_json,
    )
    return NOT_NOW


def _fault(error: Exception, *, as_json: bool) -> int:
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    advice = "This is a fault of the program. Run it again with --debug and report what it prints."
    if as_json:
        write_json({"error": {"code": "fault", "what": what, "advice": advice}})
    else:
        hint(f"{NAME}: {what}\n  {advice}")
    return NOT_NOW
