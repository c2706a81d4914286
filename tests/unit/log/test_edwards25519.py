from ledger.log import edwards25519
from ledger.log.edwards25519 import L, P

# RFC 8032, section 5.1: the base point.
BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def affine(point: tuple[int, int, int, int]) -> tuple[int, int]:
    inverse = pow(point[2], P - 2, P)
    return point[0] * inverse % P, point[1] * inverse % P


def test_the_base_point_is_decoded_from_its_encoding():
    assert edwards25519._decode(BASE_Y.to_bytes(32, "little")) == BASE


def test_the_base_point_has_order_l():
    assert edwards25519._is_identity(edwards25519._multiply(L, BASE))
    assert not edwards25519._is_identity(edwards25519._multiply(L - 1, BASE))
    assert edwards25519.why_not_prime_order(BASE_Y.to_bytes(32, "little")) == ""


def test_doubling_is_adding_to_itself():
    assert affine(edwards25519._double(BASE)) == affine(edwards25519._add(BASE, BASE))
    assert affine(edwards25519._multiply(5, BASE)) == affine(
        edwards25519._add(BASE, edwards25519._double(edwards25519._double(BASE)))
    )


def test_every_result_is_a_point_of_the_curve():
    x, y = affine(edwards25519._multiply(2**200 + 12345, BASE))
    assert (y * y - x * x - 1 - edwards25519.D * x * x * y * y) % P == 0


def test_the_identity_is_not_a_key():
    assert edwards25519.why_not_prime_order((1).to_bytes(32, "little")) == "the identity"


def test_a_second_spelling_of_a_point_is_not_a_key():
    reason = edwards25519.why_not_prime_order((P + 3).to_bytes(32, "little"))
    assert reason.startswith("not the canonical encoding: y")
    reason = edwards25519.why_not_prime_order((1 + 2**255).to_bytes(32, "little"))
    assert reason.startswith("not the canonical encoding: the sign")
