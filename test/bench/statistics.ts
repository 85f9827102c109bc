/** The middle of some numbers; undefined of none. */
export function median(numbers: readonly number[]): number | undefined {
  return quantile(numbers, 0.5);
}

/** The number below which a share of all lie, between two of them by the line that joins them; undefined of none. */
export function quantile(numbers: readonly number[], share: number): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (place - Math.floor(place));
}

/** The median of what two contenders did in the same rounds, one over the other; undefined where one took no part. */
export function medianRatio(
  over: readonly number[] | undefined,
  under: readonly number[] | undefined,
): number | undefined {
  const rounds = (over ?? []).flatMap((value, round) => {
    const other = under?.[round];
    return other === undefined ? [] : [value / other];
  });
  return median(rounds);
}
