/**
 * Remembers verified tokens until they expire, so that the logins of a pool with the same token verify its signature
 * once. The key is the SHA-256 of the whole token (attack 24). Only the content of the token is remembered, never facts
 * about its holder, which may change (DESIGN §5). Rejections are not remembered.
 */
import { createHash } from 'node:crypto'
import type { VerifiedToken } from './claims.ts'
import type { TokenRejection } from './verify.ts'

type Verify = (token: string, now: Date) => Promise<VerifiedToken | TokenRejection>

/** @param most how many tokens are remembered; the oldest entry is dropped first */
export function rememberTokens(verify: Verify, most: number): Verify {
  const remembered = new Map<string, VerifiedToken>()
  return async (token, now) => {
    const key = createHash('sha256').update(token, 'utf8').digest('base64url')
    const known = remembered.get(key)
    if (known !== undefined) {
      if (known.expiresAt > now) return known
      remembered.delete(key)
    }
    const verified = await verify(token, now)
    if (!('rejected' in verified)) {
      if (remembered.size >= most) {
        const oldest = remembered.keys().next().value
        if (oldest !== undefined) remembered.delete(oldest)
      }
      remembered.set(key, verified)
    }
    return verified
  }
}
