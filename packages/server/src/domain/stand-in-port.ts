/** An endpoint that is at another port than its own this time, because another program has that one. */
export interface StandInPort {
  /** The name of the database instance. */
  readonly instance: string
  readonly endpoint: 'direct' | 'pooled'
  readonly host: string
  readonly ownPort: number
  readonly port: number
}
