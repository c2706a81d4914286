"""A figure's identifier has one spelling, and says all that it takes to compute the figure again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.carbon.reports.figure_id import AREA, FigureId, format_figure, parse_figure
from ledger.errors import BadName

EXAMPLE = "ghg-protocol:steelworks:inventory.AR6:2018-01..2018-12:812:scope:1:CO2_bio"
PARSED = FigureId(
    report="ghg-protocol",
    who="steelworks",
    view="inventory",
    gwp="AR6",
    first_month="2018-01",
    last_month="2018-12",
    size=812,
    heading=("scope", "1", "CO2_bio"),
)

names = st.from_regex(r"[a-z0-9]{1,5}(-[a-z0-9]{1,5})?", fullmatch=True)
months = st.builds("{:04d}-{:02d}".format, st.integers(1, 9999), st.integers(1, 12))
figures = st.builds(
    lambda report, who, view, gwp, both, size, heading: FigureId(
        report=report,
        who=who,
        view=view,
        gwp=gwp,
        first_month=min(both),
        last_month=max(both),
        size=size,
        heading=tuple(heading),
    ),
    names,
    st.one_of(names, st.just(AREA)),
    names,
    st.sampled_from(["AR4", "AR5", "AR6"]),
    st.tuples(months, months),
    st.integers(0, 2**53 - 1),
    st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._/@+-]{0,9}", fullmatch=True), max_size=4),
)


def test_an_identifier_says_what_a_figure_is():
    assert parse_figure(EXAMPLE) == PARSED
    assert format_figure(PARSED) == EXAMPLE
    assert PARSED.party == "steelworks"


def test_the_area_is_no_party():
    area = parse_figure("gpc:_area:gpc-basic.AR5:2026-01..2026-01:7")
    assert area.party is None
    assert area.heading == ()


def test_a_heading_may_be_a_stream_or_a_line_of_a_standard():
    figure = PARSED.whole.under("stream", "steelworks/plant/meter_1", "iii.1.2", "HFC-32")
    assert parse_figure(format_figure(figure)) == figure


@given(figures)
def test_what_is_written_is_read_again(figure: FigureId):
    assert parse_figure(format_figure(figure)) == figure


@given(st.text(max_size=80))
def test_whatever_is_read_is_written_the_same(text: str):
    try:
        figure = parse_figure(text)
    except BadName:
        return
    assert format_figure(figure) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ghg-protocol",
        EXAMPLE + "\n",
        EXAMPLE + ":",
        EXAMPLE.replace("812", "0812"),
        EXAMPLE.replace("812", "-1"),
        EXAMPLE.replace("812", str(2**53)),
        EXAMPLE.replace("2018-01..2018-12", "2018-12..2018-01"),
        EXAMPLE.replace("2018-01..2018-12", "2018-01..2018-13"),
        EXAMPLE.replace("2018-01..2018-12", "0000-01..2018-12"),
        EXAMPLE.replace("2018-01..2018-12", "2018"),
        EXAMPLE.replace("steelworks", "Steelworks"),
        EXAMPLE.replace("steelworks", "area_"),
        EXAMPLE.replace("AR6", "GWP20"),
        EXAMPLE.replace("CO2", "C O2"),
        EXAMPLE.replace("CO2", "=cmd"),
        EXAMPLE + ":x" * 300,
    ],
)
def test_another_spelling_is_refused_with_an_example(text: str):
    with pytest.raises(BadName, match="not the identifier of a figure") as refused:
        parse_figure(text)
    assert "a report" in str(refused.value)


def test_a_heading_that_cannot_stand_in_an_identifier_is_refused():
    for heading in ("a:b", "", "ä", " x"):
        with pytest.raises(BadName):
            format_figure(PARSED.under(heading))
