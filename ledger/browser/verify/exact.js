// Exact fractions of whole numbers, and the one rounding.
//
// Source: specification, what an event comes to.

/** `num / den` to the nearest whole number, ties to the even one; num ≥ 0, den > 0. */
export function round(num, den) {
  const quotient = num / den;
  const twice = 2n * (num % den);
  return twice > den || (twice === den && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** `[num, den]` of a decimal ≥ 0, or of `{num, den}`. */
export function fraction(number) {
  if (typeof number !== "string") return [BigInt(number.num), BigInt(number.den)];
  const [whole, decimals = ""] = number.split(".");
  return [BigInt(whole + decimals), 10n ** BigInt(decimals.length)];
}

export function product(...fractions) {
  return fractions.reduce(([a, b], [c, d]) => [a * c, b * d], [1n, 1n]);
}

export function inverse([num, den]) {
  return [den, num];
}

export function sum([a, b], [c, d]) {
  return b === d ? [a + c, b] : [a * d + c * b, b * d];
}
