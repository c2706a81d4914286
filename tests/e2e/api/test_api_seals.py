"""Seals over HTTP: public figures and lists, private lines, a draft for the operator alone."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
import pytest

from ledger.carbon.seal.info import SealDraft
from ledger.log import seals
from tests.e2e.api.park import INSPECTORATE, OPERATOR, STEELWORKS, TOWER, UNKNOWN, Park, salt
from tests.e2e.api.test_api_reading import JANUARY_MG, content

DRAFT: Final = "/v1/seals/draft?view=companies&period=2018-01"


@pytest.fixture(scope="module")
def seal(service: Any) -> dict[str, Any]:
    """January, sealed; what the ledger tells of it."""
    park: Park = service[1]
    draft = msgspec.convert(content(park.get(DRAFT, OPERATOR)), SealDraft)
    posted = park.post(OPERATOR, "operator/seals", draft.event(salt()))
    return content(park.get(f"/v1/seals/{posted['first']}"))


def test_anybody_reads_a_seal_and_finds_it_in_the_list(park: Park, seal: dict[str, Any]):
    assert seal["totals"]["CO2"]["emitted"] == JANUARY_MG
    assert (seal["first_month"], seal["last_month"]) == ("2018-01", "2018-01")
    assert seal in content(park.get("/v1/seals"))  # type: ignore[comparison-overlap]


def test_anybody_adds_up_the_companies(park: Park, seal: dict[str, Any]):
    answer = park.get(f"/v1/seals/{seal['number']}/companies")
    lines = [bytes(line) for line in msgspec.json.decode(answer.content, type=list[msgspec.Raw])]
    assert seals.root(lines).hex() == seal["companies_root"]
    assert len(lines) == seal["companies_count"]
    found = {one.party: one for one in map(seals.read_company, lines)}
    assert found["tower"].sums == {}
    assert found["steelworks"].sums["CO2"].emitted == JANUARY_MG
    assert "inspectorate" not in found


def test_anybody_reads_where_every_stream_stood(park: Park, seal: dict[str, Any]):
    answer = park.get(f"/v1/seals/{seal['number']}/heads")
    lines = [bytes(line) for line in msgspec.json.decode(answer.content, type=list[msgspec.Raw])]
    assert (len(lines), seals.root(lines).hex()) == (seal["heads_count"], seal["heads_root"])


def test_what_is_sealed_may_be_kept_and_what_is_private_may_not(park: Park, seal: dict[str, Any]):
    path = f"/v1/seals/{seal['number']}"
    for name in ("companies", "heads"):
        assert "immutable" in park.get(f"{path}/{name}").headers["cache-control"]
    assert "no-store" in park.get(f"{path}/lines", STEELWORKS).headers["cache-control"]


@pytest.mark.parametrize("key", [STEELWORKS, OPERATOR, INSPECTORATE])
def test_lines_are_for_their_party_the_operator_and_the_regulator(
    park: Park, seal: dict[str, Any], key: Any
):
    path = f"/v1/seals/{seal['number']}/lines?party=steelworks"
    found = content(park.get(path, key))
    assert [(line["method"], line["mass_mg"]) for line in found] == [  # type: ignore[index]
        ("location", JANUARY_MG),
        ("market", JANUARY_MG),
    ]


def test_without_a_party_a_reader_gets_its_own_lines(park: Park, seal: dict[str, Any]):
    path = f"/v1/seals/{seal['number']}/lines"
    assert len(content(park.get(path, STEELWORKS))) == 2
    assert content(park.get(path, TOWER)) == []  # type: ignore[comparison-overlap]


def test_of_another_s_lines_nothing_can_be_learnt(park: Park, seal: dict[str, Any]):
    path = f"/v1/seals/{seal['number']}/lines"
    answers = [park.get(f"{path}?party={p}", TOWER) for p in ("steelworks", "nobody")]
    assert [one.status_code for one in answers] == [404, 404]
    told = [{k: v for k, v in one.json().items() if k != "instance"} for one in answers]
    assert told[0] == told[1]
    for key in (None, UNKNOWN):
        assert park.get(f"{path}?party=steelworks", key).status_code == 401


@pytest.mark.parametrize("key", [STEELWORKS, INSPECTORATE])
def test_nobody_but_the_operator_sees_what_is_about_to_be_sealed(park: Park, key: Any):
    assert park.get(DRAFT, key).status_code == 403
    assert park.get(DRAFT).status_code == 401


@pytest.mark.parametrize(
    "path", ["/v1/seals/999", "/v1/seals/999/companies", "/v1/seals/999/heads"]
)
def test_a_seal_that_is_not_there_is_not_found(park: Park, path: str):
    assert park.get(path).status_code == 404


def test_the_area_stays_closed_to_strangers_who_are_sent_to_the_seals(park: Park):
    answer = park.get("/v1/footprints/area?period=2018-01", STEELWORKS)
    assert answer.status_code == 403
    assert "/v1/seals" in answer.json()["advice"]


# ------------------------------------------------------------------ pages


def test_a_stranger_sees_the_area_as_sealed_on_the_first_page(park: Park, seal: dict[str, Any]):
    text = park.get("/").text
    assert f'<a href="/seals/{seal["number"]}">' in text
    assert "581.243\N{NO-BREAK SPACE}kg" in text, "581 243 250 mg"


def test_the_page_of_a_seal_names_every_party_and_no_script(park: Park, seal: dict[str, Any]):
    text = park.get(f"/seals/{seal['number']}").text
    for expected in ("steelworks", "tower", seal["companies_root"], seal["heads_root"]):
        assert expected in text
    assert "<script" not in text
    for link in re.findall(r'href="(/[^"]*)"', text):
        assert park.get(link).status_code == 200, link


def test_of_a_view_and_period_the_newest_seal_stands_on_the_page(park: Park, seal: dict[str, Any]):
    draft = msgspec.convert(content(park.get(DRAFT, OPERATOR)), SealDraft)
    newer = park.post(OPERATOR, "operator/seals", draft.event(salt()))["first"]
    text = park.get("/seals").text
    assert f'href="/seals/{newer}"' in text
    assert f'href="/seals/{seal["number"]}"' not in text


def test_the_page_of_a_seal_that_is_not_there_is_not_found(park: Park):
    assert park.get("/seals/999").status_code == 404
