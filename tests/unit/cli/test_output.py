"""Nothing that comes from elsewhere steers the terminal."""

from __future__ import annotations

import msgspec
import pytest

from ledger.cli.output import BAR_WIDTH, bar, clean, show_error
from ledger.errors import ProofFailed


def test_a_bar_is_as_long_as_its_share():
    assert bar(10, 10) == "█" * BAR_WIDTH
    assert bar(5, 10) == "█" * (BAR_WIDTH // 2)
    assert bar(1, 1_000_000) == "▏"
    assert bar(0, 10) == ""
    assert bar(-3, 10) == ""
    assert bar(3, 0) == ""


def test_control_characters_are_shown_and_not_sent():
    assert clean("a\x1b[31mred\x07\u202e") == "a\\x1b[31mred\\x07\\u202e"
    assert clean("two\nlines, 钢铁, 0.5 °C") == "two\nlines, 钢铁, 0.5 °C"


def test_an_error_about_a_file_names_its_defect_and_no_other_error_has_one(
    capsys: pytest.CaptureFixture[str],
):
    error = ProofFailed("it does not hold", expected="one", found="another", defect="left-out")
    show_error(error, as_json=True)
    show_error(error, as_json=False)
    show_error(ProofFailed("it does not hold"), as_json=True)
    out, err = capsys.readouterr()
    named, unnamed = (msgspec.json.decode(line)["error"] for line in out.splitlines())
    assert named["defect"] == "left-out"
    assert "defect" not in unnamed
    assert err.splitlines()[-1] == "  defect    left-out"
