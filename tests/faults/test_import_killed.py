"""An import that is killed at any moment, again and again, ends with every reading counted once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Final

from tests.e2e.cli_program import (
    LONGEST_WAIT_S,
    MAP,
    Program,
    add_company,
    add_meter,
    mass_mg,
    open_ledger,
)
from tests.faults.clients import Served
from tests.faults.embedded_land import temporary_home, until

DAYS: Final = 28
KILLS: Final = 8
FACTOR_MG: Final = Decimal("0.5827") * 1_000_000


def test_an_import_killed_at_random_moments_counts_every_reading_once(tmp_path: Path):
    """Whatever the moment: before, between and after outbox, ledger, receipt and journal."""
    chance = random.Random(20)  # noqa: S311  (moments, not secrets)
    with temporary_home() as home:
        program = Program(home, tmp_path, here=False)
        open_ledger(program)
        stream = add_company(program, "steelworks")
        expected_mg = write_month(program.folder, chance)
        words = ("import", "month.csv", "--stream", stream, "--map", "map.toml")

        killed, sizes = 0, []
        for _ in range(KILLS):
            killed += _start_and_kill(program, words, receipts_to_wait_for=chance.randint(0, 4))
            sizes.append(program("status")["size"])
        assert killed >= KILLS - 2, "the file is too short to be killed in"
        assert len(set(sizes)) > 2, "every kill came before the first batch"

        ended = program(*words)
        assert ended["ok"] is True
        assert mass_mg(program("footprint", "steelworks", "--period", "2018")) == expected_mg
        assert program("status")["events"] == DAYS * 96 + 5  # opening, company, factor, site, meter
        assert program("audit")["ok"] is True
        assert program("rebuild")["ok"] is True
        assert program(*words)["events_posted"] == 0
        assert list((home / "outbox" / "steelworks" / "pending").iterdir()) == []


def test_an_import_goes_on_when_the_service_is_killed_under_it(tmp_path: Path):
    """It waits for the service, sends the same bytes again, and every reading counts once."""
    chance = random.Random(21)  # noqa: S311
    with temporary_home() as home:
        operator = Program(home, tmp_path, here=False)
        open_ledger(operator)
        service = Served(home, tmp_path / "said").ready()
        try:
            (tmp_path / "office").mkdir()
            company = Program(
                tmp_path / "company", tmp_path / "office", here=False, CARBON_LEDGER_URL=service.url
            )
            company("key", "new", "steelworks", "-o", "request.json")
            party = ("party", "add", "steelworks", "--role", "company", "--name", "Steel works")
            operator(*party, "--request", str(tmp_path / "office" / "request.json"))
            stream = add_meter(company, "steelworks")
            expected_mg = write_month(company.folder, chance)
            words = ("import", "month.csv", "--stream", stream, "--map", "map.toml")
            receipts = company.home / "outbox" / "steelworks" / "receipts"
            before = len(list(receipts.glob("*")))

            importing = _started(company, words)
            for receipts_to_wait_for in (1, 8, 15):
                until(
                    lambda n=receipts_to_wait_for: (  # type: ignore[misc]
                        len(list(receipts.glob("*"))) >= before + n
                    )
                )
                time.sleep(chance.random() * 0.03)
                service.kill()
                assert importing.poll() is None, "the file is too short to be killed in"
                port = service.url.rpartition(":")[2]
                service = Served(home, tmp_path / "said", "--port", port).ready()

            assert importing.wait(LONGEST_WAIT_S) == 0
            assert mass_mg(company("footprint", "steelworks", "--period", "2018")) == expected_mg
            assert company("status")["events"] == DAYS * 96 + 5
            assert company(*words)["events_posted"] == 0
            assert service.end() == 0
        finally:
            service.kill()
        assert operator("audit")["ok"] is True


def write_month(folder: Path, chance: random.Random) -> int:
    """A month of quarter-hours that all differ; the milligrams that they weigh, added up apart."""
    rows, total_mg = ["date,Usage_kWh"], 0
    for day in range(1, DAYS + 1):
        for quarter in range(1, 97):
            hour, minute = divmod(quarter % 96 * 15, 60)
            quantity = Decimal(chance.randint(1, 99_999)).scaleb(-3)
            rows.append(f"{day:02d}/02/2018 {hour:02d}:{minute:02d},{quantity:f}")
            total_mg += int((quantity * FACTOR_MG).to_integral_value(ROUND_HALF_EVEN))
    (folder / "month.csv").write_text("\n".join(rows) + "\n")
    (folder / "map.toml").write_text(MAP)
    return total_mg


def _start_and_kill(program: Program, words: tuple[str, ...], receipts_to_wait_for: int) -> bool:
    """Kill it a random moment after so many more batches were acknowledged; whether it still ran."""
    receipts = program.home / "outbox" / "steelworks" / "receipts"
    before = len(list(receipts.glob("*")))
    process = _started(program, words)
    deadline = time.monotonic() + LONGEST_WAIT_S
    while len(list(receipts.glob("*"))) < before + receipts_to_wait_for:
        if process.poll() is not None or time.monotonic() > deadline:
            break
        time.sleep(0.001)
    time.sleep(random.random() * 0.03)  # noqa: S311
    process.send_signal(signal.SIGKILL)
    return process.wait(LONGEST_WAIT_S) == -signal.SIGKILL


def _started(program: Program, words: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", *words],
        cwd=program.folder,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
