"""The verifier as one ES module, and the page that uses it as one file that works offline.

    verify/*.js       the verifier: small modules, which import each other by name
    page/page.js      what the page does; page.html, page.css

`verifier` joins the modules of a folder into one, each in a function of its own, so that names of one
do not meet those of another. `page` puts everything into one HTML file whose Content-Security-Policy
names its script and its style by hash and allows nothing else: it asks no host, and opens from a disk.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

ENTRY: Final = "verdict.js"
EXPORTS: Final = ("Refused", "Unable", "verifyBundle")
NAME: Final = "carbon-ledger-verify.html"
"""How the page is called where it is saved."""

_IMPORT: Final = re.compile(r'^import (\{[^}]*\}) from "\./([a-z0-9]+\.js)";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?function|const|class)", re.MULTILINE)
_NAMES: Final = re.compile(
    r"^export (?:async )?(?:function|const|class) ([A-Za-z0-9_]+)", re.MULTILINE
)
_AGAIN: Final = re.compile(r"^export \{ ([A-Za-z0-9_, ]+) \};\n", re.MULTILINE)


@cache
def verifier() -> str:
    """The verifier, one ES module without imports; it exports `verifyBundle`, `Refused`, `Unable`."""
    return f"{_joined()}export {_taken()}"


@cache
def script() -> str:
    """What the page runs: the verifier, and what the page does with it."""
    return _joined() + _taken() + _IMPORT.sub("", _text("page", "page.js"))


@cache
def style() -> str:
    """The page's style sheet."""
    return _text("page", "page.css")


@cache
def served() -> str:
    """The page as a service shows it: script and style beside it, at `/verify.js` and `/verify.css`."""
    return _filled(
        policy="",
        style='<link rel="stylesheet" href="/verify.css">',
        script='<script type="module" src="/verify-page.js"></script>',
        links='<p class="quiet"><a href="/">This ledger</a> · <a href="/verify.html" '
        f'download="{NAME}">Save this page</a>, to check files without this service or any network'
        ' · <a href="/verify.js">The verifier as a module</a></p>',
    )


@cache
def page() -> str:
    """The page as one file, which opens from a disk and asks no host."""
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script())}'",
            f"style-src '{_hash(style())}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return _filled(
        policy=f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        style=f"<style>{style()}</style>",
        script=f'<script type="module">{script()}</script>',
        links='<p class="quiet">This file asks no host: it works without a network.</p>',
    )


def _joined() -> str:
    """All modules of the verifier, each as a constant."""
    return "".join(_wrapped(name) for name in _in_order(ENTRY, []))


def _taken() -> str:
    """The line that takes what others use of them."""
    return f"const {{ {', '.join(EXPORTS)} }} = {_variable(ENTRY)};\n"


def _filled(**parts: str) -> str:
    text = _text("page", "page.html")
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    return text


def _in_order(name: str, done: list[str]) -> list[str]:
    """Module names, each after those that it imports."""
    for _, other in _IMPORT.findall(_text("verify", name)):
        if other not in done:
            _in_order(other, done)
    done.append(name)
    return done


def _wrapped(name: str) -> str:
    """One module as a function that runs once and gives what it exports."""
    text = _text("verify", name)
    names = [
        *_NAMES.findall(text),
        *(n for found in _AGAIN.findall(text) for n in found.split(", ")),
    ]
    body = _IMPORT.sub(lambda found: f"const {found[1]} = {_variable(found[2])};\n", text)
    body = _AGAIN.sub("", _EXPORT.sub("", body))
    return (
        f"const {_variable(name)} = (() => {{\n{body}return {{ {', '.join(names)} }};\n}})();\n\n"
    )


def _variable(name: str) -> str:
    return f"${name.removesuffix('.js')}"


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _text(folder: str, name: str) -> str:
    found: Traversable = resources.files("ledger.browser").joinpath(folder, name)
    return found.read_text(encoding="utf-8")
