import pytest

from ledger.errors import BadName
from ledger.log import names


@pytest.mark.parametrize("party", ["a", "steelworks", "plant-7", "9to5", "a" * 63])
def test_a_party_is_lower_case_letters_digits_and_inner_hyphens(party: str):
    assert names.parse_party(party) == party


@pytest.mark.parametrize(
    "party", ["", "Acme", "-a", "a-", "a_b", "a.b", "a/b", "é", "a\n", "a" * 64, "٣"]
)
def test_anything_else_is_no_party(party: str):
    with pytest.raises(BadName):
        names.parse_party(party)


@pytest.mark.parametrize("stream", ["a/b", "acme/plant-7/electricity", "acme/keys", "a/b.c_d-e"])
def test_a_stream_has_a_party_and_segments(stream: str):
    assert names.parse_stream(stream) == stream


@pytest.mark.parametrize(
    "stream",
    ["acme", "acme/", "/acme", "acme//x", "acme/..", "acme/a..b", "acme/.a", "acme/x/", "acme/x\n"],
)
def test_anything_else_is_no_stream(stream: str):
    with pytest.raises(BadName):
        names.parse_stream(stream)


def test_a_stream_has_at_most_200_characters():
    longest = "acme/" + "/".join(["a" * 38] * 5)
    assert len(longest) == 199
    assert names.is_stream(longest)
    assert names.is_stream(longest + "a")
    assert not names.is_stream(longest + "aa")


def test_a_segment_has_at_most_63_characters():
    assert names.is_segment("a" * 63)
    assert not names.is_segment("a" * 64)
    assert not names.is_stream("acme/" + "a" * 64)


def test_a_prefix_covers_whole_segments_only():
    assert names.scope_covers("acme/plant-1/", "acme/plant-1/gas")
    assert not names.scope_covers("acme/plant-1/", "acme/plant-10/gas")
    assert not names.scope_covers("acme/plant-1/", "acme/plant-1")


def test_an_item_without_a_slash_covers_one_stream():
    assert names.scope_covers("acme/plant-1/gas", "acme/plant-1/gas")
    assert not names.scope_covers("acme/plant-1", "acme/plant-1/gas")


@pytest.mark.parametrize("item", ["acme/", "acme/plant/", "acme/plant/gas"])
def test_a_scope_item_is_a_stream_or_whole_segments(item: str):
    assert names.is_scope_item(item)


@pytest.mark.parametrize("item", ["", "/", "acme", "acme//", "acme/x//", "acme/*"])
def test_anything_else_is_no_scope_item(item: str):
    assert not names.is_scope_item(item)


@pytest.mark.parametrize("origin", ["ledger.example/log", "localhost:8000/log", "a.b/c/d~1"])
def test_an_origin_is_host_and_path(origin: str):
    assert names.parse_origin(origin) == origin


@pytest.mark.parametrize(
    "origin",
    [
        "ledger.example",
        "https://ledger.example/log",
        "ledger.example/log/",
        "ledger.example/lo g",
        "ledger.example/lo+g",
        "ledger..example/log",
        "ledger.example/../log",
        "ledger.example/log\n",
        "ledger.example/" + "a" * 256,
    ],
)
def test_anything_else_is_no_origin(origin: str):
    with pytest.raises(BadName):
        names.parse_origin(origin)


def test_an_event_is_named_by_stream_and_version():
    assert names.split_event(names.event_ref("acme/plant/gas", 42)) == ("acme/plant/gas", 42)
    assert names.party_of("acme/plant/gas") == "acme"


@pytest.mark.parametrize(
    "ref",
    [
        "acme/gas",
        "acme/gas@",
        "acme/gas@0",
        "acme/gas@01",
        "acme/gas@1\n",
        "acme@1",
        "a/b@9007199254740992",
    ],
)
def test_anything_else_names_no_event(ref: str):
    with pytest.raises(BadName):
        names.split_event(ref)


@pytest.mark.parametrize("name", ["Activity", "activity", "A1b", "Ab", "A" * 65, "Abc\n"])
def test_an_event_type_is_3_to_64_letters_with_a_capital_first(name: str):
    if name == "Activity":
        assert names.parse_event_type(name) == name
    else:
        with pytest.raises(BadName):
            names.parse_event_type(name)
