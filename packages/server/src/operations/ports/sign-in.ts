/** How guessing at sign-in is slowed down. */

/** So many failures within so many seconds, by a key. */
export interface SignInLimit {
  readonly key: string
  readonly failures: number
  readonly windowSeconds: number
}

export interface SignInBrake {
  isClosed(limits: readonly SignInLimit[], now: Date): Promise<boolean>
  countFailure(limits: readonly SignInLimit[], now: Date): Promise<void>
  /**
   * Counts an attempt before it is made, so that many at once do not slip through together. Narrowest limit first;
   * what one of them refuses is not counted by the wider ones. What a closed limit refuses leaves nothing behind.
   * @returns whether the attempt may be made
   */
  admitAttempt(limits: readonly SignInLimit[], now: Date): Promise<boolean>
  /** After a success: forgets the first, narrowest limit, and takes the attempt back from the others. */
  release(limits: readonly SignInLimit[]): Promise<void>
}

export interface SignInBrakeUpkeep {
  /** What counts for no limit any more, and the oldest of what is too much to keep. */
  forgetOld(now: Date): Promise<void>
}
