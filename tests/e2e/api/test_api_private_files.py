"""Files over HTTP hold nothing of another party: not by a public claim, and not behind one's own.

A ledger of its own, in which the steelworks have handed heat on to the tower, and the tower has
answered: so the tower's answer stands on the register of the steelworks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest

from ledger.carbon.area.events import TargetSet, TransferAcknowledged, TransferRecorded
from ledger.carbon.events import SiteRegistered
from ledger.carbon.seal.info import SealDraft
from ledger.provenance import verify_bundle
from tests.e2e.api.park import (
    INSPECTORATE,
    OPERATOR,
    STEELWORKS,
    TOWER,
    Park,
    Process,
    meter,
    opened,
    salt,
)
from tests.e2e.api.test_api_bundles import path
from tests.e2e.api.test_api_reading import content
from tests.faults.embedded_land import temporary_home

READING: Final = "steelworks/plant-1/electricity@42"
SENT: Final = "steelworks/register@4"
ANSWER: Final = "tower/register@3"
SEAL: Final = "operator/seals@1"
TARGET: Final = "operator/register@1"
YEAR: Final = "/v1/seals/draft?view=companies&period=2018"


@pytest.fixture(scope="module")
def traded() -> Iterator[Park]:
    """A park in which a transfer was answered, a target set, and the year sealed."""
    with temporary_home() as home:
        log = opened(home)
        process = Process(home)
        try:
            park = Park(process.url, log)
            with park.client:
                park.register_everybody()
                trade(park)
                yield park
        finally:
            process.end()


def trade(park: Park) -> None:
    said: dict[str, Any] = {"kind": "pass-through", "month": "2018-01", "unit": "kWh"}
    sent = TransferRecorded(
        salt=salt(), stream="steelworks/plant-1/electricity", to="tower", quantity="99.5", **said
    )
    park.post(STEELWORKS, "steelworks/register", sent)
    site = SiteRegistered(salt=salt(), site="plant", region="CN-JS")
    park.post(TOWER, "tower/register", site, meter("tower/electricity"))
    answer = TransferAcknowledged(
        salt=salt(),
        transfer=SENT,
        month="2018-01",
        stream="tower/electricity",
        quantity="99.5",
        unit="kWh",
    )
    park.post(TOWER, "tower/register", answer)
    goal = TargetSet(
        salt=salt(),
        target="neutral",
        view="companies",
        gwp="AR6",
        base_year=2017,
        base_size=0,
        base_mg="1000000000",
        path=((2018, "500000000"),),
        credits_percent="10",
        neutral_year=2018,
        reason="neutral soon",
    )
    park.post(OPERATOR, "operator/register", goal)
    draft = msgspec.convert(content(park.get(YEAR, OPERATOR)), SealDraft)
    park.post(OPERATOR, "operator/seals", draft.event(salt()))


@pytest.mark.parametrize("private", [READING, "steelworks/register@1", SENT, ANSWER])
@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("area-total", {"seal": None}),
        ("company-total", {"party": "steelworks", "seal": None}),
        ("target-progress", {"seal": None, "target": TARGET}),
        ("target-progress", {"seal": SEAL, "target": None}),
    ],
)
def test_a_public_claim_that_names_a_private_event_is_about_nothing(
    traded: Park, kind: str, subject: dict[str, Any], private: str
):
    """In the words for what is not there, to everybody."""
    named = {member: value or private for member, value in subject.items()}
    missing = {member: value or "steelworks/none@1" for member, value in subject.items()}
    for reader in (None, TOWER, OPERATOR):
        answer, other = (traded.get(path(kind, one), reader) for one in (named, missing))
        assert (answer.status_code, other.status_code) == (404, 404)
        told = [{k: v for k, v in one.json().items() if k != "instance"} for one in (answer, other)]
        assert told[0] == told[1]


def test_anybody_may_have_the_target_of_the_area(traded: Park):
    answer = traded.get(path("target-progress", {"seal": SEAL, "target": TARGET}))
    assert verify_bundle(answer.content, traded.log).kind == "target-progress"
    assert traded.get(path("event", {"event": TARGET})).status_code == 401


@pytest.mark.parametrize("route", [path("event", {"event": ANSWER}), f"/v1/events/{ANSWER}/bundle"])
def test_an_answer_shows_its_author_nothing_of_the_sender(traded: Park, route: str):
    supervised = traded.get(route, INSPECTORATE).content
    assert verify_bundle(supervised, traded.log).strength == "re-derived"
    own = traded.get(route, TOWER).content
    verdict = verify_bundle(own, traded.log)
    assert (verdict.strength, verdict.withheld) == ("logged", (SENT,))
    theirs = salts(supervised) - salts(own)
    assert len(theirs) == 3  # a site, a source, a transfer


def salts(data: bytes) -> set[str]:
    """Of all events that a file shows."""
    return {
        event["data"]["salt"]
        for entry in msgspec.json.decode(data)["entries"]
        for event in entry["events"]
        if "data" in event
    }


def test_an_inventory_that_stands_on_the_sender_is_not_for_the_receiver(traded: Park):
    wanted = path("company-inventory", {"party": "tower", "seal": SEAL})
    refused = traded.get(wanted, TOWER)
    assert refused.status_code == 403
    assert "regulator" in refused.json()["advice"]
    for reader in (OPERATOR, INSPECTORATE):
        found = verify_bundle(traded.get(wanted, reader).content, traded.log)
        assert found.strength == "re-derived"
    part: dict[str, object] = {"party": "tower", "seal": SEAL, "select": {"method": "location"}}
    answer = traded.get(path("company-part", part), TOWER)
    assert verify_bundle(answer.content, traded.log).strength == "sealed"
