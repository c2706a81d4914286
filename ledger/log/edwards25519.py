"""Whether 32 bytes are a point of edwards25519 that may be somebody's public key.

A key must be the canonical encoding of a point of prime order: A ≠ 0 and [L]A = 0. That refuses the
14 encodings of low-order points and every mixed-order point; with a low-order key one signature
verifies for every message. Public data only, so nothing here needs constant time.

Source: RFC 8032, section 5.1 (curve, decoding), 5.1.4 (extended coordinates); formats, section 5.
"""

from __future__ import annotations

from typing import Final

P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, P - 2, P) % P
_SQRT_MINUS_1: Final = pow(2, (P - 1) // 4, P)

# (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
_Point = tuple[int, int, int, int]
_IDENTITY: Final[_Point] = (0, 1, 1, 0)


def why_not_prime_order(encoding: bytes) -> str:
    """Empty for the canonical encoding of a point of order L, or what is wrong with it."""
    point = _decode(encoding)
    if isinstance(point, str):
        return point
    if _is_identity(point):
        return "the identity"
    if not _is_identity(_multiply(L, point)):
        return "a point of low or mixed order"
    return ""


def _decode(encoding: bytes) -> _Point | str:
    """The point, or why there is none (RFC 8032, section 5.1.3, with canonical y demanded)."""
    if len(encoding) != 32:
        return "not 32 bytes"
    number = int.from_bytes(encoding, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return "not the canonical encoding: y is not below 2^255 - 19"
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P != 0:
        if (v * x * x + u) % P != 0:
            return "not a point of the curve"
        x = x * _SQRT_MINUS_1 % P
    if x == 0 and sign == 1:
        return "not the canonical encoding: the sign of x = 0"
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _add(p: _Point, q: _Point) -> _Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _double(p: _Point) -> _Point:
    a = p[0] * p[0] % P
    b = p[1] * p[1] % P
    h = a + b
    e = h - (p[0] + p[1]) ** 2 % P
    g = a - b
    f = 2 * p[2] * p[2] % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def _multiply(scalar: int, point: _Point) -> _Point:
    result = _IDENTITY
    for bit in f"{scalar:b}":
        result = _double(result)
        if bit == "1":
            result = _add(result, point)
    return result


def _is_identity(point: _Point) -> bool:
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0
