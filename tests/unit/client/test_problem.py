"""What a server answers is somebody else's bytes: whatever they are, an error comes of them."""

from __future__ import annotations

import pytest

from ledger.client.problem import MEDIA_TYPE, error_of
from ledger.errors import Conflict, InvalidInput, NotFound, RuleBroken, Unavailable

URL = "https://ledger.example/v1/status"


def test_a_problem_becomes_the_error_that_it_was():
    body = (
        b'{"code":"rule-broken","detail":"acme/x@3: quantity","expected":"0 to 9","found":"10",'
        b'"advice":"Give the reason in confirm.","status":422,"type":"x"}'
    )
    error = error_of(422, MEDIA_TYPE, body, URL)
    assert type(error) is RuleBroken
    assert (error.what, error.expected, error.found) == ("acme/x@3: quantity", "0 to 9", "10")
    assert error.advice == "Give the reason in confirm."


def test_a_conflict_brings_what_is_logged():
    error = error_of(409, MEDIA_TYPE, b'{"code":"conflict","logged_jws":"eyJ.a.b"}', URL)
    assert isinstance(error, Conflict)
    assert error.logged_jws == b"eyJ.a.b"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"[]",
        b'{"code":1}',
        b'{"code":"\xff"}',
        b'{"x":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["empty", "text", "array", "number", "not UTF-8", "deep objects", "deep arrays"],
)
def test_an_answer_of_any_other_form_is_an_error_and_no_crash(body: bytes):
    assert isinstance(error_of(400, MEDIA_TYPE, body, URL), InvalidInput)
    assert isinstance(error_of(503, MEDIA_TYPE, body, URL), Unavailable)


def test_an_answer_of_a_proxy_is_told_by_its_status():
    assert isinstance(error_of(404, "text/html", b"<html>", URL), NotFound)
    assert isinstance(error_of(502, "text/html", b"<html>", URL), Unavailable)
    assert isinstance(error_of(429, "text/html", b"<html>", URL), Unavailable)
