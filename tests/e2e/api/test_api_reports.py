"""Reports over HTTP: who may have one, and who may ask where a figure comes from."""

from __future__ import annotations

import io
import json
from urllib.parse import quote

import httpx
import openpyxl
import pytest

from api.reports import Explanation, Report
from ledger.carbon.reports.catalogue import FORMS
from tests.e2e.api.park import INSPECTORATE, METER, OPERATOR, STEELWORKS, TOWER, UNKNOWN, Park

OF_COMPANY = [name for name, form in FORMS.items() if form.of_party and name != "progress"]
OF_AREA = [name for name, form in FORMS.items() if form.of_area and name != "progress"]
OWN = "/v1/reports/ghg-protocol/companies/steelworks?period=2018-01"
AREA = "/v1/reports/area-views/area?period=2018-01"
DAY_MG = "581243250"
"""95 readings of 10.5 kWh at 0.5827 kg/kWh: 6 118 350 mg each."""


def explanation(figure: str, **more: str) -> str:
    query = "".join(f"&{name}={quote(value)}" for name, value in more.items())
    return f"/v1/explanations?figure={quote(figure, safe='')}{query}"


def figure_of(answer: httpx.Response, table: str, row: int = 0) -> str:
    """The identifier of a row's last figure."""
    found = next(one for one in answer.json()["tables"] if one["name"] == table)
    return str(found["rows"][row]["figures"][-1]["id"])


@pytest.mark.parametrize("name", OF_COMPANY)
def test_a_company_has_its_own_reports_as_they_are_described(park: Park, name: str):
    answer = park.get(f"/v1/reports/{name}/companies/steelworks?period=2018-01", STEELWORKS)
    assert answer.status_code == 200, answer.text
    found = Report.model_validate(answer.json())
    assert found.who == "steelworks"
    assert DAY_MG in answer.text
    assert "tower" not in answer.text


@pytest.mark.parametrize("name", OF_AREA)
@pytest.mark.parametrize("reader", [OPERATOR, INSPECTORATE])
def test_operator_and_regulator_have_the_areas_reports(park: Park, name: str, reader: object):
    answer = park.get(f"/v1/reports/{name}/area?period=2018-01", reader)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    Report.model_validate(answer.json())


def test_a_company_has_no_report_of_the_area_and_none_of_another_company(park: Park):
    assert park.get(AREA, STEELWORKS).status_code == 403
    other = park.get("/v1/reports/ghg-protocol/companies/tower?period=2018-01", STEELWORKS)
    nobody = park.get("/v1/reports/ghg-protocol/companies/nobody?period=2018-01", STEELWORKS)
    assert other.status_code == nobody.status_code == 404
    assert other.text == nobody.text


@pytest.mark.parametrize("path", [OWN, AREA, explanation("gpc:_area:gpc.AR6:2018-01..2018-01:1")])
def test_without_a_token_there_is_nothing(park: Park, path: str):
    assert park.get(path).status_code == 401
    assert park.get(path, UNKNOWN).status_code == 401


def test_who_may_see_a_figure_may_ask_where_it_comes_from(park: Park):
    report = park.get(OWN, STEELWORKS)
    figure = figure_of(report, "totals")
    for reader in (STEELWORKS, OPERATOR, INSPECTORATE):
        answer = park.get(explanation(figure), reader)
        assert answer.status_code == 200, answer.text
        found = Explanation.model_validate(answer.json())
        assert found.figure.id == figure
        entries = [one for term in found.terms for one in term.entries or []]
        assert sum(int(one.amount) for one in entries) == int(found.figure.value)
        assert {one.stream for one in entries} == {"steelworks/plant-1/electricity"}


def test_who_may_not_see_a_figure_learns_nothing_by_asking(park: Park):
    """Of a figure that exists and of one that does not, another company is told the same."""
    figure = figure_of(park.get(OWN, STEELWORKS), "totals")
    asked = [
        park.get(explanation(name), TOWER)
        for name in (
            figure,
            figure.replace("steelworks", "nobody"),
            figure.replace("totals:1-2", "totals:9-9"),
            figure.replace(f":{figure.split(':')[4]}:", ":999999:"),
        )
    ]
    assert {answer.status_code for answer in asked} == {404}
    assert len({answer.text for answer in asked}) == 1
    area = figure_of(park.get(AREA, OPERATOR), "views")
    assert park.get(explanation(area), TOWER).status_code == 403
    assert park.get(explanation(area, stream="steelworks/x"), TOWER).status_code == 403


def test_a_key_that_may_not_read_reads_no_report(park: Park):
    assert park.get(OWN, METER).status_code in {401, 403}


def test_a_report_comes_as_csv_and_as_a_workbook(park: Park):
    text = park.get(OWN + "&format=csv", STEELWORKS)
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    assert text.text.startswith("table,label_1,")
    assert DAY_MG in text.text
    book = park.get(OWN + "&format=xlsx", STEELWORKS)
    assert "ghg-protocol-2018-01-2018-01.xlsx" in book.headers["content-disposition"]
    assert openpyxl.load_workbook(io.BytesIO(book.content)).sheetnames[0] == "About"


def test_a_figure_of_an_earlier_size_is_given_as_it_was(park: Park):
    size = park.get(OWN, STEELWORKS).json()["size"]
    then = park.get(f"{OWN}&as_of={size - 1}", STEELWORKS)
    assert then.json()["size"] == size - 1
    assert park.get(f"{OWN}&as_of={size + 1}", STEELWORKS).status_code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/reports/nonsense/companies/steelworks?period=2018", 404),
        ("/v1/reports/gpc/companies/steelworks?period=2018", 400),
        (OWN + "&gwp=AR9", 400),
        (OWN + "&gwp=nonsense", 400),
        (OWN + "&format=pdf", 400),
        (OWN.replace("2018-01", "2018-13"), 400),
        (explanation("nonsense"), 400),
        (explanation("ghg-protocol:steelworks:inventory.AR6:2018-01..2018-01:999999"), 400),
        (explanation("ghg-protocol:steelworks:inventory.AR6:2018-01..2018-01:1:x"), 404),
    ],
)
def test_bad_input_is_refused_as_a_problem(park: Park, path: str, status: int):
    answer = park.get(path, STEELWORKS)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in json.dumps(answer.json())
