/** Rotation of the signing keys: who signs, who still verifies, and until when (DESIGN §5, attack 21). */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Fault } from '../../src/domain/fault.ts'
import { Redacted } from '../../src/domain/redacted.ts'
import { createKeyEncryption } from '../../src/keys/key-encryption.ts'
import { createSigningKeys } from '../../src/keys/signing-keys.ts'
import type { SigningKeyStore, StoredSigningKey } from '../../src/operations/ports/keys.ts'

const HOUR_MS = 3_600_000
/** How long a process may go on with the keys that it knows. */
const REFRESH_MS = 30_000

function world() {
  let now = new Date('2026-11-24T12:00:00Z')
  let stored: readonly StoredSigningKey[] = []
  const store: SigningKeyStore = {
    loadSigningKeys: () => Promise.resolve(stored),
    insertSigningKey(key, { onlyIfNone, retireAt }) {
      if (onlyIfNone && stored.some(({ retiredAt }) => retiredAt === undefined)) return Promise.resolve()
      stored = [key, ...stored.map((old) => ({ ...old, retiredAt: old.retiredAt ?? retireAt }))]
      return Promise.resolve()
    },
  }
  const encryption = createKeyEncryption([new Redacted(randomBytes(32))])
  const ofAnotherProcess = () => createSigningKeys({ store, encryption, clock: () => now })
  return {
    keys: ofAnotherProcess(),
    ofAnotherProcess,
    later: (milliseconds: number) => {
      now = new Date(now.getTime() + milliseconds)
    },
    now: () => now,
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

  it('sign at the first start with the one that there is', async () => {
    const { keys, stored } = world()
    await keys.start()
    expect((await keys.signingKey()).kid).toBe(stored()[0]?.kid)
  })

  it('sign with the new key half a minute after they are rotated, and publish it at once', async () => {
    const { keys, later } = world()
    await keys.start()
    const before = await keys.signingKey()
    later(HOUR_MS)
    const { kid } = await keys.rotate()
    expect((await keys.publicJwks()).keys.map((key) => key.kid)).toEqual([kid, before.kid])
    expect((await keys.signingKey()).kid).toBe(before.kid)
    later(REFRESH_MS)
    expect((await keys.signingKey()).kid).toBe(kid)
    expect((await keys.privateJwks()).keys.map((key) => key.kid)).toEqual([kid, before.kid])
  })

  it('never sign with one that another process does not find, not even after it looked for a made-up one', async () => {
    const { keys, ofAnotherProcess, later } = world()
    await keys.start()
    const verifier = ofAnotherProcess()
    later(HOUR_MS)
    await verifier.verificationKey('made up')
    await keys.rotate()
    expect(await verifier.verificationKey((await keys.signingKey()).kid)).toBeDefined()
    later(REFRESH_MS - 1)
    await verifier.verificationKey('made up')
    later(1)
    expect(await verifier.verificationKey((await keys.signingKey()).kid)).toBeDefined()
  })

  it('sign with one that all know when they are rotated twice in a row', async () => {
    const { keys, later } = world()
    await keys.start()
    const before = await keys.signingKey()
    later(HOUR_MS)
    await keys.rotate()
    later(1_000)
    const { kid } = await keys.rotate()
    expect((await keys.signingKey()).kid).toBe(before.kid)
    later(REFRESH_MS)
    expect((await keys.signingKey()).kid).toBe(kid)
  })

  it('verify with a rotated-out key while a token signed by it can be alive, and publish it (attack 21)', async () => {
    const { keys, later } = world()
    await keys.start()
    const { kid } = await keys.signingKey()
    await keys.rotate()
    later(REFRESH_MS + HOUR_MS)
    expect(await keys.verificationKey(kid)).toBeDefined()
    expect((await keys.publicJwks()).keys.map((key) => key.kid)).toContain(kid)
  })

  it('refuse a rotated-out key once the last token signed by it is dead (attack 21)', async () => {
    const { keys, later, now } = world()
    await keys.start()
    const { kid } = await keys.signingKey()
    const { formerVerifyUntil } = await keys.rotate()
    later(REFRESH_MS + HOUR_MS + 60_000)
    expect(now()).toEqual(formerVerifyUntil)
    expect(await keys.verificationKey(kid)).toBeUndefined()
    expect((await keys.publicJwks()).keys.map((key) => key.kid)).not.toContain(kid)
  })

  it('know at once a key that another process has just made', async () => {
    const { keys, ofAnotherProcess, later } = world()
    await keys.start()
    const other = ofAnotherProcess()
    const { kid } = await other.rotate()
    later(1_500)
    expect(await keys.verificationKey(kid)).toBeDefined()
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
    const other = createKeyEncryption([new Redacted(randomBytes(32))])
    expect(() => other.decrypt(key.encryptedPrivateKey)).toThrow(Fault)
  })

  it('are refused when the stored bytes were changed', async () => {
    const encryption = createKeyEncryption([new Redacted(randomBytes(32))])
    const ciphertext = Uint8Array.from(encryption.encrypt(Buffer.from('private')))
    for (let index = 0; index < ciphertext.length; index += 1) {
      const changed = Uint8Array.from(ciphertext)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(() => encryption.decrypt(changed)).toThrow(Fault)
    }
  })
})
