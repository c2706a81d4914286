"""The JCS examples of its author: inside our value space equal bytes, outside it refused."""

import json
from pathlib import Path

import pytest

from ledger.errors import NotCanonical
from ledger.log import canonical


def example(shared: Path, name: str) -> tuple[object, bytes]:
    folder = shared / "vectors/jcs"
    value = json.loads((folder / "input" / f"{name}.json").read_bytes())
    output = (folder / "output" / f"{name}.json").read_bytes()
    assert bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text()) == output
    return value, output


def test_arrays_under_a_member_have_the_same_bytes(shared: Path):
    value, output = example(shared, "arrays")
    with pytest.raises(NotCanonical, match="top level"):
        canonical.encode(value)
    # Its members are called "1" and "10", which ours may not be.
    with pytest.raises(NotCanonical, match="name"):
        canonical.encode({"a": value})
    renamed = json.loads(json.dumps(value).replace('"10"', '"b"').replace('"1"', '"a"'))
    expected = output.replace(b'"1"', b'"a"').replace(b'"10"', b'"b"')
    assert canonical.encode({"a": renamed}) == b'{"a":' + expected + b"}"


def test_strings_are_escaped_and_not_normalised_alike(shared: Path):
    value, output = example(shared, "unicode")
    with pytest.raises(NotCanonical, match="name"):
        canonical.encode(value)
    assert isinstance(value, dict)
    text = value["Unnormalized Unicode"]
    expected = output.replace(b"Unnormalized Unicode", b"unnormalized")
    assert canonical.encode({"unnormalized": text}) == expected


def test_values_are_equal_without_their_floats(shared: Path):
    value, output = example(shared, "values")
    with pytest.raises(NotCanonical):
        canonical.encode(value)
    assert isinstance(value, dict)
    floats = value.pop("numbers")
    for number in floats:
        with pytest.raises(NotCanonical):
            canonical.encode({"number": number})
    begin, end = output.index(b'"numbers"'), output.index(b'"string"')
    assert canonical.encode(value) == output[:begin] + output[end:]


def test_names_outside_ascii_are_refused_and_never_sorted(shared: Path):
    for name in ("french", "weird", "structures"):
        value, output = example(shared, name)
        with pytest.raises(NotCanonical):
            canonical.encode(value)
        with pytest.raises(NotCanonical):
            canonical.decode(output)


def test_strings_of_the_hostile_example_have_the_same_bytes(shared: Path):
    value, output = example(shared, "weird")
    assert isinstance(value, dict)
    for hostile in [*value.keys(), *value.values()]:
        spelled = canonical.encode({"a": hostile}).removeprefix(b'{"a":').removesuffix(b"}")
        assert spelled in output
        assert canonical.decode(b'{"a":' + spelled + b"}") == {"a": hostile}
