/** An array of numbers with the same content and room for a place behind its end, and for as many again. */
export function grown<Numbers extends Float64Array | Uint32Array | Uint8Array>(
  numbers: Numbers,
  place: number,
): Numbers {
  const Kind = numbers.constructor as new (length: number) => Numbers;
  const larger = new Kind(Math.max(1024, numbers.length * 2, place + 1));
  larger.set(numbers);
  return larger;
}
