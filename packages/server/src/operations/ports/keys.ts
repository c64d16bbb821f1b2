/** The keys that sign and verify tokens, and how they are kept. */
import type { webcrypto } from 'node:crypto'
import type { Redacted } from '../../domain/redacted.ts'

/** A key that signs, with the id under which its public half is published (RFC 7517 §4.5). */
export interface SigningKey {
  readonly kid: string
  readonly privateKey: webcrypto.CryptoKey
}

/** Keys by `kid`: the current one signs, all of them verify until the last token they signed is dead. */
export interface TokenKeys {
  signingKey(): Promise<SigningKey>
  /** Undefined for an unknown `kid`. Never fetches anything that a token names. */
  verificationKey(kid: string): Promise<webcrypto.CryptoKey | undefined>
}

/** Private keys at rest are encrypted under a key that is not in the system database (DESIGN §5). */
export interface KeyEncryption {
  encrypt(plaintext: Uint8Array): Uint8Array
  /** Throws a `Fault` when the ciphertext was made under another key or was tampered with. */
  decrypt(ciphertext: Uint8Array): Uint8Array
  /** The same for one purpose as long as the key is the same; tells nothing of the key. */
  deriveSecret(purpose: string): Redacted<Uint8Array>
}

/** Told something that is sealed now, by whoever holds the master key. @throws Fault master_key_does_not_fit */
export type ConfirmMasterKey = (sealed: Uint8Array) => void

export interface SigningKeyStore {
  /** Newest first. */
  loadSigningKeys(): Promise<readonly StoredSigningKey[]>
  /**
   * Retires the current key, if any, in the same transaction. With `onlyIfNone`, does nothing when one is current.
   * @param options.retireAt from when on the one that is current signs no more
   */
  insertSigningKey(
    key: StoredSigningKey,
    options: { readonly onlyIfNone: boolean; readonly retireAt: Date },
  ): Promise<void>
}

/** What a rotation of the signing keys began. */
export interface KeyRotation {
  readonly kid: string
  /** Until then the former key signs. */
  readonly signsFrom: Date
  readonly formerVerifyUntil: Date
}

export interface StoredSigningKey {
  readonly kid: string
  readonly publicJwk: Readonly<Record<string, unknown>>
  readonly encryptedPrivateKey: Uint8Array
  readonly createdAt: Date
  /** From when on it signs no more; may be still to come. Undefined for the newest. */
  readonly retiredAt: Date | undefined
}
