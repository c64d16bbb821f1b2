/** A process ends by itself when nothing of it is open any more. Where something is, that is a mistake, and is said. */

/** Longer than sockets and timers take that are already on their way out. */
const GRACE_MS = 5_000

/** To be called when everything is stopped. */
export function endWhatIsLeftOpen(): void {
  setTimeout(() => {
    const left = process.getActiveResourcesInfo().join(', ')
    process.stderr.write(`\nLakegate has ended and left something open (${left}). Please report this.\n`)
    process.exit()
  }, GRACE_MS).unref()
}
