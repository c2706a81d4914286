"""Reading over HTTP: what is public, what a token opens, and that nothing else can be learnt."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest

from ledger import machine
from ledger.log import batch, jws, keys, page
from ledger.log.bundle import read_bundle
from ledger.log.bundle_kinds import EventSubject
from ledger.log.bundle_proof import open_bundle
from ledger.log.canonical import encode
from ledger.log.keys import PrivateKey
from ledger.parties.events import Jwk, KeyAuthorized, KeyRevoked
from ledger.parties.token import TYPE
from tests.e2e.api.park import (
    INSPECTORATE,
    METER,
    OPERATOR,
    ORIGIN,
    STEELWORKS,
    TOWER,
    UNKNOWN,
    Park,
    reading,
    salt,
)

READING: Final = "/v1/events/steelworks/plant-1/electricity@42/bundle"
PRIVATE: Final = {
    "footprint": (
        "/v1/footprints/companies/steelworks?period=2018",
        "/v1/footprints/companies/nobody?period=2018",
    ),
    "sites": ("/v1/parties/steelworks/sites", "/v1/parties/nobody/sites"),
    "sources": ("/v1/parties/steelworks/sources", "/v1/parties/nobody/sources"),
    "targets": ("/v1/parties/steelworks/targets", "/v1/parties/nobody/targets"),
    "transfers": ("/v1/parties/steelworks/transfers", "/v1/parties/nobody/transfers"),
    "reading": (READING, "/v1/events/steelworks/plant-1/nothing@42/bundle"),
    "entries": (
        "/v1/streams/steelworks/plant-1/electricity/entries",
        "/v1/streams/steelworks/plant-1/nothing/entries",
    ),
    "register": (
        "/v1/events/steelworks/register@1/bundle",
        "/v1/events/nobody/register@1/bundle",
    ),
}
"""Per route: something private that exists, and something that does not."""
AREA: Final = "/v1/footprints/area?period=2018-01"
JANUARY_MG: Final = "581243250"
"""95 readings of 10.5 kWh at 0.5827 kg/kWh: 6 118 350 mg each."""


def content(answer: httpx.Response) -> dict[str, Any]:
    """An answer that is yes."""
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


# ------------------------------------------------------------------ figures


def test_a_company_reads_its_own_footprint(park: Park):
    figure = content(park.get("/v1/footprints/companies/steelworks?period=2018-01", STEELWORKS))
    assert figure["total"] == {"mass_mg": {"CO2": JANUARY_MG}}
    assert figure["months"] == [{"month": "2018-01", "mass_mg": {"CO2": JANUARY_MG}}]
    (source,) = [s for s in figure["sources"] if s["readings"]]
    assert (source["quantity"], source["unit"], source["readings"]) == ("997.5", "kWh", 95)


def test_a_footprint_as_of_an_earlier_size_does_not_know_what_came_later(park: Park):
    stream = park.new_source()
    before = content(park.get("/v1/status"))["size"]
    park.post(METER, stream, reading("2020-03-01", 0, "1000"))
    path = "/v1/footprints/companies/steelworks?period=2020-03"

    now = content(park.get(path, STEELWORKS))
    then = content(park.get(f"{path}&as_of={before}", STEELWORKS))

    assert now["total"] == {"mass_mg": {"CO2": "582700000"}}
    assert (then["total"], then["size"]) == ({"mass_mg": {}}, before)


@pytest.mark.parametrize("key", [OPERATOR, INSPECTORATE], ids=["operator", "regulator"])
def test_the_operator_and_the_regulator_read_the_area_and_every_company(
    park: Park, key: PrivateKey
):
    area = content(park.get(AREA, key))
    assert area["total"] == {"mass_mg": {"CO2": JANUARY_MG}}
    assert area["key_areas"][0]["key_area"] == "industry"
    assert area["sources"] == []
    for existing, _ in PRIVATE.values():
        assert park.get(existing, key).status_code == 200, existing


def test_what_the_regulator_reads_is_recorded(service: tuple[Any, Park]):
    process, park = service
    park.get("/v1/parties/tower/sites", INSPECTORATE)
    records = [line for line in process.log if line["event"] == "regulator-read"]
    assert {"reader": "inspectorate", "party": "tower"}.items() <= records[-1].items()


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v1/disputes", "disputes of all parties"),
        ("/v1/redactions", "redactions of all parties"),
        (AREA, "figures of the area that are not sealed"),
    ],
)
def test_what_the_regulator_reads_of_everybody_is_recorded(
    service: tuple[Any, Park], path: str, what: str
):
    process, park = service
    assert park.get(path, OPERATOR).status_code == park.get(path, INSPECTORATE).status_code == 200
    read = [line for line in process.log if line["event"] == "regulator-read"]
    assert [line["reader"] for line in read if line["what"] == what][-1:] == ["inspectorate"]
    assert {line["reader"] for line in read} == {"inspectorate"}


@pytest.mark.parametrize(
    "period",
    ["", "18", "2018-13", "2018-00", "2018-1", "2018-12..2018-01", "0000", "1900..2100-01"],
)
def test_a_period_out_of_form_is_refused(park: Park, period: str):
    answer = park.get(f"/v1/footprints/companies/steelworks?period={period}", STEELWORKS)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-value")


@pytest.mark.parametrize("size", ["-1", "x", "1.5", "9007199254740992", "999999"])
def test_a_size_that_the_log_never_had_is_refused(park: Park, size: str):
    path = f"/v1/footprints/companies/steelworks?period=2018&as_of={size}"
    assert park.get(path, STEELWORKS).json()["status"] == 400


# ------------------------------------------------------------------ who may not


@pytest.mark.parametrize("thing", PRIVATE)
def test_without_a_token_nobody_learns_whether_a_private_thing_exists(park: Park, thing: str):
    existing, missing = (park.get(path) for path in PRIVATE[thing])
    assert existing.status_code == missing.status_code == 401
    assert existing.headers["www-authenticate"].startswith("Bearer")
    assert existing.json()["code"] == "not-signed-in"
    assert existing.content == missing.content
    assert {**existing.headers, "date": ""} == {**missing.headers, "date": ""}


@pytest.mark.parametrize("thing", PRIVATE)
def test_another_companys_token_gets_the_answer_of_a_thing_that_is_not_there(
    park: Park, thing: str
):
    existing, missing = (park.get(path, TOWER) for path in PRIVATE[thing])
    assert existing.status_code == missing.status_code == 404
    assert existing.content == missing.content
    assert "steelworks" not in existing.text


def test_a_company_may_not_read_the_area_before_it_is_sealed(park: Park):
    answer = park.get(AREA, STEELWORKS)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-authorised")


def _claims(**changes: object) -> dict[str, object]:
    now_s = int(time.time())
    claims: dict[str, object] = {
        "aud": ORIGIN,
        "exp": now_s + 300,
        "iat": now_s,
        "jti": secrets.token_hex(16),
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def _signed(key: PrivateKey, typ: str = TYPE, **changes: object) -> str:
    return jws.sign(key, typ, encode(_claims(**changes))).decode()


def _with_algorithm(name: str) -> str:
    header = encode({"alg": name, "kid": STEELWORKS.public.thumbprint, "typ": TYPE})
    signing_input = ".".join(map(keys.encode_base64url, (header, encode(_claims()))))
    signature = keys.encode_base64url(STEELWORKS.sign(signing_input.encode()))
    return f"{signing_input}.{'' if name == 'none' else signature}"


def _flipped(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


TOKENS: Final[dict[str, Callable[[], str]]] = {
    "expired": lambda: _signed(STEELWORKS, iat=int(time.time()) - 600, exp=int(time.time()) - 300),
    "from the future": lambda: _signed(
        STEELWORKS, iat=int(time.time()) + 3600, exp=int(time.time()) + 3700
    ),
    "for another ledger": lambda: _signed(STEELWORKS, aud="other.example/log"),
    "for nobody": lambda: _signed(STEELWORKS, aud=None),
    "too long a life": lambda: _signed(STEELWORKS, exp=int(time.time()) + 301),
    "no end": lambda: _signed(STEELWORKS, exp=None),
    "no identity": lambda: _signed(STEELWORKS, jti=None),
    "one claim more": lambda: _signed(STEELWORKS, sub="operator"),
    "a meter's key": lambda: _signed(METER),
    "an unknown key": lambda: _signed(UNKNOWN),
    "another use": lambda: _signed(STEELWORKS, typ=jws.BATCH),
    "EdDSA": lambda: _with_algorithm("EdDSA"),
    "none": lambda: _with_algorithm("none"),
    "flipped": lambda: _flipped(_signed(STEELWORKS)),
    "garbage": lambda: "garbage",
    "dots": lambda: "..",
    "long": lambda: "x" * 8_000,
}


@pytest.mark.parametrize("defect", TOKENS)
def test_a_token_that_does_not_hold_opens_nothing(park: Park, defect: str):
    token = TOKENS[defect]()
    for path in (PRIVATE["footprint"][0], READING, AREA):
        answer = park.client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in"), answer.text


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Token x", ""])
def test_another_way_to_sign_in_opens_nothing(park: Park, header: str):
    answer = park.client.get(PRIVATE["sites"][0], headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_key_that_may_read_reads_until_it_is_revoked(park: Park):
    key = PrivateKey.from_seed(bytes([8]) * 32)
    authorised = KeyAuthorized(
        salt=salt(),
        key=Jwk(**key.public.jwk),
        proof=jws.possession_proof(key, park.log, "steelworks"),
        scope=(),
        read=True,
    )
    path = PRIVATE["sites"][0]
    assert park.get(path, key).status_code == 401
    park.post(STEELWORKS, "steelworks/keys", authorised)
    assert park.get(path, key).status_code == 200
    revoked = KeyRevoked(
        salt=salt(), key=key.public.thumbprint, reason="lost", compromised_from=None
    )
    park.post(STEELWORKS, "steelworks/keys", revoked)
    assert park.get(path, key).status_code == 401


# ------------------------------------------------------------------ what everybody may see


def test_parties_with_their_keys_are_public(park: Park):
    parties = {p["party"]: p for p in park.get("/v1/parties").json()}
    assert {"operator", "steelworks", "tower", "inspectorate"} <= set(parties)
    held = {key["key"]: key for key in parties["steelworks"]["keys"]}
    assert held[METER.public.thumbprint]["scope"] == ["steelworks/plant-1/"]
    assert held[METER.public.thumbprint]["read"] is False
    assert held[STEELWORKS.public.thumbprint]["admin"] is True


def test_factors_are_public(park: Park):
    (factor,) = park.get("/v1/factors").json()
    assert factor["factor"] == "operator/grid-jiangsu@2023"
    assert factor["gases_kg_per_unit"] == {"CO2": "0.5827"}


def test_a_companys_sites_and_sources_are_as_it_registered_them(park: Park):
    sites = park.get("/v1/parties/steelworks/sites", STEELWORKS).json()
    assert [(site["site"], site["region"]) for site in sites] == [("plant", "CN-JS")]
    sources = park.get("/v1/parties/steelworks/sources", STEELWORKS).json()
    source = next(s for s in sources if s["stream"] == "steelworks/plant-1/electricity")
    assert source["factors"] == {"location": "operator/grid-jiangsu@2023"}
    assert source["interval_s"] == 900
    assert source["plausible"] == ["0", "100000"]


@pytest.mark.parametrize("event", ["operator/ledger@1", "steelworks/keys@2", "operator/factors@1"])
def test_the_bundle_of_a_public_event_needs_no_token_and_holds(park: Park, event: str):
    answer = park.get(f"/v1/events/{event}/bundle")
    assert answer.headers["content-type"] == "application/vnd.carbon-ledger.bundle+json"
    opened = open_bundle(read_bundle(answer.content), park.log)
    assert opened.checkpoint.origin == ORIGIN


def test_a_companys_bundle_of_a_reading_holds(park: Park):
    answer = park.get(READING, STEELWORKS)
    assert answer.headers["cache-control"] == "no-store"
    bundle = read_bundle(answer.content)
    assert bundle.subject == EventSubject(event="steelworks/plant-1/electricity@42")
    assert open_bundle(bundle, park.log).checkpoint.size <= park.get("/v1/status").json()["size"]


def test_a_stream_is_read_back_as_it_was_posted(park: Park):
    path = "/v1/streams/steelworks/plant-1/electricity/entries"
    answer = park.get(path, STEELWORKS)
    assert answer.headers["content-type"] == page.MEDIA_TYPE
    assert answer.headers["cache-control"] == "no-store"
    entries = page.read_page(answer.content)
    head = park.get("/v1/streams/steelworks/plant-1/electricity/head").json()
    assert entries[0].signed.statement.first == 1
    assert entries[-1].signed.statement.last == head["version"]
    assert entries[-1].signed.statement.head == head["leaf"]
    for entry in entries:
        types = [type(event).__name__ for event in machine.read_events(entry.lines)]
        batch.chain(entry.lines, types, entry.signed.statement)
    # A version within a batch names the whole of it; the end of the stream is the end of the page.
    last = entries[-1]
    within = park.get(f"{path}?from={last.signed.statement.last}", STEELWORKS).content
    assert page.read_page(within) == [last]
    assert park.get(f"{path}?from={head['version'] + 1}", STEELWORKS).status_code == 404
    assert park.get(f"{path}?from=0", STEELWORKS).status_code == 400


def test_public_streams_are_read_back_by_anybody(park: Park):
    answer = park.get("/v1/streams/operator/factors/entries")
    assert [e.signed.statement.stream for e in page.read_page(answer.content)][:1] == [
        "operator/factors"
    ]
    assert park.get("/v1/streams/nobody/keys/entries").status_code == 404
    assert park.get("/v1/streams/Steelworks/x/entries").json()["code"] == "bad-name"


def test_an_event_that_is_not_there_is_not_found(park: Park):
    for event in ("operator/ledger@99", "nobody/keys@1"):
        assert park.get(f"/v1/events/{event}/bundle").status_code == 404
    for path in ("operator/ledger@0", "operator/ledger@01", "operator/ledger@x", "Operator/x@1"):
        assert park.get(f"/v1/events/{path}/bundle").json()["code"] == "bad-name"


def test_a_stream_without_events_has_no_head(park: Park):
    assert park.get("/v1/streams/steelworks/plant-1/none/head").status_code == 404
    assert park.get("/v1/streams/Steelworks/x/head").json()["code"] == "bad-name"
    head = content(park.get("/v1/streams/operator/ledger/head"))
    assert (head["stream"], head["version"]) == ("operator/ledger", 1)
