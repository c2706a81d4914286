"""What a stolen key has signed waits in a list, until its party stands by it or takes it back."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest

from api.main import create_app
from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityRecorded,
    ActivityWithdrawn,
)
from ledger.carbon.info import DisputeInfo
from ledger.client.tokens import TokenMaker
from ledger.errors import LedgerError, NotFound
from ledger.log.batch import SignedStatement, parse_statement
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.parties.events import EntriesConfirmed, Jwk, KeyAuthorized, KeyRevoked, PartyRegistered
from ledger.service import Ledger, Settings, disputes
from ledger.service.disputes import _Undone
from ledger.store import dispute_store
from ledger.store.dispute_store import SignedEntry
from tests.service.conftest import Place
from tests.service.test_continuing import continued
from tests.workload import COMPANY, OPERATOR, Workload, salt, stream

STOLEN = PrivateKey.from_seed(bytes([51]) * 32)
BETA = PrivateKey.from_seed(bytes([52]) * 32)
METER, OTHER = stream(0), stream(1)


def reading(hour: int) -> ActivityRecorded:
    period = (f"2001-01-01T{hour:02d}:00:00Z", f"2001-01-01T{hour:02d}:15:00Z")
    return ActivityRecorded(salt=salt(), period=period, quantity="5")


def corrected(event: str, hour: int, supersedes: str | None = None) -> ActivityCorrected:
    said = reading(hour)
    body = ActivityBody(period=said.period, quantity="7")
    return ActivityCorrected(
        salt=salt(), event=event, reason="misread", supersedes=supersedes, activity=body
    )


def withdrawn(event: str, supersedes: str | None = None) -> ActivityWithdrawn:
    return ActivityWithdrawn(salt=salt(), event=event, reason="not ours", supersedes=supersedes)


class Dispute:
    """A key that was stolen before it was revoked, and what it has signed since."""

    def __init__(self, ledger: Ledger, workload: Workload) -> None:
        self.ledger = ledger
        self.workload = workload
        self.first = 0

    async def post(self, key: PrivateKey, name: str, *events: Any) -> int:
        return (await self.ledger.post(self.workload.body(key, name, events))).index

    async def begin(self) -> None:
        log = self.ledger.log
        beta = PartyRegistered(
            salt=salt(),
            name="Beta",
            roles=("company",),
            key=Jwk(**BETA.public.jwk),
            proof=possession_proof(BETA, log, "beta"),
        )
        await self.post(OPERATOR, "beta/keys", beta)
        authorised = KeyAuthorized(
            salt=salt(),
            key=Jwk(**STOLEN.public.jwk),
            proof=possession_proof(STOLEN, log, "company"),
            scope=("company/",),
        )
        await self.post(COMPANY, "company/keys", authorised)
        await self.post(STOLEN, METER, reading(0))  # before it was stolen
        self.first = await self.post(STOLEN, METER, reading(1), reading(2))
        await self.post(COMPANY, OTHER, reading(1))  # by a sound key
        await self.post(STOLEN, OTHER, reading(2))
        await self.post(STOLEN, f"{METER}/corrections", corrected(f"{METER}@1", 0))

    async def revoke(self) -> None:
        revoked = KeyRevoked(
            salt=salt(),
            key=STOLEN.public.thumbprint,
            reason="copied",
            compromised_from=self.first,
        )
        await self.post(COMPANY, "company/keys", revoked)

    async def confirm(self, first: int, until: int) -> None:
        confirmed = EntriesConfirmed(
            salt=salt(), key=STOLEN.public.thumbprint, entries=(first, until), reason="looked at"
        )
        await self.post(COMPANY, "company/keys", confirmed)

    async def open(self) -> list[tuple[int, int]]:
        """Index of each open dispute behind the first, and how many of its events are undone."""
        found = await self.ledger.disputes("company")
        assert await self.ledger.disputes() == found
        return [(one.index - self.first, one.settled) for one in found]


def test_what_a_stolen_key_signed_is_listed_until_it_is_confirmed_or_undone(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        dispute = Dispute(ledger, workload)
        await dispute.begin()
        assert await dispute.open() == []  # nobody has said that it was stolen
        await dispute.revoke()
        assert await dispute.open() == [(0, 0), (2, 0), (3, 0)]
        assert (await ledger.disputes("company"))[0] == DisputeInfo(
            party="company",
            key=STOLEN.public.thumbprint,
            index=dispute.first,
            stream=METER,
            first=2,
            count=2,
            types=("ActivityRecorded",),
            signed_at="2026-11-22T06:00:00Z",
            settled=0,
        )
        assert await ledger.disputes("beta") == []
        with pytest.raises(NotFound):
            await ledger.disputes("nobody")

        # One of two readings taken back: the entry waits for the other.
        await dispute.post(COMPANY, f"{METER}/corrections", withdrawn(f"{METER}@2"))
        assert await dispute.open() == [(0, 1), (2, 0), (3, 0)]
        await dispute.post(COMPANY, f"{METER}/corrections", corrected(f"{METER}@3", 2))
        assert await dispute.open() == [(2, 0), (3, 0)]

        # The thief's correction of a sound reading is undone by another correction of it.
        mended = corrected(f"{METER}@1", 0, f"{METER}/corrections@1")
        await dispute.post(COMPANY, f"{METER}/corrections", mended)
        assert await dispute.open() == [(2, 0)]

        await dispute.confirm(dispute.first + 2, dispute.first + 3)
        assert await dispute.open() == []

    place.run(work)


def test_what_the_thief_takes_back_himself_is_not_undone(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        dispute = Dispute(ledger, workload)
        await dispute.begin()
        await dispute.post(STOLEN, f"{OTHER}/corrections", withdrawn(f"{OTHER}@2"))
        await dispute.revoke()
        assert await dispute.open() == [(0, 0), (2, 0), (3, 0), (4, 0)]
        # The company stands by the withdrawal: then it counts as one.
        await dispute.confirm(dispute.first + 4, dispute.first + 5)
        assert await dispute.open() == [(0, 0), (3, 0)]
        await asked_over_http(ledger)

    place.run(work)


def test_who_waits_for_a_list_holds_up_nobody_and_it_is_made_once_for_all(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    threads: list[int] = []

    def parsed(body: bytes) -> SignedStatement:
        threads.append(threading.get_ident())
        return parse_statement(body)

    async def work(ledger: Ledger, workload: Workload) -> None:
        dispute = Dispute(ledger, workload)
        await dispute.begin()
        monkeypatch.setattr(disputes, "parse_statement", parsed)
        assert await ledger.disputes("company") == []
        assert threads == []  # no key was stolen: nothing is looked through
        await dispute.revoke()
        let_on = asyncio.Event()

        async def nothing_undone(_self: _Undone, _entry: SignedEntry) -> int:
            await let_on.wait()
            return 0

        monkeypatch.setattr(_Undone, "count", nothing_undone)
        asked = [asyncio.create_task(ledger.disputes("company")) for _ in range(20)]
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            for _ in range(40):  # one connection after the other is free
                await ledger.size()
        let_on.set()
        first, *others = await asyncio.gather(*asked)
        assert [one.index - dispute.first for one in first] == [0, 2, 3]
        assert others == [first] * 19
        assert len(threads) == await ledger.size() - dispute.first
        assert threading.get_ident() not in threads  # the loop is free meanwhile

    place.run(work)


def test_more_entries_than_are_read_at_once_are_listed_in_order(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dispute_store, "CHUNK_ENTRIES", 2)

    async def work(ledger: Ledger, workload: Workload) -> None:
        dispute = Dispute(ledger, workload)
        await dispute.begin()
        await dispute.revoke()
        assert await dispute.open() == [(0, 0), (2, 0), (3, 0)]
        monkeypatch.setattr(disputes, "LISTED", 2)
        assert await dispute.open() == [(0, 0), (2, 0)]

    place.run(work)


def test_what_was_disputed_in_an_earlier_log_can_be_taken_back_and_not_confirmed(
    place: Place, second: Settings
):
    firsts: list[int] = []

    async def work(ledger: Ledger, workload: Workload) -> None:
        dispute = Dispute(ledger, workload)
        await dispute.begin()
        await dispute.revoke()
        firsts.append(dispute.first - await ledger.size())

    async def later(ledger: Ledger, workload: Workload) -> None:
        dispute = Dispute(ledger, workload)
        dispute.first = firsts[0]
        assert dispute.first < 0
        assert await dispute.open() == [(0, 0), (2, 0), (3, 0)]
        with pytest.raises(LedgerError):
            await dispute.confirm(dispute.first, dispute.first + 1)
        back = [withdrawn(f"{METER}@{version}") for version in (2, 3)]
        await dispute.post(COMPANY, f"{METER}/corrections", *back)
        assert await dispute.open() == [(2, 0), (3, 0)]

    place.run(work)
    continued(place, second).run(later)


async def asked_over_http(ledger: Ledger) -> None:
    """A company sees its own, the operator all, and everybody else nothing."""
    transport = httpx.ASGITransport(create_app(ledger))
    async with httpx.AsyncClient(transport=transport, base_url="http://ledger") as client:

        async def ask(who: PrivateKey | None, query: str = "") -> tuple[int, int]:
            headers = {}
            if who is not None:
                headers = {"Authorization": f"Bearer {TokenMaker(who, ledger.origin).token()}"}
            answer = await client.get(f"/v1/disputes{query}", headers=headers)
            return answer.status_code, len(answer.json()) if answer.is_success else 0

        assert await ask(None) == (401, 0)
        assert await ask(COMPANY) == await ask(COMPANY, "?party=company") == (200, 2)
        assert await ask(BETA) == (200, 0)
        assert await ask(BETA, "?party=company") == (404, 0)
        assert await ask(OPERATOR) == await ask(OPERATOR, "?party=company") == (200, 2)
        assert await ask(OPERATOR, "?party=beta") == (200, 0)
        assert await ask(OPERATOR, "?party=nobody") == (404, 0)
