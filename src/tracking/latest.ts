/**
 * Of places in some order, each with its moment, those with the latest moments, so many at most, in the same order. Of
 * those with one moment the last ones stay, as in a list that was sorted and cut.
 */
export function latestOf(places: readonly number[], moments: Float64Array, most: number): readonly number[] {
  const over = places.length - most;
  if (over <= 0) return places;
  const sorted = moments.toSorted(); // of numbers, and so without calling anything for each comparison
  const earliest = sorted[over] ?? Infinity;
  let tooMany = over - sorted.indexOf(earliest);
  return places.filter((_place, at) => {
    const moment = moments[at] ?? 0;
    return moment > earliest || (moment === earliest && tooMany-- <= 0);
  });
}
