/**
 * Secrets that Lakegate generates: personal access tokens and OAuth secrets of service principals. They are random, not
 * chosen, so they cannot be guessed and a plain SHA-256 is a sufficient hash.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { Redacted } from '../domain/redacted.ts'

const PERSONAL_ACCESS_TOKEN_PREFIX = 'dapi'
const OAUTH_SECRET_PREFIX = 'dose'

/**
 * 160 bits, as hexadecimal digits, because some SDKs percent-encode Basic credentials and some do not (wire-contract
 * §3.5).
 */
const SECRET_BYTES = 20

export interface GeneratedSecret {
  readonly secret: Redacted<string>
  readonly hash: Uint8Array
}

export const generatePersonalAccessToken = (randomBytes: (size: number) => Uint8Array): GeneratedSecret =>
  generate(PERSONAL_ACCESS_TOKEN_PREFIX, randomBytes)

export const generateOAuthSecret = (randomBytes: (size: number) => Uint8Array): GeneratedSecret =>
  generate(OAUTH_SECRET_PREFIX, randomBytes)

/** Part of a URL, so without a prefix that would show what it is. */
export const generateSignInLink = (randomBytes: (size: number) => Uint8Array): GeneratedSecret =>
  generate('', randomBytes)

/** 256 bits: the cookie of a browser session of the console. */
export function generateConsoleCookie(randomBytes: (size: number) => Uint8Array): GeneratedSecret {
  const secret = Buffer.from(randomBytes(32)).toString('base64url')
  return { secret: new Redacted(secret), hash: hashSecret(secret) }
}

function generate(prefix: string, randomBytes: (size: number) => Uint8Array): GeneratedSecret {
  const secret = `${prefix}${Buffer.from(randomBytes(SECRET_BYTES)).toString('hex')}`
  return { secret: new Redacted(secret), hash: hashSecret(secret) }
}

/** The hash that is stored and looked up instead of the secret. */
export function hashSecret(secret: string): Uint8Array {
  return createHash('sha256').update(secret, 'utf8').digest()
}

/**
 * Compares a presented secret with every stored hash, in time that depends only on their number.
 * @returns whether one of them matches
 */
export function matchesAnySecret(presented: string, hashes: readonly Uint8Array[]): boolean {
  const hash = hashSecret(presented)
  let matches = false
  for (const stored of hashes) {
    if (stored.length === hash.length && timingSafeEqual(stored, hash)) matches = true
  }
  return matches
}

/** The vendor's own prefix; used to explain a refusal, never to decide one. */
export const looksLikePersonalAccessToken = (text: string): boolean =>
  text.startsWith(PERSONAL_ACCESS_TOKEN_PREFIX)
