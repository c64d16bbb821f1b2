/**
 * A Node.js process ends by itself when it holds nothing open. If something is still open after a stop, that is a bug
 * of ours, and it is reported.
 */

/** Longer than sockets and timers need that are already closing. */
const GRACE_MS = 5_000

/** Call it when everything has been stopped. */
export function endWhatIsLeftOpen(): void {
  setTimeout(() => {
    const left = process.getActiveResourcesInfo().join(', ')
    process.stderr.write(`\nLakegate has ended and left something open (${left}). Please report this.\n`)
    process.exit()
  }, GRACE_MS).unref()
}
