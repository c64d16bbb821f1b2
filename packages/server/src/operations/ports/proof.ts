/**
 * How a login asks its client for a proof, and how guessing is slowed down; the gateway talks to the client, the
 * operation decides.
 */
import type { InstanceUid } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import type { ScramVerifier } from '../../protocol/scram/verifier.ts'

/**
 * One of the methods is called, once. Each may end with the connection. What `judge` throws is sent to the client and
 * rethrown.
 */
export interface ProofAsker {
  askForPassword(): Promise<Redacted<string>>
  /** @param judge is called with the result before the client learns it */
  askForScramProof(verifier: ScramVerifier, judge: (proof: 'right' | 'wrong') => Promise<void>): Promise<void>
  /** @param judge decides on the login by the token */
  askForBearerToken<Admitted>(
    discovery: BearerDiscovery,
    judge: (token: Redacted<string>) => Promise<Admitted>,
  ): Promise<Admitted>
}

/** Where a client without a token gets one (RFC 7628 §3.2.2). */
export interface BearerDiscovery {
  readonly roleName: string
  readonly issuer: string
  readonly scope: string
}

export interface AttemptedLogin {
  readonly instanceUid: InstanceUid
  readonly roleName: string
  readonly clientAddress: string
}

/** How many failures are allowed. */
export interface FailedLoginLimits {
  /** For one role from one address, before that pair is closed. */
  readonly perRole: number
  /** From one address, before it is slowed down. */
  readonly perAddress: number
  /** Counted from the first failure; after that all failures are forgotten. */
  readonly windowMs: number
}

/**
 * A question to the process that counts for all processes of a node; plain data, because it may be sent over a pipe. It
 * carries the limits, so that only the asking process must know when they change.
 */
export interface FailedLoginsQuestion {
  /**
   * `look` before the client is asked; `right` and `wrong` when its proof has been checked; `release` when it was
   * admitted. A wrong proof is counted only while the pair is open: checking and counting are one step.
   */
  readonly kind: 'look' | 'right' | 'wrong' | 'release'
  readonly login: AttemptedLogin
  readonly limits: FailedLoginLimits
  /** Milliseconds of the epoch. */
  readonly now: number
}

export interface FailedLoginsAnswer {
  /** How long a login from that address waits before the client is asked; 0 while there are few failures. */
  readonly delayMs: number
  /** Null while passwords of this role are checked for this address; otherwise until when they are not. */
  readonly closedUntil: number | null
}

/** Asks the process that counts. */
export type FailedLoginBrake = (question: FailedLoginsQuestion) => Promise<FailedLoginsAnswer>
