"""`python -m ledger.demo`, or `make demo`: a synthetic park from its meters to a checked proof.

Opens a ledger in a home of its own, registers the park, posts a year of signed readings, prints the
area's footprint, proves one reading, lets an outsider check the proof and a forgery, and ends.
Unless it is told to keep it, nothing stays behind. Exit status as of `carbon-ledger`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from ledger.carbon.footprint import Footprint
from ledger.carbon.organisation.months import month_after
from ledger.carbon.reports.catalogue import GWP
from ledger.carbon.reports.table import Report
from ledger.carbon.seal.info import SealInfo
from ledger.client.keyring import Keyring
from ledger.demo.calendar import TIMEZONE
from ledger.demo.park import (
    AREA,
    DEFAULT_COMPANIES,
    DEFAULT_SEED,
    LEAST_COMPANIES,
    RESIDENTS,
    Park,
)
from ledger.demo.posting import Poster, Tally
from ledger.demo.proving import Answer, ask_outsider, tampered
from ledger.demo.show import Screen, grouped
from ledger.errors import Conflict, LedgerError
from ledger.log.seals import CompanyLine
from ledger.service.home import Home
from ledger.service.opening import open_ledger
from ledger.service.settings import Settings
from ledger.service.setup import initialise
from ledger.store.embedded import stop_on_signals

ORIGIN: Final = "synthetic-park.example/log"
OPERATOR: Final = "operator"
SERVICE: Final = "http://127.0.0.1:8000/"
"""Where `carbon-ledger serve` answers when nobody says otherwise."""
MOST_COMPANIES: Final = 400
REPORT: Final = "area-views"
VIEWS: Final = ("companies", "gpc-basic", "gpc-basic-plus", "park", "territorial")
READING: Final = "synthetic-steel-01/works/furnace@42"
"""The quarter-hour from 10:15 on New Year's Day, of an electric-arc furnace."""


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger holds when it is closed again."""

    log_key: str
    size: int
    tally: Tally
    footprint: Footprint
    bundle: bytes
    report: Report
    report_s: float
    seals: list[SealInfo]
    companies: list[CompanyLine]
    seal_s: float


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What an outsider said to the proof and to the forgery."""

    event: str
    verified: bool
    forgery_refused: bool


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` answers."""

    ok: bool
    seed: int
    companies: int
    parties: int
    log_key: str
    size: int
    batches: int
    events: int
    readings: int
    seconds: float
    proof: Proof
    footprint: Footprint
    seals: list[SealInfo]
    home: str | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit status."""
    options = _options(arguments)
    screen = Screen(silent=options.json)
    try:
        with stop_on_signals(), _home(options) as home:
            return _run(options, screen, home)
    except LedgerError as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace, screen: Screen, home: Path) -> int:
    began = time.monotonic()
    park = Park(options.seed, options.companies, OPERATOR)
    count = {
        role: sum(party.role == role for party in park.parties)
        for role in ("company", "public-body", "aggregate")
    }
    screen.title(
        f"A synthetic park, drawn from seed {options.seed}",
        f"{count['company']} companies and {count['public-body']} public bodies over eight key "
        f"areas, and {grouped(RESIDENTS)} residents",
        f"in {count['aggregate']} guarded groups. All of it is invented, but for the emission "
        "factors.",
    )
    posted = asyncio.run(_post(screen, home, park))
    screen.footprint(posted.footprint)
    proof = _prove(screen, home, posted)
    screen.step("Reported the whole area in five views, from the same events", posted.report_s)
    screen.views(posted.report)
    screen.step("Sealed the year in five views: the operator cannot take it back", posted.seal_s)
    screen.seals(posted.seals, posted.companies)
    kept = options.keep or options.home is not None
    _tell_how_to_go_on(screen, home if kept else None, time.monotonic() - began)
    ok = proof.verified and proof.forgery_refused
    if options.json:
        result = Result(
            ok=ok,
            seed=options.seed,
            companies=count["company"],
            parties=len(park.parties),
            log_key=posted.log_key,
            size=posted.size,
            batches=posted.tally.batches,
            events=posted.tally.events,
            readings=posted.tally.readings,
            seconds=round(time.monotonic() - began, 1),
            proof=proof,
            footprint=posted.footprint,
            seals=posted.seals,
            home=str(home) if kept else None,
        )
        sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
        sys.stdout.buffer.flush()
    return 0 if ok else 1


async def _post(screen: Screen, home: Path, park: Park) -> Posted:
    """Everything that needs the ledger open."""
    # Said here and not left to the environment: the demo must never land in somebody's database.
    settings = Settings(home=home, database_url=None, server_database_url=None)
    began = time.monotonic()
    keyring = Keyring(Home(home).keys)
    with screen.progress() as told:
        told("opening a ledger", 0, 1)
        await initialise(
            settings,
            origin=ORIGIN,
            area=AREA,
            timezone=TIMEZONE,
            operator=OPERATOR,
            operator_key=keyring.make(OPERATOR),
            recovery_key=Keyring(home / "recovery").make(OPERATOR),
        )
        async with open_ledger(settings) as ledger:
            screen.step(f"Opened a ledger with a PostgreSQL of its own in {home}", _since(began))
            began = time.monotonic()
            poster = Poster(ledger, keyring, OPERATOR)
            await poster.register(park, told)
            screen.step(
                f"Registered {len(park.parties)} parties, each with a key of its own, and their "
                "sources",
                _since(began),
            )
            began = time.monotonic()
            await poster.report(park, told)
            took, tally = _since(began), poster.tally
            screen.step("Posted a year, signed, and checked every receipt", took)
            text = (
                f"{grouped(tally.readings)} readings in {grouped(tally.events)} events, "
                f"{grouped(tally.batches)} signed batches: "
                f"{grouped(int(tally.readings / took))} readings a second"
            )
            screen.lines([text])
            months = park.months()
            status = await ledger.status()
            footprint = await ledger.area(months[0], months[-1])
            began = time.monotonic()
            report = await ledger.report(REPORT, None, (months[0], months[-1]), status.size)
            report_s = _since(began)
            began = time.monotonic()
            period = months[0], month_after(months[-1])
            seals = await poster.seal(VIEWS, period, status.size, GWP)
            return Posted(
                log_key=ledger.log,
                size=await ledger.size(),
                tally=tally,
                footprint=footprint,
                report=report,
                report_s=report_s,
                seals=seals,
                companies=await ledger.seal_companies(seals[0].number),
                seal_s=_since(began),
                bundle=await ledger.bundle(READING),
            )


def _prove(screen: Screen, home: Path, posted: Posted) -> Proof:
    """Hand the proof of one reading, and a forgery of it, to an outsider. The ledger is closed."""
    file, forged = home / "reading.json", home / "reading-forged.json"
    file.write_bytes(posted.bundle)
    screen.step(f"Proved one reading in a file of {grouped(len(posted.bundle))} bytes: {READING}")
    good = _ask(screen, file, posted.log_key)
    screen.verdict(
        good=good.status == 0,
        text=f"an outsider who has only the log's public key accepts it (exit status {good.status})",
    )
    changed, before, after = tampered(posted.bundle)
    forged.write_bytes(changed)
    screen.step(f"Changed a digit in a copy: {before} kWh became {after} kWh")
    bad = _ask(screen, forged, posted.log_key)
    refused = bad.status == 1 and not bad.crashed
    screen.verdict(good=refused, text=f"the copy is refused (exit status {bad.status})")
    return Proof(event=READING, verified=good.status == 0, forgery_refused=refused)


def _ask(screen: Screen, file: Path, log_key: str) -> Answer:
    screen.lines([f'$ carbon-ledger verify {file.name} --log-key "{log_key}"'], style="bold")
    answer = ask_outsider(file, log_key)
    screen.lines(answer.text.splitlines(), style="dim")
    return answer


def _tell_how_to_go_on(screen: Screen, home: Path | None, seconds: float) -> None:
    screen.step(f"Done in {seconds:.0f} s; nothing is left running")
    if home is None:
        screen.lines(
            [
                "This park is gone again. To keep one:",
                '    make demo ARGS="--home my-park"',
                "and to open its service in a browser:",
                f"    .venv/bin/carbon-ledger serve --home my-park      then {SERVICE}",
            ]
        )
    else:
        screen.lines(
            [
                f"The park lies in {home}. To open its service in a browser:",
                f"    carbon-ledger serve --home {home}      then {SERVICE}",
                "To look at it here:",
                f"    carbon-ledger footprint synthetic-steel-01 --period 2025 --home {home}",
                f"    carbon-ledger report area-views --area --period 2025 --home {home}",
                f"    carbon-ledger seal show 1 --companies --home {home}",
                f"    carbon-ledger audit --home {home}",
            ]
        )


@contextlib.contextmanager
def _home(options: argparse.Namespace) -> Iterator[Path]:
    """The demo's home: the one named, or a temporary one that is gone at the end."""
    if options.home is not None:
        home = options.home.absolute()
        if Home(home).opened:
            raise Conflict(
                "home of the demo",
                expected="a folder without a ledger",
                found=str(home),
                advice=f"Choose another one, or open it: carbon-ledger serve --home {home}",
            )
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield home
        return
    home = Path(tempfile.mkdtemp(prefix="carbon-ledger-demo-"))
    try:
        yield home
    finally:
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make demo ARGS=…" if arguments is None else "demo",
        description="A synthetic park, from its meters to a proof that an outsider checks.",
    )
    parser.add_argument(
        "--seed", type=int, default=DEFAULT_SEED, help="another park for another number"
    )
    parser.add_argument(
        "--companies",
        type=_companies,
        default=DEFAULT_COMPANIES,
        help=f"how many companies, {LEAST_COMPANIES} to {MOST_COMPANIES} (%(default)s)",
    )
    parser.add_argument("--home", type=Path, help="make the ledger in this folder and keep it")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    parser.add_argument("--json", action="store_true", help="answer with one JSON object")
    return parser.parse_args(arguments)


def _companies(text: str) -> int:
    number = int(text)
    if not LEAST_COMPANIES <= number <= MOST_COMPANIES:
        raise argparse.ArgumentTypeError(f"{LEAST_COMPANIES} to {MOST_COMPANIES}, not {number}")
    return number


def _since(began: float) -> float:
    return max(time.monotonic() - began, 1e-3)


if __name__ == "__main__":
    sys.exit(main())
