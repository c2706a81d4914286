"""What reports are computed from is what was known at a log size, and of a party nothing but its own."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from ledger.carbon.events import FactorAssigned, FactorConfirmed, SourceAmended, SourceClosed
from ledger.carbon.known import Known
from ledger.carbon.organisation.events import (
    BoundarySet,
    CompanyFactRecorded,
    SiteTransferred,
)
from ledger.errors import BadValue, NotFound
from ledger.log.jws import possession_proof
from ledger.parties.events import Jwk, PartyRegistered
from ledger.service import Ledger
from tests.service.conftest import Place
from tests.service.test_privacy import KEYS, furnish, post, source
from tests.workload import OPERATOR, Workload, salt

YEAR = ("2018-01", "2019-01")
MIDYEAR = "2018-07-01T00:00:00+08:00"


def sums(known: Known) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for row in known.masses:
        found[row.line.stream, row.role] += row.mass_mg
    return found


def encoded(known: Known) -> bytes:
    return msgspec.json.encode(known, order="sorted")


def said_later() -> tuple[msgspec.Struct, ...]:
    """What acme says in its register after it was furnished, of all that a figure depends on."""
    return (
        SourceAmended(salt=salt(), source="acme/main", from_=MIDYEAR, reason="moved", name="Other"),
        FactorAssigned(
            salt=salt(),
            source="acme/main",
            role="market",
            factor="operator/grid@1",
            from_=MIDYEAR,
            reason="contract ended",
        ),
        SourceClosed(salt=salt(), source="acme/hall", at=MIDYEAR, reason="torn down"),
        source("acme/later"),
        BoundarySet(
            salt=salt(),
            approach="equity",
            from_="2018-01",
            sites=(("yard-7", "0.5"),),
            reason="first",
        ),
        CompanyFactRecorded(salt=salt(), fact="output", period=YEAR, value="7", unit="t"),
        SiteTransferred(salt=salt(), site="yard-7", to="company", from_="2018-09", reason="sold"),
    )


def test_the_area_is_all_parties_and_a_party_is_itself(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        for party in KEYS:
            await furnish(ledger, party)
        area = await ledger.known(None, YEAR)
        own = await ledger.known("acme", YEAR)
        assert {row.line.party for row in area.masses} == {"acme", "beta"}
        assert area.size == own.size == await ledger.size()
        assert area.operator == "operator"
        assert area.roles_of("acme") == ("company",)
        assert set(own.sources) == {"acme/bills", "acme/hall", "acme/main"}
        assert sums(own) == {k: v for k, v in sums(area).items() if k[0].startswith("acme/")}
        assert set(own.factors) == {"acme/supplier@1", "operator/grid@1"}
        assert area.masses == sorted(
            area.masses,
            key=lambda r: (r.line.stream, r.line.line, r.month, r.role, r.gas),
        )

    place.run(work)


def test_of_a_party_nothing_of_another_is_known_but_who_is_registered(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        for party in KEYS:
            await furnish(ledger, party)
        own = await ledger.known("acme", YEAR)
        private = msgspec.structs.replace(own, parties={})
        assert b"beta" not in encoded(private)

    place.run(work)


def test_a_party_whose_name_begins_like_anothers_is_not_taken_for_it(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        await furnish_as(ledger, "acm")
        assert {row.line.party for row in (await ledger.known("acm", YEAR)).masses} == {"acm"}
        assert set((await ledger.known("acm", YEAR)).sources) == {
            "acm/bills",
            "acm/hall",
            "acm/main",
        }

    place.run(work)


async def furnish_as(ledger: Ledger, party: str) -> None:
    KEYS[party] = KEYS["beta"]
    try:
        await furnish(ledger, party)
    finally:
        del KEYS[party]


def test_what_was_known_at_a_size_does_not_change_when_the_log_grows(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        before = await ledger.known(None, YEAR)
        for event in said_later():
            await post(ledger, KEYS["acme"], "acme/register", event)
        await furnish(ledger, "beta")
        now = await ledger.known(None, YEAR)
        then = await ledger.known(None, YEAR, before.size)
        assert encoded(then) == encoded(before)
        assert now.sources["acme/main"].terms[-1].name == "Other"
        assert now.sources["acme/hall"].closed_at_s is not None
        assert "acme/later" in now.sources
        assert now.sources["acme/main"].left_s
        assert now.organisations["acme"].boundaries
        assert [fact.fact for fact in now.facts] == ["output"]
        assert "beta" not in then.parties

    place.run(work)


def test_every_size_of_the_log_gives_the_sources_of_then(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        seen = []
        for reason in ("one", "two", "three"):
            event = SourceAmended(
                salt=salt(), source="acme/main", from_=MIDYEAR, reason=reason, name=reason
            )
            await post(ledger, KEYS["acme"], "acme/register", event)
            seen.append(encoded(await ledger.known("acme", YEAR)))
        size = await ledger.size()
        for back, found in enumerate(reversed(seen)):
            assert encoded(await ledger.known("acme", YEAR, size - back)) == found

    place.run(work)


def test_a_certifiers_word_for_a_factor_counts_from_its_entry_on(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        registered = PartyRegistered(
            salt=salt(),
            name="Checkers",
            roles=("certifier",),
            key=Jwk(**KEYS["beta"].public.jwk),
            proof=possession_proof(KEYS["beta"], ledger.log, "checkers"),
        )
        await post(ledger, OPERATOR, "checkers/keys", registered)
        before = await ledger.known("acme", YEAR)
        confirmed = FactorConfirmed(salt=salt(), factor="acme/supplier@1", reason="read it")
        await post(ledger, KEYS["beta"], "checkers/register", confirmed)
        now = await ledger.known("acme", YEAR)
        assert not now.factors["acme/supplier@1"].unverified()
        assert before.factors["acme/supplier@1"].unverified()
        assert encoded(await ledger.known("acme", YEAR, before.size)) == encoded(before)

    place.run(work)


def test_a_correction_counts_from_its_entry_on(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        size = await ledger.size()
        now, then = await ledger.known("acme", YEAR), await ledger.known("acme", YEAR, size - 1)
        # 778 kWh instead of 777.5, at 0.5827 kg.
        assert sums(now)["acme/hall", "location"] == 453_340_600
        assert sums(then)["acme/hall", "location"] == 453_049_250

    place.run(work)


def test_months_outside_the_period_are_left_out(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        assert {row.month for row in (await ledger.known("acme", YEAR)).masses} == {"2018-03"}
        assert (await ledger.known("acme", ("2018-01", "2018-03"))).masses == []
        assert (await ledger.known("acme", ("2018-04", "2019-01"))).activity == []
        assert (await ledger.known("acme", ("2018-03", "2018-04"))).activity != []

    place.run(work)


def test_an_unknown_party_and_a_size_beyond_the_log_are_refused(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        with pytest.raises(NotFound, match="nobody"):
            await ledger.known("nobody", YEAR)
        with pytest.raises(BadValue, match="as-of"):
            await ledger.known(None, YEAR, 10_000)
        # A party that was registered later was not known then.
        with pytest.raises(NotFound):
            await ledger.known("company", YEAR, 1)

    place.run(work)
