"""The service serves the page that checks proofs, and its policy lets it ask nobody."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, FilePayload

from ledger.browser import module
from tests.e2e.api.park import Park, Process
from tests.unit.proof_file import as_file
from tests.unit.sealed_files import of_kind, sealed_files
from tests.unit.world import LOG


def test_a_proof_is_checked_on_the_served_page_and_sent_nowhere(
    browser: Browser, service: tuple[Process, Park]
):
    process, _ = service
    page = browser.new_page()
    page.set_default_timeout(15_000)
    wrong: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    answer = page.goto(process.url + "/verify")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    before = len(asked)
    data = as_file(of_kind(sealed_files(), "event"))
    page.set_input_files(
        "#file", FilePayload(name="proof.json", mimeType="application/json", buffer=data)
    )
    page.fill("#key", LOG)
    page.wait_for_selector(".verdict.good")
    assert "30000000" in page.inner_text("#result")
    assert wrong == []
    assert asked[before:] == []
    assert all(one.startswith(f"GET {process.url}/verify") or "data:" in one for one in asked)
    with pytest.raises(Exception, match=r"Content Security Policy|Failed to fetch|violates"):
        page.evaluate("() => fetch('/v1/status')")
    page.close()


def test_its_parts_are_those_that_the_program_writes(park: Park, service: tuple[Process, Park]):
    process, _ = service
    saved = park.client.get(process.url + "/verify.html")
    assert saved.text == module.page()
    assert saved.headers["content-disposition"].startswith("attachment")
    script = park.client.get(process.url + "/verify.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.text == module.verifier()
    assert park.client.get(process.url + "/verify-page.js").text == module.script()
    assert park.client.get(process.url + "/verify.css").text == module.style()
