/** An endpoint that currently listens on another port than its own, because another program uses that one. */
export interface StandInPort {
  /** The name of the database instance. */
  readonly instance: string
  readonly endpoint: 'direct' | 'pooled'
  readonly host: string
  readonly ownPort: number
  readonly port: number
}
