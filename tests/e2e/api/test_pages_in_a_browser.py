"""What a person sees who opens the service in a browser: readable pages that ask no other host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from api.sealed import weight
from ledger.carbon.seal.info import SealDraft
from tests.e2e.api.park import OPERATOR, Park, Process, salt


@pytest.fixture
def page(browser: Browser, service: tuple[Process, Park]) -> Iterator[Page]:
    """A page on which any error, or any request to another host, is remembered."""
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.set_default_timeout(15_000)
    yield page
    page.close()


def visit(page: Page, url: str) -> list[str]:
    """Open a page; what went wrong, and which other hosts it asked."""
    wrong: list[str] = []
    page.on(
        "console", lambda message: wrong.append(message.text) if message.type == "error" else None
    )
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith(url_root(url)) else wrong.append(request.url)
        ),
    )
    page.on("requestfailed", lambda request: wrong.append(f"failed {request.url}"))
    answer = page.goto(url)
    assert answer is not None
    assert answer.ok
    return wrong


def url_root(url: str) -> str:
    return "/".join(url.split("/")[:3])


def test_the_first_page_tells_whose_ledger_this_is(
    page: Page, service: tuple[Process, Park], tmp_path: Path
):
    process, park = service
    assert visit(page, process.url + "/") == []
    text = page.inner_text("body")
    assert park.log in text
    picture = page.screenshot(path=tmp_path / "home.png", full_page=True)
    assert len(picture) > 5_000
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_its_links_lead_somewhere(page: Page, service: tuple[Process, Park]):
    process, _ = service
    visit(page, process.url + "/")
    links = {a.get_attribute("href") for a in page.query_selector_all("a")}
    assert links
    for link in links:
        assert link is not None
        answer = page.request.get(link if link.startswith("http") else process.url + link)
        assert answer.ok, link


def test_the_documentation_lists_every_route(page: Page, service: tuple[Process, Park]):
    process, _ = service
    assert visit(page, process.url + "/docs") == []
    text = page.inner_text("body")
    for route in page.request.get(process.url + "/openapi.json").json()["paths"]:
        assert route in text


def sealed(park: Park) -> int:
    """The number of a new seal of a month."""
    draft = park.get("/v1/seals/draft?view=companies&period=2018-01", OPERATOR).json()
    event = msgspec.convert(draft, SealDraft).event(salt())
    return int(park.post(OPERATOR, "operator/seals", event)["first"])


def test_the_pages_fit_a_telephone(page: Page, service: tuple[Process, Park]):
    process, park = service
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/", "/docs", "/seals", f"/seals/{sealed(park)}"):
        assert visit(page, process.url + path) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_a_person_without_a_key_reads_what_the_area_emits(
    page: Page, service: tuple[Process, Park], tmp_path: Path
):
    process, park = service
    number = sealed(park)
    [company] = [
        one
        for one in park.get(f"/v1/seals/{number}/companies").json()
        if one["party"] == "steelworks"
    ]
    assert visit(page, process.url + "/") == []
    page.get_by_role("link", name="All sealed figures").click()
    page.locator(f'a[href="/seals/{number}"]').click()
    cells = page.locator("tr", has_text="steelworks").inner_text()
    assert weight(int(company["sums"]["CO2"]["emitted"])) in cells
    picture = page.screenshot(path=tmp_path / "seal.png", full_page=True)
    assert len(picture) > 5_000
