"""The page that checks proofs, as one file from a disk in a browser without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page

from ledger.browser.module import page as verify_page
from ledger.log import note
from ledger.log.bundle_kinds import Select
from ledger.log.names import event_ref
from ledger.log.receipt import HEADER
from tests.unit.proof_file import ProofFiles, as_file
from tests.unit.proofs import Proofs
from tests.unit.sealed_files import KINDS, POWER, SEAL, T2, a_world, of_kind, sealed_files
from tests.unit.world import LOG, Logged, key_of, profile, reading, registration
from tests.vectors.continued.files import Files
from tests.vectors.continued.worlds import park


class Opened:
    """The page, opened from a file; what goes wrong on it, and what it asks of any host."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.wrong: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.wrong.append(message.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(file.as_uri())

    def give(self, data: bytes, key: str = LOG, **fields: str) -> str:
        """Choose a file and type a key; what the page says of it."""
        file = FilePayload(name="proof.json", mimeType="application/json", buffer=data)
        self.page.set_input_files("#file", files=[file])
        if fields:
            self.page.click("summary")
        for name, value in fields.items():
            self.page.fill(f"#{name}", value)
        self.page.fill("#key", key)
        self.page.wait_for_selector(".verdict")
        return self.page.inner_text("#result")


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    file = tmp_path / "verify.html"
    file.write_text(verify_page())
    context = browser.new_context(viewport={"width": 1000, "height": 900}, offline=True)
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield Opened(page, file)
    context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_each_kind_is_explained_to_people(opened: Opened, kind: str, tmp_path: Path):
    text = opened.give(as_file(of_kind(sealed_files(), kind)))
    assert text.startswith("The proof holds: ")
    for part in ("What was checked", "What it does not show", "Against which key", LOG):
        assert part in text
    assert "no witness that you named has cosigned" in text
    assert len(opened.page.screenshot(path=tmp_path / f"{kind}.png", full_page=True)) > 5_000
    assert opened.wrong == []
    assert [one for one in opened.asked if not one.startswith(("file:", "data:"))] == []


def test_a_figure_is_shown_exactly(opened: Opened):
    text = opened.give(as_file(of_kind(sealed_files(), "event")))
    assert "30000000" in text
    assert re.search(r"CO2\s+30\s", text)
    assert f"corrected in\n{POWER}/corrections@1; the masses are those of the correction" in text
    assert "a later correction is not excluded: ask for a file as of a seal" in text


@pytest.mark.parametrize("kind", ["current-event", "company-total"])
def test_what_is_as_of_a_seal_says_of_which_one(opened: Opened, kind: str):
    files = sealed_files()
    text = opened.give(as_file(of_kind(files, kind)))
    seal = files.said(SEAL)
    [index] = [one.index for one in files.world.log if event_of(one) == SEAL]
    for pair in (
        f"seal\n{SEAL}, entry {index}\n",
        f"view\n{seal['view']}\n",
        "months\n2026-01 to 2026-12\n",
        f"as of log size\n{seal['size']}\n",
    ):
        assert pair in text
    assert "a later correction is not excluded" not in text


def test_masses_below_a_tonne_stand_in_kilograms_uncut_and_rounded_tonnes_say_so(opened: Opened):
    world = a_world()
    world.post("acme", POWER, [reading(T2, "P1D", "1922.001")])
    world.post("beta", "beta/plant/power", [reading(T2, "P1D", "22.1")])
    world.seal()
    text = opened.give(as_file(of_kind(ProofFiles(world), "area-total")))
    shown = opened.page.locator("svg text").all_text_contents()
    assert shown == ["acme", "about 1.001 t", "beta", "11.55 kg"]
    assert "Emitted: about 1.013 t CO2e" in text
    assert "1\u202f012.5505" in text


def test_a_sentence_begins_with_a_capital_but_a_name_is_left_as_it_is(opened: Opened):
    value = of_kind(sealed_files(), "event")
    data = as_file(value).replace(b'"quantity":"60"', b'"quantity":"61"')
    assert f"\n\n{POWER}/corrections@1 is not in the batch" in opened.give(data)


def test_the_key_of_another_log_asks_for_no_other_file(opened: Opened):
    other = note.log_vkey("ledger.example/second", key_of("second log").public)
    text = opened.give(as_file(of_kind(sealed_files(), "event")), key=other)
    assert text.startswith("The file proves nothing under this key")
    wrong = "The file is of the log ledger.example/log; you gave the key of ledger.example/second."
    assert wrong in text
    assert "If the one continues the other, you need the newer key" in text
    assert "Ask for a complete" not in text


@pytest.mark.parametrize("slip", [LOG[:-2], f"{LOG}A", LOG.replace("ledger", "ledgre")])
def test_a_log_key_with_a_slip_is_to_be_copied_again(opened: Opened, slip: str):
    text = opened.give(as_file(of_kind(sealed_files(), "event")), key=slip)
    assert text.startswith("Nothing was decided")
    assert "This is no log key: a character is missing, changed or too many; copy it" in text


def test_a_receipt_and_a_checkpoint_decide_nothing(opened: Opened):
    value = of_kind(sealed_files(), "event")
    receipt = f"{HEADER}\nindex 0\n\n{value['checkpoint']}"
    for text in (receipt, f"{value['entries'][0]['jws']}\n{receipt}", value["checkpoint"]):
        opened.page.reload()
        said = opened.give(text.encode())
        assert said.startswith("Nothing was decided")
        assert "This is a receipt (or a checkpoint), not a proof" in said
    opened.page.reload()
    assert opened.give(f'"{HEADER}"\n'.encode()).startswith("The file proves nothing")


def test_a_part_is_told_in_words_and_no_lines_are_not_called_no_emissions(opened: Opened):
    proofs = Proofs(sealed_files().world)
    part = Select(method="location", scope=2, months=("2026-01", "2027-01"))
    text = opened.give(proofs.part(SEAL, "acme", part))
    assert re.search(
        r"[1-9] of [1-9] lines of the seal: Scope 2 by location, 2026-01 to 2026-12", text
    )
    assert "Another seal of the same months" in text
    none = Select(method="location", category=4)
    text = opened.give(proofs.part(SEAL, "acme", none), key=LOG)
    opened.page.wait_for_selector("text=category 4 of Scope 3")
    text = opened.page.inner_text("#result")
    assert "No line of this seal matches." in text
    assert "nothing was emitted" not in text


def test_an_event_without_a_figure_is_said_to_have_none(opened: Opened):
    text = opened.give(Proofs(a_world()).event("acme/register@1"))
    assert "No figure follows from this event." in text
    assert "gives this figure" not in text


def test_months_stand_as_bars(opened: Opened, tmp_path: Path):
    world = a_world()
    world.post("acme", POWER, [profile("2026-01-15T00:00:00+08:00", 86_400, ["5"] * 120)])
    grounds = ("acme/register@1", "acme/register@2", "operator/factors@1")
    opened.give(as_file(ProofFiles(world).event(f"{POWER}@3", *grounds)))
    assert opened.page.locator("svg rect").count() == 5
    opened.page.screenshot(path=tmp_path / "bars.png", full_page=True)


def test_a_file_that_does_not_hold_is_named_by_its_defect(opened: Opened, tmp_path: Path):
    good = as_file(of_kind(sealed_files(), "company-total"))
    text = opened.give(good.replace(b'"emitted":"35000000"', b'"emitted":"25000000"', 1))
    assert text.startswith("The file proves nothing")
    assert "“seal”" in text
    assert opened.page.locator(".verdict.bad").count() == 1
    opened.page.screenshot(path=tmp_path / "refused.png", full_page=True)


def test_a_key_that_is_none_decides_nothing(opened: Opened):
    text = opened.give(as_file(of_kind(sealed_files(), "event")), key="ledger.example/log")
    assert text.startswith("Nothing was decided")
    assert opened.page.locator(".verdict.good, .verdict.bad").count() == 0


def test_too_few_witnesses_are_refused(opened: Opened):
    text = opened.give(as_file(of_kind(sealed_files(), "event")), policy="1")
    assert "“policy”" in text


def test_a_file_may_be_dropped(opened: Opened):
    data = as_file(of_kind(sealed_files(), "area-total")).decode()
    opened.page.fill("#key", LOG)
    opened.page.evaluate(
        """(text) => {
            const dropped = new DataTransfer();
            dropped.items.add(new File([text], "area.json"));
            document.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, cancelable: true }));
        }""",
        data,
    )
    opened.page.wait_for_selector(".verdict")
    assert SEAL in opened.page.inner_text("#result")


def test_entries_of_an_earlier_log_are_called_by_their_place_in_it(opened: Opened, tmp_path: Path):
    oldest, middle, _ = park()
    [disputed] = [one.index for one in oldest.log if event_of(one) == "works/zone/power@1"]
    value = Files.of(middle).event("works/zone/power@1")
    own, earlier = (sum((e["index"] < 0) is old for e in value["entries"]) for old in (False, True))
    opened.page.set_viewport_size({"width": 360, "height": 740})
    text = opened.give(as_file(value), middle.vkey)
    name = "of the earlier log ledger.example/log"
    assert f"entry\n{disputed} {name}" in text
    said = (
        f"Disputed: entry {disputed} {name}, since signed with a key that was declared compromised"
    )
    assert f"{said} in works/keys@" in text
    assert "Another end of an earlier log than the first entry of the next one names" in text
    assert f"{middle.size} entries of the log, {own} of which are in the file" in text
    ended = f"ledger.example/log, which ended with {oldest.size} entries, {earlier} of which"
    assert f"continues\n{ended} are in the file" in text
    assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    opened.page.screenshot(path=tmp_path / "earlier.png", full_page=True)
    opened.give(as_file(Files.of(middle).area(SEAL)), middle.vkey)
    opened.page.wait_for_selector("text=The area's total")
    [seal] = [one.index for one in oldest.log if event_of(one) == SEAL]
    assert f"seal\n{SEAL}, entry {seal} {name}" in opened.page.inner_text("#result")


def event_of(logged: Logged) -> str:
    return event_ref(logged.entry.stream, logged.entry.first)


def test_what_a_file_says_is_never_taken_as_html(opened: Opened):
    world = a_world()
    name = "<img src=x onerror=alert(1)>"
    world.post("operator", "mean/keys", [registration("mean", name=name)])
    world.source("mean/plant/power", location="operator/grid@1")
    world.post("mean", "mean/plant/power", [reading("2026-01-01T00:00:00Z", "P1D", "1")])
    grounds = ("mean/register@1", "mean/register@2", "operator/factors@1")
    text = opened.give(as_file(ProofFiles(world).event("mean/plant/power@1", *grounds)))
    assert name in text
    assert opened.page.locator("img").count() == 0


def test_the_page_fits_a_telephone(opened: Opened, tmp_path: Path):
    opened.page.set_viewport_size({"width": 360, "height": 740})
    opened.give(as_file(of_kind(sealed_files(), "area-total")))
    assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    opened.page.screenshot(path=tmp_path / "telephone.png", full_page=True)
