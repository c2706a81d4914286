"""The service behaves as it describes itself, whatever is asked (schemathesis, few examples)."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.e2e.api.park import OPERATOR, Park

EXAMPLES = 12


@pytest.fixture
def described(park: Park) -> Any:
    """The description that the running service gives."""
    return schemathesis.openapi.from_url(f"{park.url}/openapi.json")


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_is_described(case: Any, park: Park):
    token = park.token(OPERATOR)
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"})


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_to_a_stranger_is_one_that_is_described(case: Any):
    answer = case.call_and_validate()
    if case.operation.path.startswith(("/v1/footprints", "/v1/parties/{")):
        assert answer.status_code in {400, 401, 404, 405}
