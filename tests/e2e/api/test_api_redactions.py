"""Redactions over HTTP: for their party, the operator and the regulator; for nobody else there are none."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from ledger.carbon.redaction.draft import RedactionDraft
from ledger.carbon.redaction.events import RedactionConfirmed
from ledger.client.http import HttpConnection
from ledger.log.page import read_page
from ledger.log.redacted import read_redacted
from tests.e2e.api.park import (
    INSPECTORATE,
    OPERATOR,
    STEELWORKS,
    TOWER,
    UNKNOWN,
    Park,
    reading,
    salt,
)
from tests.e2e.api.test_api_reading import content


def draft(event: str) -> str:
    return f"/v1/redactions/draft?event={event.replace('@', '%40')}"


def listed(park: Park, key: Any) -> list[dict[str, Any]]:
    answer = park.get("/v1/redactions", key)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.fixture(scope="module")
def event(service: Any) -> str:
    """A reading whose data is gone."""
    park: Park = service[1]
    stream = park.new_source()
    park.post(STEELWORKS, stream, *(reading("2018-03-01", quarter) for quarter in range(4)))
    event = f"{stream}@2"
    found = msgspec.convert(content(park.get(draft(event), STEELWORKS)), RedactionDraft)
    asked = park.post(
        STEELWORKS, "steelworks/redactions", found.signed("officer", "PIPL article 47", salt())
    )
    said = RedactionConfirmed(
        salt=salt(), event=f"steelworks/redactions@{asked['first']}", reason="looked at"
    )
    park.post(OPERATOR, "operator/redactions", said)
    return event


@pytest.mark.parametrize("key", [STEELWORKS, OPERATOR, INSPECTORATE])
def test_the_party_the_operator_and_the_regulator_see_it(park: Park, event: str, key: Any):
    (found,) = [one for one in listed(park, key) if one["event"] == event]
    assert (found["who"], found["erased"]) == ("officer", True)


def test_for_another_company_there_is_none(park: Park, event: str):
    assert listed(park, TOWER) == []
    assert park.get(draft(event), TOWER).status_code == 404
    for key in (None, UNKNOWN):
        assert park.get("/v1/redactions", key).status_code == 401
        assert park.get(draft(event), key).status_code == 401


def test_a_page_of_the_stream_has_what_is_left(park: Park, event: str):
    stream = event.partition("@")[0]
    (entry,) = read_page(park.get(f"/v1/streams/{stream}/entries", STEELWORKS).content)
    assert [read_redacted(line) is None for line in entry.lines] == [True, False, True, True]


def test_what_is_gone_has_no_draft(park: Park, event: str):
    answer = park.get(draft(event), STEELWORKS)
    assert answer.status_code == 422
    assert "redacted" in answer.text


def test_the_client_asks_for_its_own_and_drafts_the_next(park: Park, event: str):
    stream = event.partition("@")[0]

    async def work() -> tuple[list[str], int, RedactionDraft]:
        async with HttpConnection(park.url, STEELWORKS, "steelworks") as connection:
            return (
                [one.event for one in await connection.redactions("steelworks")],
                len(await connection.redactions("tower")),
                await connection.redaction_draft(f"{stream}@3"),
            )

    mine, others, found = asyncio.run(work())
    assert event in mine
    assert others == 0
    assert (found.event, found.activity[0].quantity) == (f"{stream}@3", "10.5")
