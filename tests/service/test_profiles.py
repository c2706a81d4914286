"""A load profile is audited reading by reading: no quantity in it changes unseen."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg
import pytest

from ledger.log.names import party_of
from ledger.service import Ledger
from ledger.store.packing import pack, unpack
from tests.service.conftest import Place
from tests.service.test_audit import audit, changes_unseen, disarm
from tests.unit.world import body, correction, profile, reading
from tests.workload import COMPANY, Workload, stream


async def with_profiles(ledger: Ledger, workload: Workload) -> None:
    """Two batches of profiles, of one meter each."""
    for number in range(2):
        await ledger.post(workload.profiles(number, 3))


def nth_quantity(line_bytes: bytes, number: int, change: Callable[[bytes], bytes]) -> bytes:
    """The lines with one quantity of their second profile changed."""
    lines = line_bytes.split(b"\n")
    found = list(re.finditer(rb'"[0-9.]+"(?=[,\]])', lines[1]))[number]
    lines[1] = lines[1][: found.start()] + change(found[0]) + lines[1][found.end() :]
    return b"\n".join(lines)


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (0, lambda _: b'"987654321"'),
        (41, lambda _: b"null"),
        (95, lambda text: text + b"," + text),
    ],
    ids=["another-quantity", "a-gap", "a-reading-more"],
)
def test_audit_finds_one_changed_reading_of_a_profile(
    place: Place, number: int, change: Callable[[bytes], bytes]
):
    place.run(with_profiles)
    with psycopg.connect(place.settings.database_url or "", autocommit=True) as conn:
        disarm(conn)
        row = conn.execute(
            "SELECT index, packed FROM ledger.entry_events ORDER BY index DESC LIMIT 1"
        ).fetchone()
        assert row is not None
        changed = nth_quantity(unpack(row[1]), number, change)
        assert changed != unpack(row[1])
        conn.execute(
            "UPDATE ledger.entry_events SET packed = %s WHERE index = %s", (pack(changed), row[0])
        )
    report = audit(place.settings)
    assert not report.ok
    assert report.damages[0].place.startswith(f"entry {row[0]}")


def test_audit_finds_a_change_of_any_figure_that_follows_from_a_profile(place: Place):
    place.run(with_profiles)
    figures = {"mass_delta", "mass_total", "activity_delta", "activity_total", "state_view"}
    assert changes_unseen(place, figures) == ([], [])


async def with_grades(ledger: Ledger, workload: Workload) -> None:
    """Two batches whose readings state their quality, and one that corrects a grade."""
    days = [
        profile(f"2018-01-0{day}T00:00:00+08:00", 3600, ["1", "2", None], quality=grade)
        for day, grade in ((1, "H"), (2, "L"))
    ]
    more = [
        reading("2018-01-03T00:00:00+08:00", "PT1H", "1", quality="H"),
        reading("2018-01-03T01:00:00+08:00", "PT1H", "1"),
    ]
    for events in (days, more):
        await ledger.post(workload.body(COMPANY, stream(0), events))
    new = body("2018-01-03T00:00:00+08:00", "PT1H", "1", quality="M")
    corrected = correction(f"{stream(0)}@3", new)
    await ledger.post(workload.body(COMPANY, f"{stream(0)}/corrections", [corrected]))


def test_grades_add_up_are_rebuilt_and_no_change_of_one_goes_unseen(place: Place):
    place.run(with_grades)

    async def known(ledger: Ledger, _: Workload) -> dict[str, int]:
        found = await ledger.known(None, ("2018-01", "2018-02"))
        assert sum(row.covered_s for row in found.activity) == 6 * 3600
        assert (await ledger.rebuild()).ok
        return {row.quality: row.readings for row in found.quality if row.readings}

    assert place.run(known) == {"H": 2, "L": 2, "M": 1}
    assert changes_unseen(place, {"quality_delta", "quality_total"}) == ([], [])


def test_a_rebuild_gives_the_figures_of_profiles_again(place: Place):
    place.run(with_profiles)

    async def before_and_after(ledger: Ledger, _: Workload) -> None:
        party = party_of(stream(0))
        shown = await ledger.footprint(party, "2001-01", "2030-12", None)
        assert sum(one.readings for one in shown.sources) == 6 * 96
        report = await ledger.rebuild()
        assert (report.ok, report.differing) == (True, {})
        assert await ledger.footprint(party, "2001-01", "2030-12", None) == shown

    place.run(before_and_after)
