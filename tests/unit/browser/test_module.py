"""The verifier is one module that asks nobody, and the page is one file that holds all it needs."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from ledger import browser
from ledger.browser import module
from ledger.machine import TYPES
from tests.oracles.make_browser_rules import module as rules_module

FOLDER = Path(browser.__file__).parent
IMPORTED = r'^import \{[^}]*\} from "\./([a-z0-9]+)\.js";'
MODULES = sorted((FOLDER / "verify").glob("*.js"))


def test_the_rules_of_the_browser_are_those_of_the_packs():
    text = (FOLDER / "verify" / "rules.js").read_text()
    assert text == rules_module(), (
        "run: python tests/oracles/make_browser_rules.py > ledger/browser/verify/rules.js"
    )


def test_every_event_type_has_its_schema():
    text = (FOLDER / "verify" / "schema.js").read_text()
    assert set(re.findall(r"^  ([A-Z][A-Za-z]+): \[", text, re.MULTILINE)) == set(TYPES)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_imports_its_neighbours_alone_and_asks_no_host(path: Path):
    text = path.read_text()
    names = {other.name for other in MODULES}
    for line in re.findall(r"^.*\bfrom \"(.*)\";$", text, re.MULTILINE):
        assert line.startswith("./")
        assert line[2:] in names
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|eval|document|localStorage)\b", text)


def test_the_verifier_is_one_module_without_imports():
    text = module.verifier()
    assert not re.search(r"^\s*import\b", text, re.MULTILINE)
    assert re.findall(r"^export .*$", text, re.MULTILINE) == [
        "export const { Refused, Unable, verifyBundle } = $verdict;"
    ]
    for path in MODULES:
        assert text.count(f"const ${path.stem} = ") == 1


def test_the_page_runs_the_verifier_as_it_is():
    """Nothing but the word before the last line differs, whatever stands in the modules."""
    modules, word, last = module.verifier().rpartition("export ")
    assert word
    assert module.script().startswith(modules + last)


def test_each_module_stands_behind_those_that_it_imports():
    text = module.verifier()
    for path in MODULES:
        for other in re.findall(
            r'^import .*from "\./([a-z0-9]+)\.js";', path.read_text(), re.MULTILINE
        ):
            assert text.index(f"const ${other} = ") < text.index(f"const ${path.stem} = ")


def test_the_page_as_a_file_names_no_other_file_and_no_host():
    text = module.page()
    assert re.findall(r"(?:src|href)=\"([^\"]*)\"", text) == ["data:,"]
    hosts = set(re.findall(r"https?://[^\s\"'`)]+", text))
    assert hosts == {"http://www.w3.org/2000/svg"}


def test_the_pages_policy_allows_its_own_script_and_style_alone():
    text = module.page()
    policy = text.partition('Content-Security-Policy" content="')[2].partition('"')[0]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    scripts = re.findall(r'<script type="module">(.*?)</script>', text, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(scripts) == len(styles) == 1
    for kind, found in (("script", scripts[0]), ("style", styles[0])):
        digest = b64encode(sha256(found.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_the_served_page_has_its_script_and_style_beside_it():
    text = module.served()
    assert "<style" not in text
    assert re.findall(r"<script[^>]*src=\"([^\"]+)\"></script>", text) == ["/verify-page.js"]
    assert "<!-- " not in text
    assert "<!-- " not in module.page().partition("<style>")[0]
