/** Prints each step of a start when it begins, on a line of its own, because log lines may come in between. */

import { printable } from './output/printable.ts'

export interface Progress {
  /** Runs one step; prints its name first. */
  step<Result>(name: string, work: () => Promise<Result>): Promise<Result>
}

/** @param refuse throws when no further step may begin */
export function createProgress(
  output: { write(text: string): unknown },
  refuse: () => void = () => undefined,
): Progress {
  return {
    async step(name, work) {
      refuse()
      output.write(`${printable(name)} …\n`)
      try {
        return await work()
      } catch (error) {
        output.write(`${printable(name)}: failed\n`)
        throw error
      }
    },
  }
}
