"""What the service writes down is one JSON object a line, and never somebody's data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
HEAD = "import logging, structlog\nfrom api import journal\njournal.configure()\n"


def written(program: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", HEAD + program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_our_own_lines_and_those_of_others_have_one_form():
    ours, theirs = written(
        "structlog.get_logger().info('request', status=200)\n"
        "logging.getLogger('uvicorn.error').warning('Invalid %s', 'request')\n"
    )
    assert {"event": "request", "status": 200, "level": "info"}.items() <= ours.items()
    assert {"event": "Invalid request", "level": "warning"}.items() <= theirs.items()
    assert ours["timestamp"].endswith("Z")
    assert theirs["timestamp"].endswith("Z")


def test_what_others_say_in_passing_is_not_written():
    assert written("logging.getLogger('uvicorn.error').info('Started server process')") == []


def test_an_exception_of_others_is_written_without_its_text():
    (line,) = written(
        "try:\n"
        "    raise ValueError('the reading of steelworks is 3.17')\n"
        "except ValueError:\n"
        "    logging.getLogger('ledger').exception('a group could not be appended')\n"
    )
    assert line["event"] == "a group could not be appended"
    assert (line["error"], line["places"]) == ("ValueError", ["<string>:5 <module>"])
    assert "3.17" not in json.dumps(line)
