/** How many frames a browser may send: far more than a person or a page does, on average and in a burst. */
const PER_SECOND = 100
const AT_ONCE = 1_000

export interface FrameBudget {
  /** @returns false when the frame exceeds the budget */
  take(): boolean
}

export function createFrameBudget(clock: () => Date): FrameBudget {
  let left = AT_ONCE
  let last = clock().getTime()
  return {
    take() {
      const now = clock().getTime()
      left = Math.min(AT_ONCE, left + Math.max(0, now - last) * (PER_SECOND / 1000))
      last = now
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
