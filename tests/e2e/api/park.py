"""A park with real keys behind a real service: what the tests of the HTTP interface share.

The service is a process of its own on 127.0.0.1 with its embedded database; everything that is
asked of it goes over HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from ledger.carbon.events import (
    ActivityRecorded,
    Document,
    FactorPublished,
    SiteRegistered,
    SourceRegistered,
)
from ledger.log import batch, jws
from ledger.log.canonical import encode_struct
from ledger.log.hashes import ZEROS_HEX
from ledger.log.keys import PrivateKey
from ledger.parties.events import Jwk, KeyAuthorized, PartyRegistered
from ledger.parties.token import make_token
from ledger.service import Settings, initialise

ROOT: Final = Path(__file__).resolve().parents[3]
ORIGIN: Final = "ledger.example/log"
SIGNED_AT: Final = "2026-11-22T06:00:00Z"
LONGEST_WAIT_S: Final = 60.0
RUN: Final = """
from api.server import serve
from ledger.service.settings import Settings
from ledger.store.embedded import stop_on_signals
with stop_on_signals():
    serve(Settings(), "127.0.0.1", 0)
"""

OPERATOR: Final = PrivateKey.from_seed(bytes([1]) * 32)
RECOVERY: Final = PrivateKey.from_seed(bytes([2]) * 32)
STEELWORKS: Final = PrivateKey.from_seed(bytes([3]) * 32)
TOWER: Final = PrivateKey.from_seed(bytes([4]) * 32)
INSPECTORATE: Final = PrivateKey.from_seed(bytes([5]) * 32)
METER: Final = PrivateKey.from_seed(bytes([6]) * 32)
UNKNOWN: Final = PrivateKey.from_seed(bytes([7]) * 32)

_numbers = itertools.count(1)


class Process:
    """A running service; `log` is what it has written, one JSON object a line."""

    def __init__(self, home: Path, program: str = RUN) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "CARBON_LEDGER_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        try:
            self.url = self._wait_for_url()
        except AssertionError:
            self.end(signal.SIGKILL)
            raise

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def _wait_for_url(self) -> str:
        deadline = time.monotonic() + LONGEST_WAIT_S
        while time.monotonic() < deadline:
            for line in self.log:
                if line.get("event") == "listening":
                    return str(line["url"])
            assert self.process.poll() is None, "\n".join(self.lines)
            time.sleep(0.02)
        raise AssertionError("\n".join(self.lines))

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every line so far that is a JSON object."""
        return [json.loads(line) for line in list(self.lines) if line.startswith("{")]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and give the exit status."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        status = self.process.wait(LONGEST_WAIT_S)
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return status


def opened(home: Path) -> str:
    """A new ledger in an empty home; its vkey."""
    settings = Settings(home=home)
    asyncio.run(
        initialise(
            settings,
            origin=ORIGIN,
            area="Example park",
            timezone="Asia/Shanghai",
            operator="operator",
            operator_key=OPERATOR,
            recovery_key=RECOVERY,
        )
    )
    return str(json.loads((home / "ledger.json").read_text())["log"])


class Park:
    """The service's public face, and everybody's keys."""

    def __init__(self, url: str, log: str) -> None:
        self.url = url
        self.log = log
        self.client = httpx.Client(base_url=url, timeout=LONGEST_WAIT_S)

    # ---------------------------------------------------------------- posting

    def head(self, stream: str) -> tuple[int, str]:
        """Version and leaf of a stream's last event; 0 and zeros before the first."""
        answer = self.client.get(f"/v1/streams/{stream}/head")
        if answer.status_code == 404:
            return 0, ZEROS_HEX
        return answer.json()["version"], answer.json()["leaf"]

    def body(self, key: PrivateKey, stream: str, *events: msgspec.Struct) -> bytes:
        """A submission that goes on from the stream's head."""
        return self.body_of_lines(
            key, stream, [(type(event).__name__, encode_struct(event)) for event in events]
        )

    def body_of_lines(
        self, key: PrivateKey, stream: str, lines: Sequence[tuple[str, bytes]]
    ) -> bytes:
        """A submission with a good signature over whatever the lines are."""
        version, leaf = self.head(stream)
        return batch.build(key, self.log, stream, version + 1, leaf, lines, None, SIGNED_AT)

    def send(self, body: bytes, **headers: str) -> httpx.Response:
        """Post a body."""
        return self.client.post(
            "/v1/batches", content=body, headers={"Content-Type": batch.MEDIA_TYPE, **headers}
        )

    def post(self, key: PrivateKey, stream: str, *events: msgspec.Struct) -> dict[str, Any]:
        """Post events that are accepted; the answer."""
        answer = self.send(self.body(key, stream, *events))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    # ---------------------------------------------------------------- reading

    def token(
        self, key: PrivateKey, origin: str = ORIGIN, age_s: int = 0, life_s: int = 300
    ) -> str:
        """A reader's token."""
        issued = datetime.fromtimestamp(time.time() - age_s, UTC)
        return make_token(key, origin, issued, secrets.token_hex(16), lifetime_s=life_s)

    def get(self, path: str, key: PrivateKey | None = None) -> httpx.Response:
        """Ask as whoever holds a key, or as nobody."""
        headers = {} if key is None else {"Authorization": f"Bearer {self.token(key)}"}
        return self.client.get(path, headers=headers)

    # ---------------------------------------------------------------- events

    def register_everybody(self) -> None:
        """Two companies and a regulator, a factor, a meter's key and its readings of one day."""
        for party, key, role in (
            ("steelworks", STEELWORKS, "company"),
            ("tower", TOWER, "company"),
            ("inspectorate", INSPECTORATE, "regulator"),
        ):
            self.post(
                OPERATOR,
                f"{party}/keys",
                PartyRegistered(
                    salt=salt(),
                    name=party.title(),
                    roles=(role,),
                    key=Jwk(**key.public.jwk),
                    proof=jws.possession_proof(key, self.log, party),
                ),
            )
        self.post(
            STEELWORKS,
            "steelworks/keys",
            KeyAuthorized(
                salt=salt(),
                key=Jwk(**METER.public.jwk),
                proof=jws.possession_proof(METER, self.log, "steelworks"),
                scope=("steelworks/plant-1/",),
                event_types=("ActivityRecorded",),
            ),
        )
        self.post(
            OPERATOR,
            "operator/factors",
            FactorPublished(
                salt=salt(),
                id="grid-jiangsu",
                version="2023",
                activity="electricity.purchased",
                unit="kWh",
                kind="grid-average",
                region="CN-JS",
                year=2023,
                valid=("2018-01-01", "2027-01-01"),
                gases_kg_per_unit={"CO2": "0.5827"},
                source=Document(title="Notice 2025-47", sha256=None),
            ),
        )
        self.post(
            STEELWORKS,
            "steelworks/register",
            SiteRegistered(salt=salt(), site="plant", region="CN-JS"),
            meter("steelworks/plant-1/electricity"),
            meter("steelworks/plant-10/electricity"),
        )
        self.post(METER, "steelworks/plant-1/electricity", *a_day_of_readings("2018-01-01"))

    def new_source(self) -> str:
        """A fresh source of the steelworks, without readings."""
        stream = f"steelworks/plant-1/meter-{next(_numbers)}"
        self.post(STEELWORKS, "steelworks/register", meter(stream))
        return stream


def salt() -> str:
    """32 hexadecimal digits that nobody guesses."""
    return secrets.token_hex(16)


def meter(stream: str) -> SourceRegistered:
    """An electricity meter that reads every quarter of an hour."""
    return SourceRegistered(
        salt=salt(),
        stream=stream,
        site="plant",
        activity="electricity.purchased",
        unit="kWh",
        scope=2,
        key_area="industry",
        kind="continuous",
        interval_s=900,
        factors={"location": "operator/grid-jiangsu@2023"},
        plausible=("0", "100000"),
    )


def reading(day: str, quarter: int, quantity: str = "10.5") -> ActivityRecorded:
    """One quarter of an hour of a day, counted from 0."""
    return ActivityRecorded(
        salt=salt(), period=(_clock(day, quarter), _clock(day, quarter + 1)), quantity=quantity
    )


def a_day_of_readings(day: str) -> list[ActivityRecorded]:
    """95 quarters of an hour of 10.5 kWh: 997.5 kWh."""
    return [reading(day, quarter) for quarter in range(95)]


def _clock(day: str, quarter: int) -> str:
    return f"{day}T{quarter // 4:02d}:{quarter % 4 * 15:02d}:00+08:00"
