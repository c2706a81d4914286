"""What the product publishes about itself is complete, current and true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from api import figures, models, openapi, schemas, seals
from api.main import create_app
from ledger.carbon import footprint, info
from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityRecorded,
    ProfileRecorded,
    SiteRegistered,
)
from ledger.carbon.seal import info as seal_info
from ledger.errors import LedgerError
from ledger.log import seals as log_seals
from ledger.log.canonical import encode_struct
from ledger.machine import EVENTS, read_event

ROOT = Path(__file__).resolve().parents[3]
SALT = "0123456789abcdef" * 2
FILES = schemas.files()
DOCUMENT = create_app().openapi()


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_published_file_is_what_the_code_says(name: str):
    assert (ROOT / name).read_text() == FILES[name], "run python -m api.schemas, and read the diff"


def test_every_event_type_has_its_schema_and_no_other_has():
    found = {path.stem for path in (ROOT / schemas.EVENTS_FOLDER).iterdir()}
    assert found == {event.__name__ for event in EVENTS}


def validator(event: type[msgspec.Struct]) -> Any:
    schema = json.loads((ROOT / schemas.EVENTS_FOLDER / f"{event.__name__}.json").read_text())
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_a_schema_is_one_and_knows_its_type_and_salt(event: type[msgspec.Struct]):
    schema = schemas.event_schema(event)
    assert jsonschema_rs.meta.is_valid(schema)
    assert schema["properties"]["type"] == {"enum": [event.__name__]}
    assert {"type", "salt"} <= set(schema["required"])
    assert schema["additionalProperties"] is False
    assert schema["description"]


PERIOD = ("2018-01-01T00:00:00+08:00", "2018-01-01T00:15:00+08:00")
GOOD = [
    ActivityRecorded(salt=SALT, period=PERIOD, quantity="3.17"),
    ActivityRecorded(salt=SALT, period=PERIOD, quantity="3.17", estimated=True, quality="H"),
    SiteRegistered(salt=SALT, site="plant", region="CN-JS", inside=False, name="Werk Süd"),
    ProfileRecorded(
        salt=SALT, start=PERIOD[0], interval_s=900, quantities=("1", None), estimated=(0,)
    ),
    ActivityCorrected(
        salt=SALT,
        event="steelworks/plant/electricity@42",
        reason="misread",
        activity=ActivityBody(period=PERIOD, quantity="3"),
    ),
]


@pytest.mark.parametrize("event", GOOD, ids=lambda event: type(event).__name__)
def test_an_event_fits_its_schema(event: msgspec.Struct):
    validator(type(event)).validate(json.loads(encode_struct(event)))


@pytest.mark.parametrize(
    "change",
    [
        {"remark": "x"},
        {"quantity": 3.17},
        {"quantity": "-3"},
        {"quantity": "3.10"},
        {"quantity": "1e5"},
        {"salt": "00"},
        {"estimated": False},
        {"quality": None},
        {"quality": "A"},
        {"factors": {}},
        {"evidence": []},
        {"period": ["2018-01-01T00:00:00+08:00"]},
        {"period": ["2018-01-01", "2018-01-02"]},
        {"type": "EmissionMeasured"},
    ],
    ids=str,
)
def test_what_the_decoder_refuses_its_schema_refuses_too(change: dict[str, object]):
    value = {**json.loads(encode_struct(GOOD[0])), **change}
    assert not validator(ActivityRecorded).is_valid(value)
    line = json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
    # The texts of readings are checked by their parsers, when they are needed as numbers.
    if set(change) <= {"quantity", "period"} and isinstance(
        next(iter(change.values())), str | list
    ):
        return
    with pytest.raises(LedgerError):
        read_event(line)


@pytest.mark.parametrize(
    ("struct", "model", "more"),
    [
        (info.LedgerStatus, models.Status, set()),
        (info.StreamHead, models.StreamHead, set()),
        (info.Posted, models.Posted, {"size"}),
        (info.KeyInfo, models.Key, set()),
        (info.PartyInfo, models.Party, set()),
        (info.FactorInfo, models.Factor, set()),
        (info.SiteInfo, models.Site, set()),
        (info.SourceInfo, models.Source, set()),
        (info.TransferInfo, models.Transfer, set()),
        (seal_info.SealInfo, seals.Seal, set()),
        (seal_info.SealDraft, seals.SealDraft, set()),
        (log_seals.Head, seals.SealedHead, set()),
        (log_seals.CompanyLine, seals.SealedCompany, set()),
        (log_seals.LineName, seals.SealedLine, {"mass_mg", "salt"}),
        (footprint.Footprint, figures.Footprint, set()),
        (footprint.MonthFigure, figures.MonthFigure, set()),
        (footprint.ScopeFigure, figures.ScopeFigure, set()),
        (footprint.ActivityLine, figures.ActivityFigure, set()),
        (footprint.KeyAreaFigure, figures.KeyAreaFigure, set()),
        (footprint.SourceFigure, figures.SourceFigure, set()),
        (footprint.GroupFigure, figures.GroupFigure, set()),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_answer_is_described_with_exactly_its_members(
    struct: type[msgspec.Struct], model: type[models.Answer], more: set[str]
):
    assert set(model.model_fields) == set(struct.__struct_fields__) | more


def test_every_operation_and_parameter_says_what_it_is():
    for method, path, operation in openapi.operations(DOCUMENT):
        assert operation["summary"], path
        assert operation["description"], path
        assert "default" in operation["responses"], (method, path)
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (path, parameter["name"])


def test_every_member_of_an_answer_says_what_it_is_or_has_a_type_that_does():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["description"], name
        for member, form in schema["properties"].items():
            said = {"description", "const", "enum"} & set(form) or "$ref" in str(form)
            assert said or name == "Ratio", f"{name}.{member}"


def test_the_routes_are_those_that_were_promised():
    assert {(method, path) for method, path, _ in openapi.operations(DOCUMENT)} == {
        ("POST", "/v1/batches"),
        ("GET", "/v1/disputes"),
        ("GET", "/v1/redactions"),
        ("GET", "/v1/redactions/draft"),
        ("GET", "/v1/seals"),
        ("GET", "/v1/seals/draft"),
        ("GET", "/v1/seals/{number}"),
        ("GET", "/v1/seals/{number}/companies"),
        ("GET", "/v1/seals/{number}/heads"),
        ("GET", "/v1/seals/{number}/lines"),
        ("GET", "/v1/bundles/{kind}"),
        ("GET", "/v1/receipts/{index}"),
        ("GET", "/v1/entries"),
        ("GET", "/v1/streams/{stream}/head"),
        ("GET", "/v1/streams/{stream}/entries"),
        ("GET", "/v1/events/{stream}@{version}/bundle"),
        ("GET", "/v1/footprints/companies/{party}"),
        ("GET", "/v1/footprints/area"),
        ("GET", "/v1/reports/{report}/companies/{party}"),
        ("GET", "/v1/reports/{report}/area"),
        ("GET", "/v1/explanations"),
        ("GET", "/v1/parties"),
        ("GET", "/v1/parties/{party}/sites"),
        ("GET", "/v1/parties/{party}/sources"),
        ("GET", "/v1/parties/{party}/targets"),
        ("GET", "/v1/parties/{party}/transfers"),
        ("GET", "/v1/factors"),
        ("GET", "/v1/status"),
        ("GET", "/health"),
        ("GET", "/metrics"),
        ("GET", "/{log_path}/checkpoint"),
        ("GET", "/{log_path}/tile/{tile}"),
    }


def test_the_reference_names_every_route_member_and_code():
    page = (ROOT / "docs/reference/api.md").read_text()
    for method, path, _ in openapi.operations(DOCUMENT):
        assert f"### `{method} {path}`" in page
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert f"### {name}\n" in page
        for member in schema["properties"]:
            assert f"| `{member}`" in page
