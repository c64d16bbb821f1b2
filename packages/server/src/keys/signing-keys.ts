/**
 * The keys that sign and verify tokens: stored encrypted in the system database, kept parsed in memory, and read again
 * often enough that every process follows a rotation. A new key signs only when every process has read it, and a
 * retired key verifies until the last token it signed has expired: no token is refused because of a rotation (attacks
 * 21, 41).
 */
import {
  calculateJwkThumbprint,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importJWK,
  importPKCS8,
  type JWK,
} from 'jose'
import type { webcrypto } from 'node:crypto'
import { Fault } from '../domain/fault.ts'
import type { Clock } from '../operations/ports/clock.ts'
import type {
  KeyEncryption,
  KeyRotation,
  SigningKeyStore,
  StoredSigningKey,
  TokenKeys,
} from '../operations/ports/keys.ts'
import { SIGNATURE_ALGORITHM, TOKEN_LIFETIME_SECONDS } from '../tokens/claims.ts'

export interface SigningKeys extends TokenKeys {
  /**
   * Creates the first key when there is none.
   * @param options.mayMake asked in that case; by default a key is created
   * @throws Fault signing_keys_lost when none may be created, master_key_does_not_fit
   */
  start(options?: { readonly mayMake: () => Promise<boolean> }): Promise<void>
  /** A new key signs as soon as every process knows it; the old key signs until then, and continues to verify. */
  rotate(): Promise<KeyRotation>
  /** For JWKS (RFC 7517): the current key and those that still verify. */
  publicJwks(): Promise<{ readonly keys: readonly JWK[] }>
  /**
   * For the OAuth library, which signs workspace tokens itself; the current key comes first. Private; never published.
   */
  privateJwks(): Promise<{ readonly keys: readonly JWK[] }>
}

/**
 * How long a process may use the keys it knows without reading them again. A new key waits this long before it signs,
 * so that every process has it before it must verify with it.
 */
const REFRESH_MS = 30_000
/** At most one read for unknown key ids in this time, so that made-up ones cost nothing (attack 17). */
const UNKNOWN_KID_REFRESH_MS = 1_000
/** Tolerance for the clocks of nodes. */
const SKEW_MS = 60_000

interface ParsedKey {
  readonly stored: StoredSigningKey
  readonly publicKey: webcrypto.CryptoKey
  readonly publicJwk: JWK
  readonly privateKey: webcrypto.CryptoKey
}

interface KeyRing {
  readonly keys: readonly ParsedKey[]
  readonly loadedAt: number
}

export function createSigningKeys(ports: {
  readonly store: SigningKeyStore
  readonly encryption: KeyEncryption
  readonly clock: Clock
}): SigningKeys {
  const { store, encryption, clock } = ports
  let ring: KeyRing | undefined
  let loading: Promise<KeyRing> | undefined

  const load = async (): Promise<KeyRing> => {
    const usable = (await store.loadSigningKeys()).filter((key) => stillVerifies(key, clock()))
    const known = new Map(ring?.keys.map((key) => [key.stored.kid, key]))
    const keys = await Promise.all(
      usable.map(async (stored) => {
        const parsed = known.get(stored.kid) ?? (await parse(stored, encryption))
        return { ...parsed, stored }
      }),
    )
    ring = { keys, loadedAt: clock().getTime() }
    return ring
  }
  // Only one reload at a time, however many logins need it.
  const reload = () =>
    (loading ??= load().finally(() => {
      loading = undefined
    }))
  const fresh = async (maxAgeMs: number): Promise<KeyRing> => {
    const age = ring === undefined ? Number.POSITIVE_INFINITY : Math.abs(clock().getTime() - ring.loadedAt)
    return ring === undefined || age > maxAgeMs ? reload() : ring
  }
  const current = ({ keys }: KeyRing): ParsedKey => {
    const isKnownToAll = ({ stored }: ParsedKey) => signsFrom(stored) <= clock()
    // Newest first. When no key is old enough, as at the first start, no other process can have signed, so the oldest
    // one is used.
    const key = keys.find(isKnownToAll) ?? keys.at(-1)
    if (key === undefined) throw new Error('there is no signing key; start() was not called')
    return key
  }
  const insert = async (onlyIfNone: boolean): Promise<StoredSigningKey> => {
    const key = await generate(encryption, clock())
    await store.insertSigningKey(key, { onlyIfNone, retireAt: signsFrom(key) })
    await reload()
    return key
  }

  return {
    async start(options) {
      // The existing keys are read first: with a wrong master key this fails before a key is added.
      const isThere = (await reload()).keys.some(({ stored }) => stored.retiredAt === undefined)
      if (isThere) return
      if (options !== undefined && !(await options.mayMake())) throw signingKeysLost()
      await insert(true)
    },
    async rotate() {
      const key = await insert(false)
      const signs = signsFrom(key)
      return { kid: key.kid, signsFrom: signs, formerVerifyUntil: verifiesUntil(signs) }
    },
    async signingKey() {
      const { stored, privateKey } = current(await fresh(REFRESH_MS))
      return { kid: stored.kid, privateKey }
    },
    async verificationKey(kid) {
      const find = ({ keys }: KeyRing) =>
        keys.find(({ stored }) => stored.kid === kid && stillVerifies(stored, clock()))?.publicKey
      return find(await fresh(REFRESH_MS)) ?? find(await fresh(UNKNOWN_KID_REFRESH_MS))
    },
    async publicJwks() {
      return { keys: (await fresh(REFRESH_MS)).keys.map(({ publicJwk }) => publicJwk) }
    },
    async privateJwks() {
      const loaded = await fresh(REFRESH_MS)
      const inOrder = [current(loaded), ...loaded.keys.filter((key) => key !== current(loaded))]
      return {
        keys: await Promise.all(
          inOrder.map(async ({ privateKey, publicJwk }) => ({
            ...(await exportJWK(privateKey)),
            ...publicJwk,
          })),
        ),
      }
    },
  }
}

const signingKeysLost = (): Fault =>
  new Fault({
    code: 'signing_keys_lost',
    origin: 'configuration',
    message: 'The system database holds an installation, but no longer any of its signing keys.',
    nextStep: 'Restore the system database from its backup as a whole (docs/operating.md).',
  })

const signsFrom = ({ createdAt }: StoredSigningKey): Date => new Date(createdAt.getTime() + REFRESH_MS)

const verifiesUntil = (retiredAt: Date): Date =>
  new Date(retiredAt.getTime() + TOKEN_LIFETIME_SECONDS * 1000 + SKEW_MS)

const stillVerifies = ({ retiredAt }: StoredSigningKey, now: Date): boolean =>
  retiredAt === undefined || verifiesUntil(retiredAt) > now

async function generate(encryption: KeyEncryption, now: Date): Promise<StoredSigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(SIGNATURE_ALGORITHM, { extractable: true })
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return {
    kid,
    publicJwk: { ...jwk, kid, alg: SIGNATURE_ALGORITHM, use: 'sig' },
    encryptedPrivateKey: encryption.encrypt(Buffer.from(await exportPKCS8(privateKey), 'utf8')),
    createdAt: now,
    retiredAt: undefined,
  }
}

async function parse(stored: StoredSigningKey, encryption: KeyEncryption): Promise<ParsedKey> {
  const pkcs8 = Buffer.from(encryption.decrypt(stored.encryptedPrivateKey)).toString('utf8')
  const publicJwk: JWK = stored.publicJwk
  const publicKey = await importJWK(publicJwk, SIGNATURE_ALGORITHM)
  if (publicKey instanceof Uint8Array) throw new Error('a signing key is not an elliptic curve key')
  // Extractable, because the OAuth library takes private keys as JWK.
  const privateKey = await importPKCS8(pkcs8, SIGNATURE_ALGORITHM, { extractable: true })
  return { stored, publicKey, publicJwk, privateKey }
}
