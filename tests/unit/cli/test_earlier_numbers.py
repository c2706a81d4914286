"""What is of an earlier log is told with that log's own numbers, and to programs as it is numbered here."""

from __future__ import annotations

import msgspec
import pytest

from ledger.carbon.info import DisputeInfo, EarlierInfo, KeyInfo
from ledger.carbon.reports.explain import AddedEntry, Explanation, Term
from ledger.carbon.reports.table import Figure
from ledger.carbon.seal.info import SealInfo
from ledger.cli.key import _life
from ledger.cli.key_dispute import _row
from ledger.cli.prove import _later
from ledger.cli.report import _plain, explained
from ledger.cli.seal import _told
from ledger.cli.seal_lists import seals_grid
from ledger.log.seals import Amounts

EARLIER = [
    EarlierInfo(origin="ledger.example/log", log_key="k", size=16, root=64 * "0", signed_size=16)
]


def seal(size: int, index: int) -> SealInfo:
    return SealInfo(
        number=1,
        event="operator/seals@1",
        index=index,
        view="companies",
        first_month="2018-01",
        last_month="2018-01",
        gwp="AR6",
        rules="2",
        size=size,
        totals={"CO2": Amounts(biogenic="0", emitted="69924000", removed="0")},
        heads_count=1,
        heads_root=64 * "0",
        companies_count=1,
        companies_root=64 * "0",
    )


def test_a_seal_of_an_earlier_log_covers_a_size_of_that_log():
    told = _told(seal(-5, -4), EARLIER)
    assert "as known at log size 11 of ledger.example/log\n" in told
    assert told.endswith("operator/seals@1, entry 12 of the earlier log ledger.example/log")
    told = _told(seal(3, 4), EARLIER)
    assert "as known at log size 3\n" in told
    assert told.endswith("operator/seals@1, entry 4 of the log")


def test_the_list_of_seals_names_the_log_and_the_table_for_programs_the_number():
    found = [seal(-5, -4), seal(3, 4)]
    [size] = [n for n, name in enumerate(seals_grid([], (), exact=False).columns) if "size" in name]
    shown = seals_grid(found, EARLIER, exact=False)
    assert [row[size] for row in shown.rows] == ["11 of ledger.example/log", "3"]
    assert [row[size] for row in seals_grid(found, EARLIER, exact=True).rows] == ["-5", "3"]


def test_a_proof_says_how_far_its_seal_reaches():
    [said] = _later(seal(-5, -4), 3, EARLIER)
    assert said.startswith(
        "The seal covers the log up to size 11 of ledger.example/log; 7 entries came after that"
    )
    assert _later(seal(2, 2), 3, EARLIER) == []


@pytest.mark.parametrize(
    ("key", "life"),
    [
        (KeyInfo(key="k", authorised=-14, scope=()), "from 3 of ledger.example/log"),
        (KeyInfo(key="k", authorised=-1, scope=()), "from 0"),
        (
            KeyInfo(key="k", authorised=-14, revoked=2, compromised_from=-3, scope=()),
            "3 of ledger.example/log to 2, revoked, disputed from 13 of ledger.example/log",
        ),
    ],
)
def test_a_key_lives_over_the_end_of_a_log(key: KeyInfo, life: str):
    assert _life(key, EARLIER) == life


def test_a_dispute_of_an_earlier_log_names_it():
    found = DisputeInfo(
        party="acme",
        key="k",
        index=-3,
        stream="acme/plant/electricity",
        first=1,
        count=96,
        types=("ActivityRecorded",),
        signed_at="2018-01-02T00:00:00Z",
        settled=0,
    )
    assert _row(found, EARLIER)[0] == "13 of ledger.example/log"
    assert _row(msgspec.structs.replace(found, index=3), EARLIER)[0] == "3"


def test_an_explanation_names_the_entries_of_both_logs():
    stream = "acme/plant/electricity"
    entries = tuple(
        AddedEntry(index=index, stream=stream, first=first, last=first, amount="5")
        for index, first in ((-5, 1), (2, 2))
    )
    term = Term(
        stream=stream,
        line=0,
        month="2018-01",
        role="location",
        gas="CO2",
        unit="mg",
        counted="10",
        recorded="10",
        entries=entries,
    )
    found = Explanation(
        figure=Figure("f:1", "10", "mg"),
        title="t",
        rule="r",
        gases_mg={},
        potentials={},
        terms=(term,),
        figures=(),
        events=(),
        prove=(),
    )
    lines = [line.split() for line in _plain(explained(found, EARLIER)).splitlines()]
    told = [
        line[4:-2] for line in lines if line[-2:] in ([f"{stream}@1", "5"], [f"{stream}@2", "5"])
    ]
    assert told == [["11", "of", "ledger.example/log"], ["2"]]
