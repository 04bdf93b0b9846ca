const WITH_THOUSANDS = /^\d{1,3}(,\d{3})+(\.\d+)?$/;

/**
 * A number as people write it, `1000`, `1,000` or `0.5`; else not finite. A comma that parts no thousands makes none:
 * who types `0,5` does not mean 5.
 */
export function numberOf(text: string): number {
  const plain = text.trim();
  return plain === "" ? NaN : Number(WITH_THOUSANDS.test(plain) ? plain.replace(/,/g, "") : plain);
}
