"""The house keeps its own rules: commands that exist, links that lead somewhere, locks that lock."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements/server.txt", "requirements/dev.txt")

# The groups also keep this file from finding itself.
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:work|root|home|Users)/[\w.-]+")
SCRATCH_PATHS = re.compile(r"(?<![\w.~-])/(?:tmp)/[\w.-]+")
HOSTS = re.compile(r"py(?:pi)\.org|python(?:hosted)|npm(?:js)|deb(?:ian)\.org")
# A path in a file that may carry one, and why.
JUSTIFIED: dict[tuple[str, str], str] = {}


def files_of_the_tree() -> list[Path]:
    """What is, or could be, committed; without git, as in a source archive, all but .venv and caches."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        names = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        hidden = re.compile(r"(^|/)(\.(?!ci/|gitignore)[^/]+|__pycache__|build|dist)(/|$)")
        names = [p for p in ROOT.rglob("*") if not hidden.search(p.relative_to(ROOT).as_posix())]
    return sorted(p for p in names if p.is_file())


def text_files() -> list[tuple[str, str]]:
    """Name and text of every file of the tree that is text."""
    files = []
    for path in files_of_the_tree():
        try:
            files.append((path.relative_to(ROOT).as_posix(), path.read_bytes().decode()))
        except UnicodeDecodeError:
            continue
    return files


TEXTS = text_files()
PAGES = [(name, text) for name, text in TEXTS if name.endswith(".md")]
HOUSE_PAGES = [(name, text) for name, text in PAGES if "/" not in name]


def code_of(page: str) -> list[str]:
    """Everything that a page sets as code: fenced blocks and spans."""
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    spans = re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    )
    return [line.strip() for block in blocks for line in block.splitlines()] + spans


def anchors_of(page: str) -> set[str]:
    """The fragments that a page's headings can be linked by, as forges make them."""
    text = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# ------------------------------------------------------------------ commands


def named_targets() -> list[tuple[str, str]]:
    return sorted(
        {
            (name, target)
            for name, text in PAGES
            for code in code_of(text)
            for target in re.findall(r"^(?:\$ )?make ([a-z]+)", code)
        }
    )


@pytest.mark.parametrize(("page", "target"), named_targets())
def test_a_make_target_that_a_page_names_exists(page: str, target: str):
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), f"{page} names `make {target}`"


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "serve", "faults", "lock"])
def test_make_can_work_out_what_a_target_does(target: str):
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_names_the_two_commands_of_a_first_visit():
    named = {target for page, target in named_targets() if page == "README.md"}
    assert {"demo", "test"} <= named


def test_every_target_that_help_lists_exists_and_help_lists_every_target():
    listed = set(re.findall(r'@echo "make ([a-z-]+)', MAKEFILE))
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert listed == set(phony[1].split()) - {"help"}


@pytest.mark.parametrize(
    "module", sorted(set(re.findall(r"python -m ([\w.]+)", MAKEFILE)) - {"pip"})
)
def test_a_module_that_the_makefile_starts_exists(module: str):
    path = ROOT / module.replace(".", "/")
    installed = not (ROOT / module.partition(".")[0]).exists() and importlib.util.find_spec(module)
    assert installed or path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def named_commands() -> list[tuple[str, str]]:
    return sorted(
        {
            (name, command)
            for name, text in HOUSE_PAGES
            for code in code_of(text)
            for command in re.findall(r"^(?:\$ )?carbon-ledger ([a-z]+(?: [a-z]+)?)", code)
        }
    )


def test_a_command_that_a_house_page_names_exists():
    for page, command in named_commands():
        first = command.split()[0]
        done = subprocess.run(
            [sys.executable, "-c", "from ledger.cli import main; main()", first, "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{page} names `carbon-ledger {first}`: {done.stderr}"


# ------------------------------------------------------------------ pages


@pytest.mark.parametrize("page", [name for name, _ in PAGES])
def test_every_relative_link_of_a_page_leads_somewhere(page: str):
    text = dict(PAGES)[page]
    body = re.sub(r"^```.*?^```|`[^`\n]+`", "", text, flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(<?([^)>\s]+)>?(?: \"[^\"]*\")?\)", body):
        if re.match(r"[a-z][a-z+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (ROOT / page).parent / path if path else ROOT / page
        assert linked.exists(), f"{page} links to {target}"
        if anchor and linked.suffix == ".md":
            assert anchor in anchors_of(linked.read_text()), f"{page} links to {target}"


def test_the_changelog_begins_with_the_version_of_the_project():
    versions = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [version for version in versions if version.lower() != "unreleased"]
    assert released[0] == PROJECT["project"]["version"]


def test_the_changelog_has_each_version_once_newest_first():
    versions = re.findall(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    numbers = [tuple(int(part) for part in version.split(".")) for version in versions]
    assert numbers == sorted(set(numbers), reverse=True)


RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("record", [path.name for path in RECORDS])
def test_a_decision_says_context_decision_and_consequences(record: str):
    text = (ROOT / "docs" / "decisions" / record).read_text()
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", record)
    assert text.startswith(f"# {record[:4]}. ")
    assert re.search(r"^Status: (proposed|accepted|replaced by \d{4})$", text, re.MULTILINE)
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences"]


def test_no_two_decisions_share_a_number():
    numbers = [path.name[:4] for path in RECORDS]
    assert len(numbers) == len(set(numbers))


def test_the_licence_is_the_one_that_the_project_declares():
    assert PROJECT["project"]["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text


# ------------------------------------------------------------------ locks


def pins_of(lock: str) -> dict[str, tuple[str, int]]:
    """For each `name==version ; marker` of a lock file: its marker, and how many hashes it has."""
    pins = {}
    for block in re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip()):
        if block.startswith("#"):
            continue
        head = re.match(r"([a-z0-9][a-z0-9._-]*==[^\s;]+)(?: ; ([^\\\n]+?))? \\\n", block)
        assert head, f"{lock} has a line that pins nothing: {block[:80]}"
        pins[head[1]] = (head[2] or "", len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block)))
    return pins


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_has_hashes(lock: str):
    pins = pins_of(lock)
    assert pins
    assert [pin for pin, (_, hashes) in pins.items() if hashes == 0] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_file(lock: str):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "file:" not in text
    assert re.findall(r"^--?(?!-hash)\S+", text, re.MULTILINE) == []
    assert " @ " not in text


def test_the_server_runs_on_what_the_tests_ran_on():
    server, dev = (pins_of(lock) for lock in LOCKS)
    assert server.keys() <= dev.keys()


def test_every_dependency_of_the_project_is_locked():
    optional = PROJECT["project"]["optional-dependencies"]
    core = PROJECT["project"]["dependencies"]
    wanted = {
        LOCKS[0]: core + optional["server"],
        LOCKS[1]: core + optional["server"] + optional["dev"],
    }
    for lock, requirements in wanted.items():
        locked = {pin.partition("==")[0] for pin in pins_of(lock)}
        names = {re.split(r"[\[<>=;~! ]", requirement)[0] for requirement in requirements}
        assert names - locked == set(), f"run `make lock`: {lock} is behind pyproject.toml"


# ------------------------------------------------------------------ the tree


def test_nothing_in_the_tree_names_a_path_of_one_machine():
    found = [
        (name, match[0])
        for name, text in TEXTS
        for match in MACHINE_PATHS.finditer(text)
        if (name, match[0]) not in JUSTIFIED
    ]
    assert found == []


def test_nothing_but_tests_names_a_scratch_folder():
    found = [
        (name, match[0])
        for name, text in TEXTS
        if not name.startswith("tests/")
        for match in SCRATCH_PATHS.finditer(text)
        if (name, match[0]) not in JUSTIFIED
    ]
    assert found == []


def test_nothing_in_the_tree_names_a_registry():
    assert [(name, match[0]) for name, text in TEXTS for match in HOSTS.finditer(text)] == []


def test_no_file_is_called_after_nothing_in_particular():
    shapeless = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    found = [name for name, _ in TEXTS if shapeless & set(Path(name).with_suffix("").parts)]
    assert found == []
