/** Proof Key for Code Exchange (RFC 7636), method S256. */
import { createHash, randomBytes } from 'node:crypto'

export interface ProofKey {
  readonly verifier: string
  readonly challenge: string
}

/** RFC 7636 §4.1: 43 to 128 characters; 64 octets are 86 of them, as many as the databricks CLI takes. */
export function createProofKey(): ProofKey {
  const verifier = randomBytes(64).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}
