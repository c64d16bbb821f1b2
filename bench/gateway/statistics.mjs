// Medians, and ratios between contenders that took turns.

/** @param sorted ascending */
export const quantile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]

export const median = (numbers) =>
  quantile(
    numbers.toSorted((a, b) => a - b),
    0.5,
  )

/** Of two series of rounds that alternated: the median of their ratios, and how far single rounds went. */
export function ratioOf(rounds, baseline) {
  const ratios = rounds.map((value, index) => value / baseline[index])
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
}
