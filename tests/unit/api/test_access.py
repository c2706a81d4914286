"""A regulator may read everybody's, and each time it is written down who has read what."""

from __future__ import annotations

import pytest
import structlog.testing

from api.access import check_may_read, check_may_read_area, whose
from ledger.errors import NotAuthorised, NotFound
from ledger.service.reader import Reader

COMPANY = Reader("steelworks", ("company",))
REGULATOR = Reader("inspectorate", ("regulator",))
OPERATOR = Reader("operator", ("operator", "regulator"))
READ = {"event": "regulator-read", "log_level": "info", "reader": "inspectorate"}


def test_who_names_no_party_gets_all_that_he_may_see():
    with structlog.testing.capture_logs() as written:
        assert whose(COMPANY, None, "disputes") == "steelworks"
        assert whose(OPERATOR, None, "disputes") is None
        assert written == []
        assert whose(REGULATOR, None, "disputes") is None
    assert written == [{**READ, "what": "disputes of all parties"}]


def test_who_names_a_party_gets_what_is_its():
    with structlog.testing.capture_logs() as written:
        assert whose(COMPANY, "steelworks", "disputes") == "steelworks"
        assert whose(OPERATOR, "steelworks", "disputes") == "steelworks"
        assert whose(REGULATOR, "inspectorate", "disputes") == "inspectorate"
        assert written == []
        assert whose(REGULATOR, "steelworks", "disputes") == "steelworks"
    assert written == [{**READ, "party": "steelworks", "what": "such party"}]
    with pytest.raises(NotFound):
        whose(COMPANY, "tower", "disputes")


def test_what_a_regulator_reads_of_a_company_or_the_area_is_written_down():
    with structlog.testing.capture_logs() as written:
        check_may_read(REGULATOR, "tower", "such party")
        check_may_read_area(REGULATOR)
        check_may_read_area(OPERATOR)
        with pytest.raises(NotAuthorised):
            check_may_read_area(COMPANY)
    assert [one["what"] for one in written] == [
        "such party",
        "figures of the area that are not sealed",
    ]
