"""What a key's thumbprint looks like, before anything is signed about it."""

from __future__ import annotations

import pytest

from ledger.cli.key_request import parse_thumbprint
from ledger.errors import BadValue

KEY = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_thumbprint_is_what_key_list_shows():
    assert parse_thumbprint(KEY, "mill") == KEY


@pytest.mark.parametrize("text", ["", KEY[:-1], KEY + "k", KEY[:-1] + "l", KEY.replace("_", "/")])
def test_what_is_no_thumbprint_is_refused_with_how_to_find_one(text: str):
    with pytest.raises(BadValue, match="not the thumbprint of a key") as caught:
        parse_thumbprint(text, "mill")
    assert caught.value.advice == "See: carbon-ledger key list mill"
