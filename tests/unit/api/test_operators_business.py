"""Why the ledger cannot do it now is told to the operator; a stranger is told what to do."""

from __future__ import annotations

import json

import pytest
import structlog.testing

from api.errors import problem
from ledger.errors import DatabaseUnavailable, LedgerError, LogStopped

SECRETS = ("/srv/park/checkpoints", "db.internal", 'user "park"', "5f0c")
ERRORS = [
    DatabaseUnavailable(
        "the database does not answer",
        found='connection to server at "db.internal", port 5432 failed for user "park"',
        advice="Check that the database runs.",
    ),
    LogStopped(
        "the checkpoint file /srv/park/checkpoints is empty",
        expected="root 5f0c",
        found="none",
        advice="Bring the file back from where you keep it.",
    ),
    LogStopped("the ledger has no entry 0"),
]


@pytest.mark.parametrize("error", ERRORS)
def test_hosts_logins_and_paths_stand_in_the_log_and_not_in_the_answer(error: LedgerError):
    with structlog.testing.capture_logs() as written:
        answer = problem(error)
    text = bytes(answer.body).decode()
    said = json.loads(text)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert said["code"] == error.code
    assert said["advice"]
    assert [secret for secret in SECRETS if secret in text] == []
    assert written == [
        {
            "log_level": "error",
            "event": error.code,
            "what": error.what,
            "expected": error.expected,
            "found": error.found,
        }
    ]
