/**
 * The reader of a command's output may close the pipe early (`lakegate sessions list | head`); that is not an error.
 */

export interface StandardOutput {
  /**
   * Why the output could not be written, for example ENOSPC; undefined when it was written, or when its reader closed
   * the pipe.
   */
  failure(): Promise<string | undefined>
}

/** Without an error listener EPIPE would be an uncaught exception. */
export function watchStandardOutput(): StandardOutput {
  let failure: string | undefined
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') failure ??= message
  })
  // There is nowhere else to report it.
  process.stderr.on('error', () => undefined)
  return {
    async failure() {
      // The callback runs after all earlier writes, whether they succeeded or failed.
      await new Promise<void>((resolve) => {
        process.stdout.write('', () => {
          setImmediate(resolve)
        })
      })
      return failure
    },
  }
}
