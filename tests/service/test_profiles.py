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
from tests.workload import Workload, stream


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
