import hashlib

import orjson

from ledger.log import canonical, event
from ledger.log.hashes import ZEROS_HEX

DATA = b'{"salt":"5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c","type":"ActivityRecorded"}'


def test_the_header_is_canonical_json_of_six_members():
    header = event.header("ab" * 32, ZEROS_HEX, "acme/plant-7/gas", "ActivityRecorded", 42)
    assert canonical.decode(header) == {
        "data": "ab" * 32,
        "previous": ZEROS_HEX,
        "stream": "acme/plant-7/gas",
        "type": "ActivityRecorded",
        "v": 1,
        "version": 42,
    }


def test_the_leaf_hash_is_over_the_header_alone():
    header = orjson.dumps(
        {
            "data": hashlib.sha256(DATA).hexdigest(),
            "previous": "11" * 32,
            "stream": "acme/gas",
            "type": "ActivityRecorded",
            "v": 1,
            "version": 7,
        }
    )
    expected = hashlib.sha256(b"\x00" + header).digest()
    assert event.event_leaf(DATA, "11" * 32, "acme/gas", "ActivityRecorded", 7) == expected
