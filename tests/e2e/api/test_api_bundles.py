"""Files about figures over HTTP: public where the seal is, private where the data is."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import pytest

from ledger.log.canonical import encode
from ledger.provenance import verify_bundle
from tests.e2e.api.park import INSPECTORATE, OPERATOR, STEELWORKS, TOWER, Park
from tests.e2e.api.test_api_seals import seal

__all__ = ["seal"]  # the fixture
READING: Final = "steelworks/plant-1/electricity@42"


def path(kind: str, subject: dict[str, object], *withheld: str) -> str:
    said = quote(encode(subject).decode(), safe="")
    return f"/v1/bundles/{kind}?subject={said}" + "".join(f"&withhold={one}" for one in withheld)


def test_anybody_may_have_the_area_and_the_sums_of_a_company_proven(
    park: Park, seal: dict[str, Any]
):
    for kind, subject in (
        ("area-total", {"seal": seal["event"]}),
        ("company-total", {"party": "steelworks", "seal": seal["event"]}),
    ):
        answer = park.get(path(kind, subject))
        assert answer.headers["content-type"] == "application/vnd.carbon-ledger.bundle+json"
        verdict = verify_bundle(answer.content, park.log)
        assert (verdict.kind, verdict.strength) == (kind, "sealed")


PRIVATE: Final[dict[str, dict[str, object]]] = {
    "company-part": {"party": "steelworks", "select": {"method": "location"}},
    "current-event": {"event": READING},
    "event": {"event": READING},
}


@pytest.mark.parametrize("kind", PRIVATE)
def test_a_private_file_is_its_partys_and_the_supervisors_alone(
    park: Park, seal: dict[str, Any], kind: str
):
    subject = {**PRIVATE[kind], **({} if kind == "event" else {"seal": seal["event"]})}
    wanted = path(kind, subject)
    assert park.get(wanted).status_code == 401
    assert park.get(wanted, TOWER).status_code == 404
    missing = {**subject, **({"event": "steelworks/none@1"} if "event" in subject else {})}
    if "event" in subject:
        same = park.get(path(kind, missing), TOWER)
        assert (same.status_code, same.json()["title"]) == (
            404,
            park.get(wanted, TOWER).json()["title"],
        )
    for reader in (STEELWORKS, OPERATOR, INSPECTORATE):
        answer = park.get(wanted, reader)
        assert answer.headers["cache-control"] == "no-store"
        assert verify_bundle(answer.content, park.log).kind == kind


def test_an_event_can_be_withheld(park: Park):
    answer = park.get(path("event", {"event": READING}, READING), STEELWORKS)
    verdict = verify_bundle(answer.content, park.log)
    assert (verdict.strength, verdict.withheld) == ("logged", (READING,))


@pytest.mark.parametrize(
    "wrong",
    [
        "/v1/bundles/area-total",
        "/v1/bundles/area-total?subject=%7B%7D",
        "/v1/bundles/area-total?subject=%7B%22seal%22%3A%201%7D",
        "/v1/bundles/sum?subject=%7B%7D",
        path("event", {"event": "operator/ledger@1"}, "x"),
        path("event", {"event": "operator/ledger@1"}, "operator/ledger@1"),
    ],
)
def test_a_call_out_of_form_is_refused(park: Park, wrong: str):
    assert park.get(wrong).status_code in (400, 422)
