/** How a login asks its client for a proof, and how guessing is slowed down; the gateway speaks, the operation judges. */
import type { InstanceUid } from '../domain/ids.ts'
import type { Redacted } from '../domain/redacted.ts'
import type { ScramVerifier } from '../protocol/scram/verifier.ts'

/** One of them is called, once. All may end with the connection; what `judge` throws, they tell and throw. */
export interface ProofAsker {
  askForPassword(): Promise<Redacted<string>>
  /** @param judge learns what the proof is worth before the client does */
  askForScramProof(verifier: ScramVerifier, judge: (proof: 'right' | 'wrong') => void): Promise<void>
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

/** Counts passwords of roles that were wrong. */
export interface FailedLoginBrake {
  /** How long a login from there waits before it is asked; 0 as long as little went wrong there. */
  delayMs(login: AttemptedLogin, now: Date): number
  /** Undefined while passwords of this role are checked for this address; else until when they are not. */
  closedUntil(login: AttemptedLogin, now: Date): Date | undefined
  countFailure(login: AttemptedLogin, now: Date): void
  /** Forgets what went wrong for this role and this address. */
  release(login: AttemptedLogin): void
}
