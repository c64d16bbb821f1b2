/**
 * How long logins took, as counts in buckets, whose upper ends grow by a factor of 2^(1/16): a percentile is at most
 * 4.5 % too high, and the counts of several processes can be added. From 0.25 ms to beyond the longest login deadline.
 */
const SHORTEST_MS = 0.25
const BUCKETS_PER_DOUBLING = 16
/** 0.25 ms × 2^20.3 is 330 s; login-deadline-seconds is at most 300. */
export const LOGIN_TIME_BUCKETS = 326

export function bucketOfLoginTime(milliseconds: number): number {
  const bucket = Math.ceil(Math.log2(milliseconds / SHORTEST_MS) * BUCKETS_PER_DOUBLING)
  return Math.min(Math.max(bucket, 0), LOGIN_TIME_BUCKETS - 1)
}

/** @returns the upper end of the bucket that contains the given percentile; undefined without logins */
export function percentileOfLoginTimes(
  counts: ReadonlyMap<number, number>,
  share: number,
): number | undefined {
  let all = 0
  for (const count of counts.values()) all += count
  let seen = 0
  for (const bucket of [...counts.keys()].sort((a, b) => a - b)) {
    seen += counts.get(bucket) ?? 0
    if (seen >= share * all) return SHORTEST_MS * 2 ** (bucket / BUCKETS_PER_DOUBLING)
  }
  return undefined
}
