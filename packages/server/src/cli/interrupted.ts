/** The user stopped the command. Not an error: nothing is printed about it. */
import { constants } from 'node:os'

export class Interrupted extends Error {
  /** The status that shells report for a program that a signal ended. */
  readonly exitStatus: number

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`)
    this.name = 'Interrupted'
    this.exitStatus = 128 + constants.signals[signal]
  }
}
