/**
 * What PostgreSQL stores for a password (RFC 5803, src/common/scram-common.c `scram_build_secret`). It is computed
 * here, so that the password itself is never sent. Uses WebCrypto, which browsers and Node both have.
 */

/**
 * SCRAM_SHA_256_DEFAULT_ITERATIONS and SCRAM_DEFAULT_SALT_LEN: the values that PostgreSQL itself and psql's \password
 * use.
 */
const ITERATIONS = 4096
const SALT_BYTES = 16

/** pg_authid stores such a text unchanged (src/backend/libpq/crypt.c `get_password_type`). */
const HASHED =
  /^(?:SCRAM-SHA-256\$[1-9][0-9]*:[A-Za-z0-9+/]+=*\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=|md5[0-9a-f]{32})$/

/** Whether PostgreSQL would store this text unchanged, because it is a hash already. */
export const isHashedPassword = (password: string): boolean => HASHED.test(password)

/** False where the browser has no secure context, which means plain http on a host other than this machine. */
export const canHashPasswords = (): boolean =>
  (globalThis as { crypto?: { subtle?: unknown } }).crypto?.subtle !== undefined

/** The verifier of a new password, with a random salt. */
export function hashRolePassword(password: string): Promise<string> {
  const salt = globalThis.crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  return scramVerifier(password, { salt, iterations: ITERATIONS })
}

export interface ScramTerms {
  readonly salt: Uint8Array<ArrayBuffer>
  readonly iterations: number
}

/** `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` */
export async function scramVerifier(password: string, { salt, iterations }: ScramTerms): Promise<string> {
  const { subtle } = globalThis.crypto
  // Contains the tables of stringprep; a browser loads them only when it hashes the first password.
  const { preparePassword } = await import('./saslprep.ts')
  const key = await subtle.importKey('raw', encode(preparePassword(password)), 'PBKDF2', false, [
    'deriveBits',
  ])
  const salted = await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 256)
  const storedKey = await subtle.digest('SHA-256', await hmac(salted, 'Client Key'))
  const serverKey = await hmac(salted, 'Server Key')
  return `SCRAM-SHA-256$${String(iterations)}:${base64(salt)}$${base64(storedKey)}:${base64(serverKey)}`
}

async function hmac(secret: ArrayBuffer, text: string): Promise<ArrayBuffer> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await globalThis.crypto.subtle.importKey('raw', secret, algorithm, false, ['sign'])
  return globalThis.crypto.subtle.sign('HMAC', key, encode(text))
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

const base64 = (bytes: ArrayBuffer | Uint8Array): string =>
  btoa(String.fromCharCode(...(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes))))
