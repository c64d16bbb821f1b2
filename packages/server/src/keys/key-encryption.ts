/**
 * Encrypts stored private keys with AES-256-GCM under the master key, which is in a file outside the system database
 * (DESIGN §5). Layout: version byte 1, 12 bytes nonce, ciphertext, 16 bytes tag.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { Fault } from '../domain/fault.ts'
import { Redacted } from '../domain/redacted.ts'
import type { ConfirmMasterKey, KeyEncryption } from '../operations/ports/keys.ts'

const VERSION = 1
// NIST SP 800-38D §8.2: a 96-bit nonce; random ones are safe for far more keys than are ever encrypted here.
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** The first key encrypts; each of them decrypts, which is needed during a rotation (master-key.ts). */
export type MasterKeys = readonly [Redacted<Uint8Array>, ...Redacted<Uint8Array>[]]

export function createKeyEncryption(masterKeys: MasterKeys): KeyEncryption {
  const [current] = masterKeys
  return {
    encrypt(plaintext) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', current.reveal(), nonce)
      return Buffer.concat([
        Buffer.of(VERSION),
        nonce,
        cipher.update(plaintext),
        cipher.final(),
        cipher.getAuthTag(),
      ])
    },
    decrypt(ciphertext) {
      let failure: unknown
      for (const masterKey of masterKeys) {
        try {
          return open(Buffer.from(ciphertext), masterKey)
        } catch (error) {
          failure = error
        }
      }
      throw wrongMasterKey(failure)
    },
    deriveSecret: (purpose) =>
      new Redacted(createHmac('sha256', current.reveal()).update(purpose, 'utf8').digest()),
  }
}

/**
 * The same encryption, usable as long as the key is that of the system database. A process that lost its lock on the
 * master key (sealed-columns.ts) may find that the key was rotated meanwhile: nobody could decrypt what it would
 * encrypt from then on.
 */
export function createHeldEncryption(encryption: KeyEncryption): {
  readonly encryption: KeyEncryption
  /**
   * Called with data sealed with the present master key.
   * @throws Fault master_key_does_not_fit; after that nothing can be encrypted
   */
  readonly confirm: ConfirmMasterKey
} {
  let fits = true
  return {
    encryption: {
      ...encryption,
      encrypt(plaintext) {
        if (!fits) throw wrongMasterKey()
        return encryption.encrypt(plaintext)
      },
    },
    confirm(sealed) {
      fits = false
      encryption.decrypt(sealed)
      fits = true
    },
  }
}

function open(bytes: Buffer, masterKey: Redacted<Uint8Array>): Uint8Array {
  if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION)
    throw new Error('the bytes are not what this version of Lakegate encrypts')
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', masterKey.reveal(), nonce, { authTagLength: TAG_BYTES })
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(bytes.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()])
}

function wrongMasterKey(cause?: unknown): Fault {
  return new Fault({
    code: 'master_key_does_not_fit',
    origin: 'configuration',
    message: 'A private key in the system database cannot be decrypted with the master key.',
    nextStep: 'Put back the master key file that belongs to this system database (LAKEGATE_MASTER_KEY_FILE).',
    cause,
  })
}
