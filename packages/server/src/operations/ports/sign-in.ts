/** How guessing at sign-in is slowed down. */

/** A number of failures within a number of seconds, counted by key. */
export interface SignInLimit {
  readonly key: string
  readonly failures: number
  readonly windowSeconds: number
}

export interface SignInBrake {
  isClosed(limits: readonly SignInLimit[], now: Date): Promise<boolean>
  countFailure(limits: readonly SignInLimit[], now: Date): Promise<void>
  /**
   * Counts an attempt before it is made, so that simultaneous attempts cannot exceed the limits together. The narrowest
   * limit comes first; an attempt that it refuses is not counted by the wider ones. A refused attempt leaves no record.
   * @returns whether the attempt may be made
   */
  admitAttempt(limits: readonly SignInLimit[], now: Date): Promise<boolean>
  /** After a success: clears the first, narrowest limit, and takes this attempt back from the others. */
  release(limits: readonly SignInLimit[]): Promise<void>
}

export interface SignInBrakeUpkeep {
  /** Removes entries that count for no limit any more, and the oldest ones when there are too many. */
  forgetOld(now: Date): Promise<void>
}
