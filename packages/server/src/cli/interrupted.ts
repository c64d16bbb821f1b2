/** Whoever started a command wants it no more. Not an error: nothing is said about it. */
import { constants } from 'node:os'

export class Interrupted extends Error {
  /** As shells report a program that a signal ended. */
  readonly exitStatus: number

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`)
    this.name = 'Interrupted'
    this.exitStatus = 128 + constants.signals[signal]
  }
}
