/**
 * What a server stores of a SCRAM-SHA-256 password (RFC 5803, RFC 7677), in the format of PostgreSQL's pg_authid:
 * `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`. And made-up verifiers for unknown roles.
 */
import { createHmac } from 'node:crypto'
import { decodeBase64 } from './base64.ts'

export interface ScramVerifier {
  readonly iterations: number
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** SHA-256, so this many bytes in StoredKey and ServerKey. */
export const SCRAM_KEY_BYTES = 32

/**
 * SCRAM_DEFAULT_SALT_LEN and SCRAM_SHA_256_DEFAULT_ITERATIONS (common/scram-common.h): the values of real verifiers.
 */
const COMMON_SALT_BYTES = 16
const COMMON_ITERATIONS = 4096

const FORM = /^SCRAM-SHA-256\$([1-9][0-9]{0,9}):([^$:]+)\$([^$:]+):([^$:]+)$/
const MOST_ITERATIONS = 2 ** 31 - 1
/** Our own limit: PostgreSQL generates 16 bytes, but accepts whatever an operator stores. */
const MOST_SALT_BYTES = 256

/** Undefined for anything else: an MD5 hash, or a text that no password can match. */
export function parseScramVerifier(text: string): ScramVerifier | undefined {
  const [, iterationsText = '', saltText = '', storedText = '', serverText = ''] = FORM.exec(text) ?? []
  const iterations = Number(iterationsText)
  const [salt, storedKey, serverKey] = [saltText, storedText, serverText].map(decodeBase64)
  if (salt === undefined || salt.length === 0 || salt.length > MOST_SALT_BYTES) return undefined
  if (storedKey?.length !== SCRAM_KEY_BYTES || serverKey?.length !== SCRAM_KEY_BYTES) return undefined
  return iterations > MOST_ITERATIONS ? undefined : { iterations, salt, storedKey, serverKey }
}

/**
 * A verifier without a known password, the same at every call: an unknown role must look like a known one, also to a
 * client that asks twice (attack 34).
 * @param secret of the installation
 * @param subject the role that it stands for; another subject gets another salt
 */
export function makeUpScramVerifier(secret: Uint8Array, subject: string): ScramVerifier {
  const derive = (part: string) => createHmac('sha256', secret).update(`${part}\0${subject}`, 'utf8').digest()
  return {
    iterations: COMMON_ITERATIONS,
    salt: derive('salt').subarray(0, COMMON_SALT_BYTES),
    storedKey: derive('stored key'),
    serverKey: derive('server key'),
  }
}
