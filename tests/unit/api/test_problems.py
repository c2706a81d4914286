"""Every error of the tree has its status on purpose, and none says more than it should."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from api import errors as api_errors
from api.envelope import Envelope
from api.metrics import Metrics
from ledger import errors
from ledger.errors import Conflict, Damaged, LedgerError, LogStopped, NotCanonical, Overloaded


def tree(kind: type[LedgerError] = LedgerError) -> list[type[LedgerError]]:
    return [kind, *(found for below in kind.__subclasses__() for found in tree(below))]


OURS = [kind for kind in tree() if kind.__module__ == errors.__name__]


def body(error: LedgerError) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bytes(api_errors.problem(error).body))
    return found


def test_every_error_of_the_tree_has_a_status_of_its_own():
    assert set(api_errors.STATUS) == set(OURS)


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_an_error_is_told_by_its_code_and_its_status(kind: type[LedgerError]):
    answer = api_errors.problem(kind("no"))
    problem = json.loads(bytes(answer.body))
    assert answer.media_type == "application/problem+json"
    assert problem["code"] == kind("no").code
    assert problem["type"] == f"urn:carbon-ledger:problem:{problem['code']}"
    assert problem["status"] == answer.status_code == api_errors.STATUS[kind]


def test_an_error_made_later_is_told_like_the_one_above_it():
    class TooShort(NotCanonical):
        """A line that is too short."""

    assert api_errors.status_of(TooShort("no")) == 400
    assert body(TooShort("no"))["code"] == "too-short"


def test_what_a_person_can_act_on_is_said_and_what_is_empty_is_left_out():
    problem = body(NotCanonical("bad line", expected="one spelling", advice="Write it again."))
    assert problem["detail"] == "bad line"
    assert (problem["expected"], problem["advice"]) == ("one spelling", "Write it again.")
    assert "found" not in problem


def test_a_conflict_carries_the_statement_that_is_logged():
    error = Conflict("taken")
    error.logged_jws = b"eyJ.e30.AA"
    assert body(error)["logged_jws"] == "eyJ.e30.AA"
    assert "logged_jws" not in body(Conflict("taken"))


def test_who_shall_come_again_is_told_when():
    waits = {kind: api_errors.problem(kind("no")).headers["retry-after"] for kind in
             (Overloaded, LogStopped, errors.DatabaseUnavailable)}  # fmt: skip
    assert waits == {Overloaded: "1", LogStopped: "60", errors.DatabaseUnavailable: "5"}


def test_damage_is_answered_without_its_place():
    with capture_logs() as logs:
        problem = body(Damaged("entry 7", found="somebody's reading"))
    assert "entry 7" not in json.dumps(problem)
    assert "somebody" not in json.dumps([problem, logs])


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/broken/{secret}")
    async def broken(secret: str) -> None:
        raise ValueError(f"the reading of steelworks is {secret}")

    api_errors.install(app)
    app.add_middleware(Envelope, metrics=Metrics())
    return app


def ask(path: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(application())
        async with httpx.AsyncClient(transport=transport, base_url="http://ledger") as client:
            return await client.get(path)

    return asyncio.run(asked())


def test_a_fault_that_nobody_foresaw_tells_nobody_anything():
    with capture_logs() as logs:
        answer = ask("/broken/3.17")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "internal-error"
    assert answer.headers["x-content-type-options"] == "nosniff"
    told = answer.text + json.dumps(logs)
    assert "3.17" not in told
    assert "steelworks" not in told
    assert "Traceback" not in told


def test_a_fault_that_nobody_foresaw_is_logged_with_its_place():
    with capture_logs() as logs:
        ask("/broken/3.17")
    (fault,) = [line for line in logs if line["event"] == "unexpected"]
    assert fault["error"] == "ValueError"
    assert fault["places"][-1].startswith("test_problems.py:")
    assert fault["places"][-1].endswith(" broken")
