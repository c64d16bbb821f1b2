/** Whoever reads what a command prints may be gone before its end (`lakegate sessions list | head`): that is no mistake. */

export interface StandardOutput {
  /** Why what was printed did not arrive, for example ENOSPC; undefined when it did, or nobody wants it any more. */
  failure(): Promise<string | undefined>
}

/** Without listeners EPIPE would be an uncaught exception. */
export function watchStandardOutput(): StandardOutput {
  let failure: string | undefined
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') failure ??= message
  })
  // There is nowhere else to say it.
  process.stderr.on('error', () => undefined)
  return {
    async failure() {
      // Called back behind everything that was written before, whatever became of it.
      await new Promise<void>((resolve) => {
        process.stdout.write('', () => {
          setImmediate(resolve)
        })
      })
      return failure
    },
  }
}
