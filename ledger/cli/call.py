"""What every command takes beside its own arguments: where the ledger is, whose key, how to answer.

The options may stand before the command or behind it; what stands behind wins. `command` adds them
to a function's signature, so `--help` of every command shows them, and hands the function one `Call`.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
import platformdirs
import typer

from ledger.store.embedded_user import ROOT_HOME, SYSTEM_USER

HOME_VARIABLE: Final = "CARBON_LEDGER_HOME"
URL_VARIABLE: Final = "CARBON_LEDGER_URL"
PANEL: Final = "Where, whose key, how to answer"


def flag(names: str, help_: str, *, panel: str | None = None) -> Any:
    """An option without a value."""
    return typer.Option(names, metavar="", help=help_, rich_help_panel=panel)


Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="FOLDER",
        help=f"Folder of the ledger, or of a company's keys. Also: {HOME_VARIABLE}.",
        rich_help_panel=PANEL,
        show_default="the platform's data folder",
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help=f"A ledger elsewhere, over HTTP, not the one in the home. Also: {URL_VARIABLE}.",
        rich_help_panel=PANEL,
    ),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="PARTY",
        help="Sign and read as this party, where several have keys in the home.",
        rich_help_panel=PANEL,
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="THUMBPRINT",
        help="Sign with this key instead of the newest that fits.",
        rich_help_panel=PANEL,
    ),
]
Json = Annotated[
    bool,
    flag("--json", "Answer with one JSON object.", panel=PANEL),
]
Debug = Annotated[
    bool,
    flag("--debug", "Show where an error comes from.", panel=PANEL),
]
SHARED: Final = (
    ("home", Home, None),
    ("url", Url, None),
    ("as_party", As, None),
    ("key", Key, None),
    ("json", Json, False),
    ("debug", Debug, False),
)

Work = TypeVar("Work", bound=Callable[..., int | None])


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call of the program, without the arguments of its command."""

    home: Path
    url: str | None = None
    as_party: str | None = None
    key: str | None = None
    json: bool = False
    debug: bool = False

    @property
    def keys(self) -> Path:
        """The folder of private keys."""
        return self.home / "keys"

    def outbox(self, party: str) -> Path:
        """The folder of what a party is about to send."""
        return self.home / "outbox" / party


def default_home() -> Path:
    """The home when nobody names one: that of the embedded server."""
    if os.geteuid() == 0:
        return Path(ROOT_HOME)
    return platformdirs.user_data_path(SYSTEM_USER, appauthor=False)


def shared_parameters() -> list[inspect.Parameter]:
    """The shared options, as parameters of a function."""
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, kind, default in SHARED
    ]


def command(app: typer.Typer, name: str, *, example: str) -> Callable[[Work], Work]:
    """Make `function(call, **arguments)` a command; its docstring is the help, with one example."""

    def decorate(function: Work) -> Work:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        parameters = [
            inspect.Parameter(
                "ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
            ),
            *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own),
            *shared_parameters(),
        ]

        def run(ctx: typer.Context, **arguments: object) -> int | None:
            given = {shared: arguments.pop(shared) for shared, _, _ in SHARED}
            before = ctx.find_root().obj or {}
            return function(_call(before, given), **arguments)

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        run.__name__ = function.__name__
        run.__doc__ = paragraphs(function.__doc__ or "")
        app.command(name, epilog=f"Example: {example}")(run)
        return function

    return decorate


def paragraphs(docstring: str) -> str:
    """A docstring without its line ends within a paragraph, so that a terminal breaks them anew."""
    found = inspect.cleandoc(docstring).split("\n\n")
    return "\n\n".join(" ".join(one.split()) for one in found)


def _call(before: dict[str, object], given: dict[str, object]) -> Call:
    """What stands behind the command wins over what stands before it, and that over the environment."""
    environment: dict[str, object] = {
        "home": os.environ.get(HOME_VARIABLE),
        "url": os.environ.get(URL_VARIABLE),
    }

    def chosen(name: str) -> str | None:
        for values in (given, before, environment):
            if values.get(name) is not None:
                return str(values[name]) or None
        return None

    return Call(
        home=Path(chosen("home") or default_home()).absolute(),
        url=chosen("url"),
        as_party=chosen("as_party"),
        key=chosen("key"),
        json=bool(given["json"] or before.get("json")),
        debug=bool(given["debug"] or before.get("debug")),
    )
