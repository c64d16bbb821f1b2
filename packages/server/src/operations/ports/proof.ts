/** How a login asks its client for a proof, and how guessing is slowed down; the gateway speaks, the operation judges. */
import type { InstanceUid } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import type { ScramVerifier } from '../../protocol/scram/verifier.ts'

/** One of them is called, once. All may end with the connection; what `judge` throws, they tell and throw. */
export interface ProofAsker {
  askForPassword(): Promise<Redacted<string>>
  /** @param judge learns what the proof is worth before the client does */
  askForScramProof(verifier: ScramVerifier, judge: (proof: 'right' | 'wrong') => Promise<void>): Promise<void>
  /** @param judge admits by the token */
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

/** How much may go wrong. */
export interface FailedLoginLimits {
  /** For one role from one address, before that pair is closed. */
  readonly perRole: number
  /** From one address, before it is slowed down. */
  readonly perAddress: number
  /** Counted from the first failure; then all is forgotten. */
  readonly windowMs: number
}

/**
 * A question to the one who counts for all processes of a node; plain data, because it may come over a pipe. Limits come
 * along, so that only who asks must know when they change.
 */
export interface FailedLoginsQuestion {
  /**
   * `look` before the client is asked; `right` and `wrong` when it has proved something; `release` when it was let in.
   * A wrong proof is counted only where the pair is open: judging and counting are one step.
   */
  readonly kind: 'look' | 'right' | 'wrong' | 'release'
  readonly login: AttemptedLogin
  readonly limits: FailedLoginLimits
  /** Milliseconds of the epoch. */
  readonly now: number
}

export interface FailedLoginsAnswer {
  /** How long a login from there waits before it is asked; 0 as long as little went wrong there. */
  readonly delayMs: number
  /** Null while passwords of this role are checked for this address; else until when they are not. */
  readonly closedUntil: number | null
}

/** Asks the one who counts. */
export type FailedLoginBrake = (question: FailedLoginsQuestion) => Promise<FailedLoginsAnswer>
