/** The keys that sign and verify tokens, and how they are stored. */
import type { webcrypto } from 'node:crypto'
import type { Redacted } from '../../domain/redacted.ts'

/** A signing key, with the id under which its public half is published (RFC 7517 §4.5). */
export interface SigningKey {
  readonly kid: string
  readonly privateKey: webcrypto.CryptoKey
}

/** Keys by `kid`: the current one signs, and each verifies until the last token it signed has expired. */
export interface TokenKeys {
  signingKey(): Promise<SigningKey>
  /** Undefined for an unknown `kid`. Never fetches anything from an address that a token names. */
  verificationKey(kid: string): Promise<webcrypto.CryptoKey | undefined>
}

/** Stored private keys are encrypted with a key that is not in the system database (DESIGN §5). */
export interface KeyEncryption {
  encrypt(plaintext: Uint8Array): Uint8Array
  /** Throws a `Fault` when the ciphertext was made under another key or was tampered with. */
  decrypt(ciphertext: Uint8Array): Uint8Array
  /** The same result for one purpose as long as the key is the same; reveals nothing about the key. */
  deriveSecret(purpose: string): Redacted<Uint8Array>
}

/**
 * Called with data sealed with the present master key; confirms that this process has that key.
 * @throws Fault master_key_does_not_fit
 */
export type ConfirmMasterKey = (sealed: Uint8Array) => void

export interface SigningKeyStore {
  /** Newest first. */
  loadSigningKeys(): Promise<readonly StoredSigningKey[]>
  /**
   * Retires the current key, if any, in the same transaction. With `onlyIfNone`, does nothing when there is a current
   * key.
   * @param options.retireAt from when on the current key does not sign any more
   */
  insertSigningKey(
    key: StoredSigningKey,
    options: { readonly onlyIfNone: boolean; readonly retireAt: Date },
  ): Promise<void>
}

/** The result of a rotation of the signing keys. */
export interface KeyRotation {
  readonly kid: string
  /** The former key signs until then. */
  readonly signsFrom: Date
  readonly formerVerifyUntil: Date
}

export interface StoredSigningKey {
  readonly kid: string
  readonly publicJwk: Readonly<Record<string, unknown>>
  readonly encryptedPrivateKey: Uint8Array
  readonly createdAt: Date
  /** From when on it does not sign any more; may be in the future. Undefined for the newest key. */
  readonly retiredAt: Date | undefined
}
