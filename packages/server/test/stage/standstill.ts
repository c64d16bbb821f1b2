import { waitFor } from './wait-for.ts'

/** So many looks in a row, one in each turn of `waitFor`. */
const LOOKS = 20

/**
 * Waits until a number that grows does so no more.
 * @param most what it reaches when nothing holds it back; then this throws
 */
export async function standstill(
  what: string,
  most: number,
  measure: () => Promise<number> | number,
): Promise<number> {
  let last = -1
  let looks = 0
  return waitFor(`${what} to stand still`, async () => {
    const now = await measure()
    if (now >= most) throw new Error(`nothing held back ${what}: ${String(now)}`)
    looks = now === last ? looks + 1 : 0
    last = now
    return looks >= LOOKS && { now }
  }).then(({ now }) => now)
}
