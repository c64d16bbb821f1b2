// Medians, and ratios between contenders that took turns.

/** @param sorted ascending */
export const quantile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** Of two series of rounds that alternated: the median of their ratios, and how far single rounds went. */
export function ratioOf(rounds, baseline) {
  const ratios = rounds.map((value, index) => value / baseline[index])
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
}
