"""What a proof costs at full size: a seal, the files made under it, and who verifies them.

A file of a year of one company is made once, and verified in each slice; files of events are of
other events each time. Verifiers run as libraries, in this process, and are warm, but for the
browser: it is a new one for each file.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from ledger import verify as alone
from ledger.carbon.reports.catalogue import GWP
from ledger.log.bundle import WholeEntry, read_bundle
from ledger.log.bundle_kinds import AreaSubject, InventorySubject
from ledger.provenance import facts, verify_bundle
from tests.benchmarks import in_browser
from tests.benchmarks.append import FLOOR
from tests.benchmarks.bare import Bare
from tests.benchmarks.figure import Figure, Times, rounded
from tests.benchmarks.filled import Filled
from tests.benchmarks.floor import process
from tests.benchmarks.scale import BULK_STREAMS, Scale
from tests.benchmarks.year import METER, PARTY, PERIOD, READINGS, YearMeter, registration
from tests.workload import COMPANY, OPERATOR, RECOVERY, salt, stream

NAMES: Final = (
    "prove.area",
    "verify.event",
    "verify.alone",
    "verify.browser",
    "verify.year",
    "seal.make",
)
BARE: Final = "bare: SHA-256 of the file, Ed25519 of its checkpoint and entries"
ONE_READING: Final = "posting one reading"
SINGLES: Final = 5
"""Readings posted beside one seal."""
AREAS: Final = 20
"""Files of the area under one seal, after the first."""
BROWSERS: Final = 2
"""In each slice, one after the other."""
AGAIN: Final = 10
"""Checks of one file by one browser, after the first."""


class Proving:
    """An operator who seals, a regulator who asks for files, and three who verify them."""

    def __init__(self, full: Filled, scale: Scale, wanted: Collection[str]) -> None:
        self._full = full
        self._scale = scale
        self._wanted = set(wanted)
        self._random = random.Random(6)  # noqa: S311  (which events, no secret)
        self._meter = YearMeter(full.workload)
        self._bodies: list[bytes] = []
        self._year_file = b""
        self._area = Times("prove.area", "median")
        self._area_first: list[float] = []
        self._area_bytes: list[int] = []
        self._event = Times("verify.event", "median", BARE)
        self._alone = Times("verify.alone", "median", BARE)
        self._browser = Times("verify.browser", "median")
        self._browser_again: list[float] = []
        self._year = Times("verify.year", "median", FLOOR)
        self._seal = Times("seal.make", "median", ONE_READING)
        self.not_measured: dict[str, str] = {}
        """Why, by name of figure."""

    @classmethod
    async def begin(cls, full: Filled, scale: Scale, wanted: Collection[str]) -> Proving:
        """With the company of one year in the ledger."""
        found = cls(full, scale, wanted)
        for body in registration(full.workload):
            await full.ledger.post(body)
        found._bodies = found._meter.year()
        for body in found._bodies:
            await full.ledger.post(body)
        lacking = in_browser.lacking() if "verify.browser" in wanted else None
        if lacking is not None:
            found.not_measured["verify.browser"] = lacking
            found._wanted.discard("verify.browser")
        return found

    @property
    def figures(self) -> list[Figure]:
        """Those that are wanted and that this machine can measure."""
        if self._area_first:
            self._area.extra = {
                "first_ms": rounded(statistics.median(self._area_first)),
                "kb": rounded(statistics.median(self._area_bytes) / 1000),
            }
        if self._browser_again:
            self._browser.extra = {"again_ms": rounded(statistics.median(self._browser_again))}
        self._year.extra = {"kb": rounded(len(self._year_file) / 1000), "readings": READINGS}
        every = (self._area, self._event, self._alone, self._browser, self._year, self._seal)
        return [figure for figure in every if figure.name in self._wanted]

    def forget(self) -> None:
        """Begin again."""
        for figure in self.figures:
            figure.forget()
        for kept in (self._area_first, self._area_bytes, self._browser_again):
            kept.clear()

    async def slice(self) -> None:
        """Everything that is wanted, once."""
        if self._wanted & {"seal.make", "prove.area", "verify.year"}:
            seal = await self._make_seal()
            if "prove.area" in self._wanted:
                await self._prove_area(seal)
            if "verify.year" in self._wanted:
                await self._verify_year(seal)
        if self._wanted & {"verify.event", "verify.alone"}:
            await self._verify_events()
        if "verify.browser" in self._wanted:
            await self._verify_in_browsers()

    async def _make_seal(self) -> str:
        """Seal the year as known before some readings that come meanwhile, as they do in use."""
        ledger, workload = self._full.ledger, self._full.workload
        draft = await ledger.seal_draft("companies", PERIOD, None, GWP)
        readings = [self._meter.batch(1) for _ in range(SINGLES)]
        singles = []
        for reading in readings:
            began = time.perf_counter()
            await ledger.post(reading)
            singles.append(1000 * (time.perf_counter() - began))
        body = workload.body(OPERATOR, "operator/seals", [draft.event(salt())])
        began = time.perf_counter()
        posted = await ledger.post(body)
        self._seal.add([1000 * (time.perf_counter() - began)], singles)
        return f"operator/seals@{posted.first}"

    async def _prove_area(self, seal: str) -> None:
        async def prove() -> None:
            self._area_bytes.append(len(await self._full.ledger.prove(AreaSubject(seal=seal))))

        self._area_first.append(await _time_ms(prove))
        self._area.add([await _time_ms(prove) for _ in range(AREAS)])

    async def _verify_events(self) -> None:
        log_key = self._full.ledger.log
        trust = alone.Trust.of(log_key)
        ours: list[float] = []
        theirs: list[float] = []
        bare: list[float] = []
        for _ in range(self._scale.checks):
            data = await self._event_file()
            limit = Bare(data, log_key, (key.public for key in (OPERATOR, RECOVERY, COMPANY)))
            began = time.perf_counter()
            limit.check()
            ended = time.perf_counter()
            verdict = verify_bundle(data, log_key)
            verified = time.perf_counter()
            other = alone.verify(data, trust)
            times = (ended - began, verified - ended, time.perf_counter() - verified)
            for found, seconds in zip((bare, ours, theirs), times, strict=True):
                found.append(1000 * seconds)
            if facts(verdict) != other.facts:
                raise RuntimeError("the verifiers do not agree")
        self._event.add(ours, bare)
        self._alone.add(theirs, bare)

    async def _verify_in_browsers(self) -> None:
        firsts, log_key = [], self._full.ledger.log
        for _ in range(BROWSERS):
            data = await self._event_file()
            first, *again = await asyncio.to_thread(in_browser.measure, data, log_key, 1 + AGAIN)
            firsts.append(first)
            self._browser_again += again
        self._browser.add(firsts)

    async def _verify_year(self, seal: str) -> None:
        ledger = self._full.ledger
        if not self._year_file:
            self._year_file = await ledger.prove(InventorySubject(party=PARTY, seal=seal))
            _check_year(self._year_file)

        def floor() -> None:
            for body in self._bodies:
                process(body)

        before = _call_ms(floor)
        took = _call_ms(lambda: verify_bundle(self._year_file, ledger.log))
        self._year.add([took], [(before + _call_ms(floor)) / 2])

    async def _event_file(self) -> bytes:
        version = self._random.randint(1, self._full.versions)
        return await self._full.ledger.bundle(
            f"{stream(self._random.choice(BULK_STREAMS))}@{version}"
        )


def _check_year(data: bytes) -> None:
    """All readings of the year are in the file, and none that came later."""
    entries = [one for one in read_bundle(data).entries if isinstance(one, WholeEntry)]
    found = sum(one.types.count("ActivityRecorded") for one in entries)
    if found != READINGS:
        raise RuntimeError(f"expected {READINGS} readings of {METER} in its file, found {found}")


async def _time_ms(call: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await call()
    return (time.perf_counter() - began) * 1000


def _call_ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
