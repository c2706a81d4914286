"""A ledger of three companies, everybody's own tools, and what each of them has kept."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
import pytest

from ledger.log.batch import split_submission
from ledger.log.hashes import leaf_hash
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.tree import path_of
from ledger.service import Ledger, Settings, open_ledger
from ledger.service.home import Home
from ledger.store.embedded import EmbeddedServer
from tests.e2e.api.park import RUN, Process
from tests.e2e.cli_program import Ended, Program
from tests.service.conftest import Place, copied
from tests.service.dishonest.history import History
from tests.service.test_privacy import KEYS, furnish
from tests.service.test_sealing import sealed
from tests.workload import Workload

T = TypeVar("T")
HONEST: Final = ""
ALONE: Final = Path(__file__).resolve().parents[3] / "ledger" / "verify.py"


class Land:
    """The operator's ledger, and the folders of those who look at it from outside."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings: Final = settings
        self.folder: Final = folder
        self.log: Final = Home(settings.home).ledger().log

    # --- the operator ----------------------------------------------------------------------------

    def history(self) -> History:
        """All that was logged, to be rewritten."""
        return History.read(self.settings)

    def run(self, work: Callable[[Ledger], Awaitable[T]], *, writing: bool = True) -> T:
        """Work with the ledger from inside."""

        async def opened() -> T:
            async with open_ledger(self.settings, writing=writing) as ledger:
                return await work(ledger)

        return asyncio.run(opened())

    @contextmanager
    def service(self, lie: str = HONEST) -> Iterator[str]:
        """The ledger's address, where it is served by a program that may lie; `lies.LIES`."""
        where = self.settings
        program = f"from tests.service.dishonest.lies import tell\ntell({lie!r})\n{RUN}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CARBON_LEDGER_DATABASE_URL", where.database_url or "")
            patch.setenv("CARBON_LEDGER_SERVER_DATABASE_URL", where.server_database_url or "")
            process = Process(where.home, program)
        try:
            yield process.url
        finally:
            process.end()

    # --- a company that keeps its receipts -------------------------------------------------------

    def receipt(self, event: str) -> str:
        """The file in which an author keeps what was answered when an event was posted."""
        history = self.history()
        index = history.at(event)
        with psycopg.connect(self.settings.database_url or "") as conn:
            row = conn.execute(
                "SELECT note FROM ledger.checkpoints WHERE size = %s", (index + 1,)
            ).fetchone()
        assert row is not None
        leaves = [leaf_hash(split_submission(body)[0]) for body in history.bodies[: index + 1]]
        receipt = Receipt(index, path_of(leaves, index), str(row[0]).encode())
        path = self.folder / f"receipt-of-entry-{index}"
        path.write_bytes(format_receipt(receipt))
        return str(path)

    # --- a certifier who may read all that is stored ---------------------------------------------

    def audited(self) -> list[str]:
        """What `carbon-ledger audit` finds."""
        where = self.settings
        program = Program(
            where.home,
            self.folder,
            CARBON_LEDGER_DATABASE_URL=where.database_url or "",
            CARBON_LEDGER_SERVER_DATABASE_URL=where.server_database_url or "",
        )
        ended = program.run("audit", "--json")
        report = ended.json
        assert ended.status == (0 if report["ok"] else 1), ended.err
        return [f"{one['place']}: {one['what']}" for one in report["damages"]]

    # --- a monitor -------------------------------------------------------------------------------

    def watched(self, url: str, *more: str, who: str = "monitor") -> Ended:
        """What `carbon-ledger watch` tells somebody, who remembers what he was shown before."""
        program = Program(self.folder / who, self.folder)
        kept = str(self.folder / who / "kept")
        call = ("--once", "--log-key", self.log, "--state", kept, "--json")
        return program.run("watch", url, *call, *more)

    def evidence(self, ended: Ended) -> Any:
        """What a file of evidence shows to anybody who has the log key, offline."""
        assert ended.status == 1, (ended.out, ended.err)
        refused = json.loads(ended.out.splitlines()[-1])["error"]
        assert refused["code"] == "other-history", refused
        found = self.reader("verify", refused["found"], "--log-key", self.log)
        assert found["kind"] == "two-histories"
        return found

    def findings(self, ended: Ended) -> list[str]:
        """What a look has found wrong in the log, in whoever's hands it is."""
        assert ended.status == 1, (ended.out, ended.err)
        lines = [json.loads(line) for line in ended.out.splitlines()]
        return [f"{one['index']}: {one['what']}" for one in lines if one["kind"] == "finding"]

    # --- a regulator, or anybody, with a file ------------------------------------------------------

    @property
    def reader(self) -> Program:
        """The program on a computer that has nothing of the ledger's."""
        return Program(self.folder / "reader", self.folder)

    def verified(self, content: bytes, *more: str) -> Any:
        """The verdict on a file."""
        (self.folder / "file.json").write_bytes(content)
        return self.reader("verify", "file.json", "--log-key", self.log, *more)

    def refused(self, content: bytes, *more: str) -> Any:
        """What `carbon-ledger verify` says against a file."""
        (self.folder / "file.json").write_bytes(content)
        call = ("verify", "file.json", "--log-key", self.log, *more)
        return self.reader.refused(*call, status=1)

    def defect(self, content: bytes, *more: str) -> str:
        """Why a file is refused, as the program and the file that needs nothing else both say."""
        refused = self.refused(content, *more)
        call = [sys.executable, "-I", str(ALONE), "file.json", "--log-key", self.log, "--json"]
        done = subprocess.run(
            [*call, *more], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1, (done.stdout, done.stderr)
        found = str(json.loads(done.stdout)["defect"])
        assert refused["defect"] == found
        return found


@pytest.fixture(scope="session")
def made_year(
    made_place: Settings, embedded: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A year of `acme`, `beta` and `company`, all sealed by the operator: to be copied."""

    async def year(ledger: Ledger, _: Workload) -> None:
        for party in KEYS:
            await furnish(ledger, party)
        await sealed(ledger)

    with copied(made_place, embedded, tmp_path_factory.mktemp("year") / "home") as settings:
        Place(settings).run(year)
        yield settings


@pytest.fixture
def land(made_year: Settings, embedded: EmbeddedServer, tmp_path: Path) -> Iterator[Land]:
    """The year of all three, to be told otherwise."""
    with copied(made_year, embedded, tmp_path / "home") as settings:
        yield Land(settings, tmp_path)
