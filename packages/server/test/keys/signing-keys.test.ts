/** Rotation of the signing keys: who signs, who still verifies, and until when (DESIGN §5, attack 21). */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Fault } from '../../src/domain/fault.ts'
import { Redacted } from '../../src/domain/redacted.ts'
import { createKeyEncryption } from '../../src/keys/key-encryption.ts'
import { createSigningKeys } from '../../src/keys/signing-keys.ts'
import type { SigningKeyStore, StoredSigningKey } from '../../src/operations/ports/keys.ts'

const HOUR_MS = 3_600_000

function world() {
  let now = new Date('2026-11-24T12:00:00Z')
  let stored: readonly StoredSigningKey[] = []
  const store: SigningKeyStore = {
    loadSigningKeys: () => Promise.resolve(stored),
    insertSigningKey(key, { onlyIfNone }) {
      if (onlyIfNone && stored.some(({ retiredAt }) => retiredAt === undefined)) return Promise.resolve()
      stored = [key, ...stored.map((old) => ({ ...old, retiredAt: old.retiredAt ?? now }))]
      return Promise.resolve()
    },
  }
  const encryption = createKeyEncryption(new Redacted(randomBytes(32)))
  const ofAnotherProcess = () => createSigningKeys({ store, encryption, clock: () => now })
  return {
    keys: ofAnotherProcess(),
    ofAnotherProcess,
    later: (milliseconds: number) => {
      now = new Date(now.getTime() + milliseconds)
    },
    stored: () => stored,
  }
}

describe('signing keys', () => {
  it('are made once, however many processes start', async () => {
    const { keys, ofAnotherProcess, stored } = world()
    await keys.start()
    await ofAnotherProcess().start()
    expect(stored()).toHaveLength(1)
  })

  it('sign with the new key as soon as they are rotated', async () => {
    const { keys } = world()
    await keys.start()
    const before = await keys.signingKey()
    await keys.rotate()
    expect((await keys.signingKey()).kid).not.toBe(before.kid)
  })

  it('verify with a rotated-out key while a token signed by it can be alive, and publish it (attack 21)', async () => {
    const { keys, later } = world()
    await keys.start()
    const { kid } = await keys.signingKey()
    await keys.rotate()
    later(HOUR_MS)
    expect(await keys.verificationKey(kid)).toBeDefined()
    expect((await keys.publicJwks()).keys.map((key) => key.kid)).toContain(kid)
  })

  it('refuse a rotated-out key once the last token signed by it is dead (attack 21)', async () => {
    const { keys, later } = world()
    await keys.start()
    const { kid } = await keys.signingKey()
    await keys.rotate()
    later(HOUR_MS + 61_000)
    expect(await keys.verificationKey(kid)).toBeUndefined()
    expect((await keys.publicJwks()).keys.map((key) => key.kid)).not.toContain(kid)
  })

  it('know at once a key that another process has just made', async () => {
    const { keys, ofAnotherProcess, later } = world()
    await keys.start()
    const other = ofAnotherProcess()
    await other.rotate()
    later(1_500)
    expect(await keys.verificationKey((await other.signingKey()).kid)).toBeDefined()
  })

  it('never publish a private part', async () => {
    const { keys } = world()
    await keys.start()
    for (const key of (await keys.publicJwks()).keys) expect(key).not.toHaveProperty('d')
  })

  it('are stored encrypted, and unreadable under another key', async () => {
    const { keys, stored } = world()
    await keys.start()
    const [key] = stored()
    if (key === undefined) throw new Error('no key was stored')
    expect(Buffer.from(key.encryptedPrivateKey).toString('latin1')).not.toContain('PRIVATE KEY')
    const other = createKeyEncryption(new Redacted(randomBytes(32)))
    expect(() => other.decrypt(key.encryptedPrivateKey)).toThrow(Fault)
  })

  it('are refused when the stored bytes were changed', async () => {
    const encryption = createKeyEncryption(new Redacted(randomBytes(32)))
    const ciphertext = Uint8Array.from(encryption.encrypt(Buffer.from('private')))
    for (let index = 0; index < ciphertext.length; index += 1) {
      const changed = Uint8Array.from(ciphertext)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(() => encryption.decrypt(changed)).toThrow(Fault)
    }
  })
})
