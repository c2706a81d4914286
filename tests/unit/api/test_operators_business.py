"""Why the ledger cannot do it now is told to the operator; a stranger is told what to do."""

from __future__ import annotations

import json

import pytest
import structlog.testing

from api.errors import problem
from ledger.errors import DatabaseUnavailable, LedgerError, LogStopped
from ledger.service.signer import log_ended

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


def test_whoever_posts_to_a_log_that_ended_is_told_which_one_goes_on():
    answer = problem(log_ended("ledger.example/log", "ledger.example/log-2+5e1d90c2+Ab=="))
    said = json.loads(bytes(answer.body))
    assert (answer.status_code, said["code"]) == (503, "log-ended")
    assert said["detail"] == "the log ledger.example/log has ended"
    assert said["found"] == "it is continued by ledger.example/log-2+5e1d90c2+Ab=="
    assert said["advice"].startswith("Post to that log")
