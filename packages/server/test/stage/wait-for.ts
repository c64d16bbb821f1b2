import { setTimeout as pause } from 'node:timers/promises'

/**
 * Polls a condition until it holds: the only way in which a test waits. The limit is there so that a test
 * that will never succeed says what it was waiting for; it is no assertion on speed.
 * @param probe undefined, null or false means "not yet"; anything it throws ends the wait
 */
export async function waitFor<Result>(
  what: string,
  probe: () => Promise<Result | undefined | null | false> | Result | undefined | null | false,
  limitMs = 60_000,
): Promise<Result> {
  const giveUpAt = performance.now() + limitMs
  for (;;) {
    const result = await probe()
    if (result !== undefined && result !== null && result !== false) return result
    if (performance.now() > giveUpAt) throw new Error(`waited in vain for ${what}`)
    await pause(50)
  }
}
