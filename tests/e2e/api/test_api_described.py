"""The service behaves as it describes itself, whatever is asked (schemathesis, few examples)."""

from __future__ import annotations

from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from ledger.log import batch
from tests.e2e.api.park import OPERATOR, ROOT, Park

EXAMPLES: Final = 10
DESCRIBED: Final = schemathesis.openapi.from_path(ROOT / "schemas" / "openapi.json")
OPERATIONS: Final = [
    found.ok() for found in DESCRIBED.get_all_operations() if isinstance(found, Ok)
]
WITH_PARAMETERS: Final = [found for found in OPERATIONS if found.path_parameters or found.query]
PRIVATE: Final = (
    "/v1/footprints/",
    "/v1/parties/{",
    "/v1/reports/",
    "/v1/explanations",
    "/v1/redactions",
    "/v1/seals/draft",
)
BEYOND_FORM: Final = (
    "/v1/batches",
    "/v1/bundles/",
    "/v1/footprints/",
    "/v1/parties/{party}/transfers",
    "/v1/reports/",
    "/v1/explanations",
    "/v1/redactions/draft",
    "/v1/seals/draft",
)
"""A body in form is refused without a signature, a subject that is not one of its kind, a period that ends before it begins, a report of
a party that is made of the area only, and a figure of a size that the log has not reached."""
ANY_NAME: Final = ("/v1/disputes",)
"""Its one parameter may be absent, so most of what is out of form is a name that the service passes over."""

bounded = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@schemathesis.serializer(batch.MEDIA_TYPE)
def as_bytes(_context: schemathesis.SerializationContext, value: object) -> bytes:
    return str(value).encode()


def label(operation: Any) -> str:
    return str(operation.label)


def validate(case: Any, park: Park, **headers: str) -> Any:
    """Ask, and compare the answer with everything that the description says of it."""
    left_out = [positive_data_acceptance] if case.path.startswith(BEYOND_FORM) else []
    left_out += [negative_data_rejection] if case.path.startswith(ANY_NAME) else []
    return case.call_and_validate(base_url=park.url, headers=headers, excluded_checks=left_out)


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_what_is_in_form_is_answered_as_described(park: Park, operation: Any):
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    @bounded
    def asked(case: Any) -> None:
        validate(case, park, Authorization=f"Bearer {park.token(OPERATOR)}")

    asked()


@pytest.mark.parametrize("operation", WITH_PARAMETERS, ids=label)
def test_what_is_out_of_form_is_answered_as_described(park: Park, operation: Any):
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    @bounded
    def asked(case: Any) -> None:
        validate(case, park, Authorization=f"Bearer {park.token(OPERATOR)}")

    asked()


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_a_stranger_is_answered_as_described(park: Park, operation: Any):
    @given(case=operation.as_strategy())
    @bounded
    def asked(case: Any) -> None:
        answer = validate(case, park)
        if operation.path.startswith(PRIVATE):
            assert answer.status_code in {400, 401, 404}

    asked()
