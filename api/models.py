"""What the service answers, member by member, with units and examples.

These describe; they compute nothing. An answer is the service's own struct with exactly these
members: a member that is not described here is a fault, and a test asks every route.
Source: formats, sections 2 to 9; accounting rules, section 1.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

HashHex = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256, 64 lower-case hexadecimal digits.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ),
]
PROBLEM = "urn:carbon-ledger:problem:"
"""Before the code: the type of a problem is a name, not an address that has to answer."""

PartyName = Annotated[
    str, Field(description="The party's name on the ledger.", examples=["steelworks"])
]
StreamName = Annotated[
    str,
    Field(
        description="`<party>/<segment>[/<segment>…]`.", examples=["steelworks/plant/electricity"]
    ),
]
EventRef = Annotated[
    str, Field(description="`<stream>@<version>`.", examples=["steelworks/register@1"])
]
FactorRef = Annotated[
    str, Field(description="`<publisher>/<id>@<version>`.", examples=["operator/grid-jiangsu@2023"])
]
Role = Literal["direct", "lifecycle", "location", "market", "upstream"]
Mass = Annotated[str, Field(pattern=r"^-?(0|[1-9][0-9]*)$", examples=["559182408637"])]
MassMg = Annotated[
    dict[str, Mass],
    Field(
        description="Gas to mass in integer milligrams, as a string: a year of one plant can pass 2^53.",
        examples=[{"CO2": "559182408637"}],
    ),
]


class Answer(BaseModel):
    """Members beyond those described are a fault of ours, so they are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Posted(Answer):
    """The batch is durable, in the tree and under a signed checkpoint."""

    index: int = Field(description="Index of the log entry, from 0.", examples=[7])
    stream: StreamName
    first: int = Field(description="Version of the batch's first event.", examples=[1])
    count: int = Field(description="How many events the batch has.", examples=[96])
    size: int = Field(description="Size of the log in the receipt's checkpoint.", examples=[8])
    receipt: str = Field(
        description="C2SP tlog-proof of the entry: check it against the log's key.",
        examples=["c2sp.org/tlog-proof@v1\nindex 7\n…"],
    )
    repeated: bool = Field(
        description="Whether these very bytes had been posted before (then the status is 200).",
        examples=[False],
    )


class StreamHead(Answer):
    """The last event of a stream; the next batch goes on from it."""

    stream: StreamName
    version: int = Field(description="Version of the last event.", examples=[35040])
    leaf: HashHex = Field(description="Leaf hash of the last event: `previous` of the next batch.")


class Witness(Answer):
    """A witness of the log, and how far it has come."""

    witness: str = Field(
        description="Name under which it cosigns.", examples=["witness.example/w1"]
    )
    role: Literal["certifier", "regulator", "other"] = Field(description="What it is.")
    state: Literal["cosigned", "behind", "away"] = Field(
        description="Whether it has cosigned the newest checkpoint, or does not answer."
    )
    size: int = Field(
        description="Size of the newest checkpoint that it has cosigned, 0 for none.",
        examples=[812],
    )
    cosigned_at: str | None = Field(description="When, as it says itself, or null.")
    replays: bool = Field(
        description="Whether it cosigns only what it has folded itself, from all entries."
    )


class EarlierLog(Answer):
    """A log that came to its end and is continued by this ledger's, in its own numbers."""

    origin: str = Field(description="Host and path of the log.", examples=["ledger.example/log"])
    log_key: str = Field(description="Its verifier key (C2SP vkey).")
    size: int = Field(description="Its entries that are here.", examples=[812])
    root: HashHex = Field(description="RFC 6962 root over them.")
    signed_size: int = Field(
        description="Of the newest checkpoint that it had signed; what is more was lost.",
        examples=[812],
    )
    checkpoint: str | None = Field(
        description="The newest note over these entries, under which they are proven; or null."
    )


class Status(Answer):
    """Whose ledger this is, under which rules, and how far it has come."""

    origin: str = Field(description="Host and path of the log.", examples=["ledger.example/log"])
    log_key: str = Field(
        description="The log's verifier key (C2SP vkey): all that an outsider has to trust.",
        examples=["ledger.example/log+033de0ae+Ac…"],
    )
    operator: PartyName
    area: str = Field(description="The area's name.", examples=["Example park"])
    timezone: str = Field(
        description="Months begin and end in this time zone.", examples=["Asia/Shanghai"]
    )
    rules_version: str = Field(description="Rule pack in force.", examples=["1"])
    rules_sha256: HashHex = Field(description="SHA-256 of the rule pack.")
    size: int = Field(description="Log entries.", examples=[812])
    events: int = Field(description="Events in all entries.", examples=[35060])
    root: HashHex = Field(description="RFC 6962 root over the entries.")
    witness_policy: str | None = Field(
        description="How many witnesses make a checkpoint count as published; null without any.",
        examples=["certifier=1,regulator=1"],
    )
    witnessed_size: int | None = Field(
        description="Size of the published checkpoint, the newest that meets the policy; or null.",
        examples=[812],
    )
    witnesses: list[Witness] = Field(description="The witnesses that the ledger asks.")
    earlier: list[EarlierLog] = Field(
        description="The logs that this one continues, oldest first; none for most. An index or size "
        "below 0, in any answer, is one of theirs: in the last one, of N entries, index i and size i "
        "are i - N here, and those before it follow downwards."
    )
    continued_by: str | None = Field(
        description="Verifier key of the log that continues this one, which has ended and takes nothing "
        "any more; null while it goes on.",
        examples=["ledger.example/log-2+5e1d90c2+Ab…"],
    )
    redactions_waiting: int = Field(
        description="Confirmed redactions whose data could not be taken out yet; the log of the "
        "service says why.",
        examples=[0],
    )


class Health(Answer):
    """The service and its database answer."""

    ok: Literal[True] = Field(description="Always true: otherwise the status is 503.")
    size: int = Field(description="Log entries.", examples=[812])


class Key(Answer):
    """A key over time: it may sign entries with `authorised` < index ≤ `revoked`."""

    key: str = Field(
        description="RFC 7638 thumbprint, SHA-256, base64url.",
        examples=["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"],
    )
    authorised: int = Field(
        description="Index of the entry that brought it, below 0 in an earlier log.", examples=[1]
    )
    revoked: int | None = Field(
        description="Index of the entry that ended it, below 0 in an earlier log, or null."
    )
    scope: list[str] = Field(
        description="What it may sign: an item that ends in `/` is a prefix of whole segments.",
        examples=[["steelworks/"]],
    )
    event_types: list[str] | None = Field(description="Event types it may sign; null: all.")
    admin: bool = Field(description="Whether it manages its party's keys.")
    read: bool = Field(description="Whether it may sign reader's tokens.")
    recovered: bool = Field(description="Whether it came by a recovery.")
    compromised_from: int | None = Field(
        description="Entries from this index on that it has signed are disputed, or null."
    )
    confirmed: list[tuple[int, int]] = Field(
        description="But for those at these indexes, from, until, by which the party stands."
    )


class Party(Answer):
    """A registered party, with its keys in the order of their arrival. Public."""

    party: PartyName
    name: str = Field(description="Name of the organisation.", examples=["Steel works"])
    roles: list[str] = Field(description="What it is on this ledger.", examples=[["company"]])
    event: EventRef = Field(description="The event that registered it.")
    lei: str | None = Field(description="Legal Entity Identifier (ISO 17442), or null.")
    uscc: str | None = Field(description="Unified social credit code of China, or null.")
    region: str | None = Field(description="ISO 3166 country or subdivision, or null.")
    keys: list[Key]


class Dispute(Answer):
    """An entry of a compromised key that its party has neither confirmed nor undone. Private."""

    party: PartyName
    key: str = Field(description="RFC 7638 thumbprint of the key.")
    index: int = Field(
        description="Index of the log entry. Below 0 it is one of an earlier log, counted back from "
        "this log's entry 0: it can be withdrawn or corrected, and not confirmed any more.",
        examples=[812],
    )
    stream: StreamName
    first: int = Field(description="Version of its first event.", examples=[42])
    count: int = Field(description="How many events it holds.", examples=[96])
    types: list[str] = Field(
        description="Types of its events, each once.", examples=[["ActivityRecorded"]]
    )
    signed_at: str = Field(
        description="When, as the signature says.", examples=["2026-11-20T06:00:00Z"]
    )
    settled: int = Field(
        description="How many of its events were withdrawn, corrected or superseded since.",
        examples=[0],
    )


class Ratio(Answer):
    """A number that no decimal of 12 places gives exactly, in lowest terms."""

    num: str = Field(examples=["307"])
    den: str = Field(examples=["2800000"])


class Factor(Answer):
    """A published factor. Public."""

    factor: FactorRef
    activity: str = Field(
        description="Activity of the catalogue.", examples=["electricity.purchased"]
    )
    unit: str = Field(description="Unit of the activity's quantity.", examples=["kWh"])
    kind: str = Field(description="Kinds are not interchangeable.", examples=["grid-average"])
    region: str = Field(description="ISO 3166 country or subdivision.", examples=["CN-JS"])
    year: int = Field(description="Year of its data.", examples=[2023])
    valid: tuple[str, str] = Field(
        description="Activity days for which its publisher allows it: first, and day after the last.",
        examples=[["2018-01-01", "2027-01-01"]],
    )
    gases_kg_per_unit: dict[str, str | Ratio] = Field(
        description="Gas to kilograms per unit: a decimal, or a ratio where none is exact.",
        examples=[{"CO2": "0.5827"}],
    )
    title: str = Field(description="The document it was taken from.", examples=["Notice 2025-47"])
    event: EventRef = Field(description="The event that published it.")
    number: str | None = Field(description="The document's number, or null.")
    sha256: str | None = Field(description="SHA-256 of the document, or null.")
    properties: dict[str, str | Ratio] = Field(
        description="Density, calorific value and the like, by name.",
        examples=[{"ncv_gj_per_t": "42.652"}],
    )
    uncertainty_percent: str | None = Field(description="95 % half-width, or null.")
    unverified: bool = Field(description="A company's own factor that no certifier has confirmed.")
    confirmed_by: list[EventRef] = Field(description="Events in which certifiers confirmed it.")


class Site(Answer):
    """A place of a party. Private."""

    party: PartyName
    site: str = Field(description="The site's name within its party.", examples=["plant"])
    region: str = Field(description="ISO 3166 country or subdivision.", examples=["CN-JS"])
    inside: bool = Field(description="Whether it lies inside the area.")
    event: EventRef = Field(description="The event that registered it.")
    name: str | None = Field(description="A name for people, or null.")


class Source(Answer):
    """A source as it stands now. Private."""

    stream: StreamName
    party: PartyName
    site: str = Field(description="The site it belongs to.", examples=["plant"])
    region: str = Field(description="The site's region.", examples=["CN-JS"])
    inside: bool = Field(description="Whether the site lies inside the area.")
    activity: str = Field(
        description="Activity of the catalogue.", examples=["electricity.purchased"]
    )
    unit: str = Field(description="Unit of its readings.", examples=["kWh"])
    scope: int | None = Field(description="GHG Protocol scope 1 to 3, or null.", examples=[2])
    key_area: str = Field(description="One of the area's eight key areas.", examples=["industry"])
    kind: str = Field(description="`continuous` or `discrete`.", examples=["continuous"])
    flow: str = Field(description="`in`, `out`, `opening` or `closing`.", examples=["in"])
    factors: dict[Role, FactorRef] = Field(
        description="Role to factor, the latest of each.",
        examples=[{"location": "operator/grid-jiangsu@2023"}],
    )
    event: EventRef = Field(description="The event that registered it.")
    category: int | None = Field(description="Scope 3 category 1 to 15, or null.")
    balance_group: str | None = Field(description="Mass balance it takes part in, or null.")
    interval_s: int | None = Field(description="Seconds between readings, or null.", examples=[900])
    gpc: str | None = Field(description="Line of the Global Protocol for Communities, or null.")
    part_of: str | None = Field(description="The meter it is a part of, or null: never added.")
    plausible: tuple[str, str] | None = Field(description="Least and greatest reading, or null.")
    uncertainty_percent: str | None = Field(description="95 % half-width in percent, or null.")
    name: str | None = Field(description="A name for people, or null.")
    closed_at: str | None = Field(description="When it ended (UTC), or null.")


class Transfer(Answer):
    """A transfer as one of its two sides may see it, as it stands now. Private."""

    event: EventRef = Field(description="The event that recorded it: the one to acknowledge.")
    month: str = Field(description="The month of it.", examples=["2026-02"])
    kind: str = Field(
        description="`carbon-carrier`, `energy` or `pass-through`.", examples=["pass-through"]
    )
    side: str = Field(description="What the party did: `sent` or `received`.", examples=["sent"])
    other: str | None = Field(
        description="The other side, or null where it left the area.", examples=["tenant"]
    )
    quantity: str = Field(description="As the sender states it.", examples=["1200"])
    unit: str = Field(description="Of the quantity.", examples=["kWh"])
    state: str = Field(
        description="`open`, `acknowledged`, `differs`, `withdrawn`, `superseded`, or `out` of the area.",
        examples=["open"],
    )
    reference: str | None = Field(description="Number of the bill, or null.")
    acknowledged: tuple[str, str] | None = Field(
        description="Quantity and unit that the receiver last stated, or null.",
        examples=[["1200", "kWh"]],
    )
    acknowledgement: EventRef | None = Field(
        description="The receiver's event, told to the receiver alone; or null."
    )
    stream: StreamName | None = Field(
        description="The party's own stream that it left or reached, or null."
    )


class Target(Answer):
    """One statement of a target."""

    event: EventRef = Field(description="The event that states it: the one to ask a proof of.")
    index: int = Field(
        description="Of the log entry that holds it, below 0 in an earlier log.", examples=[812]
    )
    target: str = Field(description="Its name.", examples=["neutral-2028"])
    stands: bool = Field(description="Whether no later statement has taken its place.")
    view: str = Field(description="The view that it is about.", examples=["park"])
    gwp: str = Field(description="The GWP set by which gases are added up.", examples=["AR5"])
    gases: list[str] = Field(description="Those that it counts; none named: all.")
    base_year: int = Field(description="The year that is compared with.", examples=[2023])
    base_size: int = Field(
        description="The log size that the base was read at, below 0 in an earlier log."
    )
    base_mg: str = Field(description="CO2 equivalent of the base year, in milligrams.")
    path: list[tuple[int, str]] = Field(
        description="What later years may have: year and milligrams.",
        examples=[[[2028, "0"]]],
    )
    credits_percent: tuple[str, str] = Field(
        description="What credits may take off: numerator and denominator, per cent of the base.",
        examples=[["10", "1"]],
    )
    neutral_year: int = Field(description="The year with a balance of 0 or less.")
    reason: str = Field(description="Why it was set.")


class ProblemDetails(BaseModel):
    """Why something was refused, and what can be done (RFC 9457)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(description="Names the kind of problem.", examples=[f"{PROBLEM}conflict"])
    title: str = Field(description="The kind of problem in a sentence.")
    status: int = Field(description="The HTTP status.", examples=[409])
    code: str = Field(description="The kind of problem for programs.", examples=["conflict"])
    detail: str = Field(description="What went wrong.")
    expected: str | None = Field(default=None, description="What was expected instead.")
    found: str | None = Field(default=None, description="What was found.")
    advice: str | None = Field(default=None, description="What you can do.")
    logged_jws: str | None = Field(
        default=None, description="With `conflict`: the signed statement that is logged."
    )
