/** A program that the command ran has ended with a status that the command passes on. Nothing is printed about it. */

export class EndedWithStatus extends Error {
  readonly exitStatus: number

  constructor(exitStatus: number) {
    super(`ended with status ${String(exitStatus)}`)
    this.name = 'EndedWithStatus'
    this.exitStatus = exitStatus
  }
}
