/**
 * Encrypts private keys at rest with AES-256-GCM under the master key, which lives in a file outside the
 * system database (DESIGN §5). Layout: version byte 1, 12 bytes nonce, ciphertext, 16 bytes tag.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { link, open, rm } from 'node:fs/promises'
import { Fault } from '../domain/fault.ts'
import { Redacted } from '../domain/redacted.ts'
import type { KeyEncryption } from '../operations/ports/keys.ts'

const VERSION = 1
const MASTER_KEY_BYTES = 32
// NIST SP 800-38D §8.2: a 96-bit nonce; random ones are safe for far more keys than are ever encrypted here.
const NONCE_BYTES = 12
const TAG_BYTES = 16

export function createKeyEncryption(masterKey: Redacted<Uint8Array>): KeyEncryption {
  return {
    encrypt(plaintext) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', masterKey.reveal(), nonce)
      return Buffer.concat([
        Buffer.of(VERSION),
        nonce,
        cipher.update(plaintext),
        cipher.final(),
        cipher.getAuthTag(),
      ])
    },
    decrypt(ciphertext) {
      const bytes = Buffer.from(ciphertext)
      if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION) throw wrongMasterKey()
      const nonce = bytes.subarray(1, 1 + NONCE_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', masterKey.reveal(), nonce, {
        authTagLength: TAG_BYTES,
      })
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()])
      } catch (cause) {
        throw wrongMasterKey(cause)
      }
    },
    deriveSecret: (purpose) =>
      new Redacted(createHmac('sha256', masterKey.reveal()).update(purpose, 'utf8').digest()),
  }
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

/**
 * Reads the master key.
 * @throws Fault master_key_lost when there is none, master_key_unusable
 */
export async function loadMasterKey(file: string): Promise<Redacted<Uint8Array>> {
  const existing = await readMasterKey(file)
  if (existing !== undefined) return existing
  throw new Fault({
    code: 'master_key_lost',
    origin: 'configuration',
    message: `The master key file ${file} is not there, and without it nothing that the system database keeps encrypted can be read.`,
    nextStep:
      'Put it back from its backup, or name the file that belongs to this system database with LAKEGATE_MASTER_KEY_FILE. No other key can take its place.',
  })
}

/**
 * Reads the master key; makes it, with mode 0600, when there is none and there may be a new one. Two starts that race end
 * with one key: the file appears whole under its name by link(2), which fails when the name is taken.
 * @param mayMake whether nothing was encrypted under a key yet
 * @throws Fault master_key_lost, master_key_unusable
 */
export async function loadOrMakeMasterKey(
  file: string,
  mayMake: () => Promise<boolean>,
): Promise<Redacted<Uint8Array>> {
  const existing = await readMasterKey(file)
  if (existing !== undefined) return existing
  if (!(await mayMake())) return loadMasterKey(file)
  const unfinished = `${file}.${randomBytes(8).toString('hex')}`
  try {
    const handle = await open(unfinished, 'wx', 0o600)
    try {
      await handle.writeFile(`${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(unfinished, file).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    })
  } catch (cause) {
    throw unusable(file, cause instanceof Error ? cause.message : String(cause), cause)
  } finally {
    await rm(unfinished, { force: true })
  }
  const created = await readMasterKey(file)
  if (created === undefined) throw unusable(file, 'it disappeared while it was made')
  return created
}

async function readMasterKey(file: string): Promise<Redacted<Uint8Array> | undefined> {
  let text: string
  try {
    const handle = await open(file, 'r')
    try {
      const { uid } = await handle.stat()
      if (uid !== 0 && uid !== process.getuid?.())
        throw new Error(`it belongs to another account (user id ${String(uid)})`)
      text = await handle.readFile('utf8')
      await handle.chmod(0o600)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw unusable(file, error instanceof Error ? error.message : String(error), error)
  }
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== MASTER_KEY_BYTES)
    throw unusable(file, `it must hold ${String(MASTER_KEY_BYTES)} bytes in base64`)
  return new Redacted<Uint8Array>(key)
}

function unusable(file: string, problem: string, cause?: unknown): Fault {
  return new Fault({
    code: 'master_key_unusable',
    origin: 'configuration',
    message: `The master key file ${file} cannot be used: ${problem}.`,
    nextStep: 'Put the right file back, or name it with LAKEGATE_MASTER_KEY_FILE.',
    cause,
  })
}
