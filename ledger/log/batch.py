"""A batch is what a party signs in one go: up to 10 000 consecutive events of one stream.

    line 1      <compact JWS over the statement>
    line 2…     <event data, canonical>            one line each, LF, in order

The statement names the log, the stream, the first version, the count, the leaf hash before the
first event and of the last one, and the Merkle root over all leaf hashes; so one event can be
proven with a short path, and no data is in what is signed. `chain` recomputes all of it from the
lines: what does not follow from the lines is refused. Source: formats, section 4.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, cast

import msgspec

from ledger.errors import BadBatch, LedgerError, TooLarge
from ledger.log import jws, note, values
from ledger.log.canonical import MAX_LINE_BYTES, StructReader, encode_struct
from ledger.log.hashes import ZEROS_HEX, LeafHash
from ledger.log.jws import Jws
from ledger.log.names import MAX_INTEGER
from ledger.log.tree import root_of
from ledger.log.values import HashHex, Size, StreamName, UtcTimeText, Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.log.keys import PrivateKey

MAX_EVENTS: Final = 10_000
MAX_BODY_BYTES: Final = 16 * 1024 * 1024
MEDIA_TYPE: Final = "application/vnd.carbon-ledger.batch+x-ndjson"

_SALT = re.compile(r"[0-9a-f]*")
_SALT_DIGITS: Final = b"0123456789abcdef"
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_FORM: Final = "docs/specification/batches.md shows the form; carbon-ledger writes it."
_RESIGN: Final = "Send the very lines that were signed, or sign these."
_SPLIT: Final = "Send it as several batches."


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The last checkpoint that the author had verified when signing."""

    root: HashHex
    size: Size


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The payload of a batch's JWS: exactly these members."""

    count: int
    first: Version
    head: HashHex
    log: str
    """The vkey of the one log that this is meant for."""
    previous: HashHex
    root: HashHex
    seen: Seen | None
    signed_at: UtcTimeText
    stream: StreamName
    v: Literal[1]

    @property
    def last(self) -> int:
        """Version of the last event."""
        return self.first + self.count - 1


class SignedStatement(msgspec.Struct, frozen=True):
    """A statement in form; whether its signature holds is asked with `jws.verify(key)`."""

    kid: str
    statement: Statement
    jws: Jws


_reader: Final = StructReader(Statement)


def parse_statement(jws_bytes: bytes) -> SignedStatement:
    """The statement of a batch's JWS; raises BadJws, BadBatch, TooLarge."""
    parsed = jws.parse(jws_bytes, jws.BATCH)
    try:
        statement = _reader.decode(parsed.payload)
        values.parse_utc_time(statement.signed_at)
        note.parse_vkey(statement.log)
    except LedgerError as error:
        raise BadBatch(
            f"the signed statement is out of form: {error.what}",
            expected=error.expected,
            found=error.found,
            advice=_FORM,
        ) from error
    if not 1 <= statement.count <= MAX_EVENTS or statement.last > MAX_INTEGER:
        raise BadBatch(
            "a batch has 1 to 10000 events",
            expected="count 1 to 10000",
            found=f"{statement.count}",
            advice=_SPLIT,
        )
    if (statement.first == 1) != (statement.previous == ZEROS_HEX):
        raise BadBatch(
            "first is 1 exactly when previous is 64 zeros",
            expected="both or neither",
            found=f"first {statement.first}, previous {statement.previous}",
            advice="Read the stream's head and sign for its next version.",
        )
    return SignedStatement(parsed.kid, statement, parsed)


def split_submission(body: bytes) -> tuple[bytes, list[bytes]]:
    """JWS and event lines of a submission, neither parsed yet; raises TooLarge, BadBatch."""
    first, lines = split_head(body)
    return first, split_lines(lines)


def split_head(body: bytes) -> tuple[bytes, bytes]:
    """JWS of a submission, and its event lines in one piece, each ended by LF.

    All that can be said without looking at a line; raises TooLarge, BadBatch.
    """
    if len(body) > MAX_BODY_BYTES:
        raise TooLarge(
            "a submission is too long",
            expected=f"at most {MAX_BODY_BYTES} bytes",
            found=f"{len(body)}",
            advice=_SPLIT,
        )
    if body.startswith((_GZIP, _ZSTD)):
        raise BadBatch(
            "a submission is not compressed",
            expected="the JWS line and the event lines as they are",
            found="gzip" if body.startswith(_GZIP) else "zstd",
            advice="Send the plain lines: what is hashed is what is sent.",
        )
    count = body.count(b"\n") - 1
    if count > MAX_EVENTS:
        raise TooLarge(
            "a batch has too many events",
            expected=f"at most {MAX_EVENTS}",
            found=f"{count}",
            advice=_SPLIT,
        )
    if not body.endswith(b"\n") or count < 1:
        raise BadBatch(
            "a submission is a JWS line and event lines",
            expected="two lines or more, each ended by LF",
            found=f"{count + 1} ends of lines, and the last byte {body[-1:]!r}",
            advice=_FORM,
        )
    if b"\r" in body:
        raise BadBatch(
            "lines end with LF alone",
            expected="LF",
            found="CR",
            advice="Write the body as bytes; a text file of Windows has CR LF.",
        )
    end = body.index(b"\n")
    if end > jws.MAX_BYTES:
        raise TooLarge(
            "a JWS is too long",
            expected=f"at most {jws.MAX_BYTES} bytes",
            found=f"{end}",
            advice=_FORM,
        )
    return body[:end], body[end + 1 :]


def split_lines(lines: bytes) -> list[bytes]:
    """The event lines, without their LF; raises TooLarge."""
    split = lines[:-1].split(b"\n")
    if max(map(len, split)) > MAX_LINE_BYTES:
        number = next(n for n, line in enumerate(split, start=2) if len(line) > MAX_LINE_BYTES)
        raise TooLarge(
            f"line {number} is too long",
            expected=f"at most {MAX_LINE_BYTES} bytes",
            found=f"{len(split[number - 2])}",
            advice="Say it in several events.",
        )
    return split


def chain(
    lines: Sequence[bytes], types: Sequence[str], statement: Statement
) -> tuple[LeafHash, ...]:
    """The leaf hashes of a batch, recomputed; raises BadBatch when the statement says otherwise.

    `lines` are canonical event data, `types` their event types, both already checked.
    """
    if not len(lines) == len(types) == statement.count:
        raise BadBatch(
            "the number of lines is not the signed count",
            expected=f"{statement.count}",
            found=f"{len(lines)}",
            advice=_RESIGN,
        )
    leaves = leaves_of(lines, types, statement.stream, statement.first, statement.previous)
    return compare_leaves(leaves, statement)


def compare_leaves(leaves: Sequence[LeafHash], statement: Statement) -> tuple[LeafHash, ...]:
    """All leaf hashes of a batch; raises BadBatch when the statement says otherwise."""
    _compare("head", statement.head, leaves[-1])
    _compare("root", statement.root, root_of(leaves))
    return tuple(leaves)


def check_salts(salts: Sequence[str]) -> None:
    """Raises BadBatch unless each salt is 32 hexadecimal digits and no two are the same."""
    if len(set(salts)) != len(salts):
        seen: set[str] = set()
        for position, salt in enumerate(salts):
            if salt in seen:
                raise BadBatch(
                    "two events of a batch have one salt",
                    expected="a salt of its own for each event",
                    found=f"position {position}",
                    advice="Draw 16 random bytes for every event.",
                )
            seen.add(salt)
    # All at once, since there are as many as events: what is left without the digits is wrong.
    rest = "".join(salts).encode(errors="replace").translate(None, _SALT_DIGITS)
    if rest or not set(map(len, salts)) <= {32}:
        raise BadBatch(
            "salts",
            expected="32 lower-case hexadecimal digits each",
            found=next(s for s in salts if len(s) != 32 or not _SALT.fullmatch(s))[:80],
            advice="Draw 16 random bytes for every event.",
        )


def build(  # the statement's members, in reading order
    key: PrivateKey,
    log_vkey: str,
    stream: str,
    first: int,
    previous_hex: str,
    events: Sequence[tuple[str, bytes]],
    seen: Seen | None,
    signed_at: str,
) -> bytes:
    """A whole submission, signed: JWS line and event lines.

    `events` are (type, canonical data), `signed_at` ends in Z. Raises BadBatch for what
    `parse_statement` and `split_submission` would refuse.
    """
    if not events:
        raise BadBatch("a batch has 1 to 10000 events", found="0")
    lines = [line for _, line in events]
    leaves = leaves_of(lines, [kind for kind, _ in events], stream, first, previous_hex)
    statement = Statement(
        count=len(lines),
        first=first,
        head=leaves[-1].hex(),
        log=log_vkey,
        previous=previous_hex,
        root=root_of(leaves).hex(),
        seen=seen,
        signed_at=signed_at,
        stream=stream,
        v=1,
    )
    signed = jws.sign(key, jws.BATCH, encode_struct(statement))
    body = b"\n".join([signed, *lines, b""])
    parse_statement(signed)
    split_submission(body)
    return body


def leaves_of(
    lines: Sequence[bytes], types: Sequence[str], stream: str, first: int, previous_hex: str
) -> list[LeafHash]:
    """Leaf hash of each line, each naming the one before: `event.event_leaf`, for many at once."""
    middles = {
        kind: f'","stream":"{stream}","type":"{kind}","v":1,"version":' for kind in set(types)
    }
    leaves: list[bytes] = []
    previous = previous_hex
    for version, (line, kind) in enumerate(zip(lines, types, strict=True), start=first):
        # 0x00, then the header of event.header, written in place: this is the bulk path, where a
        # second call for the digest in hexadecimal would cost as much as half a hash.
        leaf = sha256(
            f'\x00{{"data":"{sha256(line).hexdigest()}","previous":"{previous}{middles[kind]}'
            f"{version}}}".encode("ascii")
        ).digest()
        leaves.append(leaf)
        previous = leaf.hex()
    return cast("list[LeafHash]", leaves)


def _compare(member: str, signed_hex: str, recomputed: bytes) -> None:
    if signed_hex != recomputed.hex():
        raise BadBatch(
            f"the lines do not give the signed {member}",
            expected=signed_hex,
            found=recomputed.hex(),
            advice=_RESIGN,
        )
