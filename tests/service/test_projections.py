"""Outside projections follow the ledger through the library, and cannot append behind its back."""

from __future__ import annotations

import pytest

from ledger.carbon.events import ActivityRecorded
from ledger.errors import NotAuthorised
from ledger.log.batch import split_submission
from ledger.machine import read_event
from ledger.service import Ledger
from ledger.service.projections import open_application
from ledger.store.mapper import LedgerEvent
from tests.service.conftest import Place
from tests.workload import Workload, stream


async def post_ten(ledger: Ledger, workload: Workload) -> int:
    await ledger.post(workload.batch(0, 10))
    return (await ledger.status()).events


async def count_events(ledger: Ledger, _: Workload) -> int:
    return (await ledger.status()).events


def test_every_event_is_notified_once_in_the_order_of_the_log(place: Place):
    events = place.run(post_ten)
    with open_application(place.settings) as application:
        notifications = list(application.notification_log.select(1, 1000))
        readings = list(application.events.get(stream(0)))
    assert [one.id for one in notifications] == list(range(1, events + 1))
    assert notifications[0].topic == "LedgerOpened"
    assert len(readings) == 10
    assert {type(one.data) for one in readings if isinstance(one, LedgerEvent)} == {
        ActivityRecorded
    }


def test_a_subscription_waits_for_what_is_posted_later(place: Place):
    before = place.run(post_ten)
    with (
        open_application(place.settings) as application,
        application.recorder.subscribe(gt=before - 1) as subscription,
    ):
        assert next(subscription).id == before
        place.run(post_ten)
        assert next(subscription).originator_version == 11


def test_nothing_is_appended_behind_the_service(place: Place):
    events = place.run(post_ten)
    assert place.workload is not None
    jws, lines = split_submission(place.workload.batch(0, 1))
    event = LedgerEvent(stream(0), 11, read_event(lines[0]))
    with open_application(place.settings) as application, pytest.raises(NotAuthorised):
        application.save(event, jws=jws)
    assert place.run(count_events) == events
