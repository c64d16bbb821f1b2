/** The tokens that the owner of the data directory gets: few, short-lived, on record, and gone when Lakegate stops. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { IdentityId, WorkspaceId } from '../../../src/domain/ids.ts'
import { Redacted } from '../../../src/domain/redacted.ts'
import {
  createLocalLogin,
  type LocalLogin,
  type LocalLoginPorts,
} from '../../../src/operations/credentials/log-in-locally.ts'
import type { AuditEntry } from '../../../src/operations/ports/audit.ts'

type Stored = Parameters<LocalLoginPorts['store']['insertPersonalAccessToken']>[0]

const MINUTE = 60_000
const identity = { id: '17' as IdentityId, name: 'admin@lakegate.local' }
const workspaceId = '1' as WorkspaceId

let now: Date
let stored: Map<string, Stored>
let records: AuditEntry[]
let login: LocalLogin

beforeEach(() => {
  now = new Date('2026-01-01T00:00:00Z')
  stored = new Map()
  records = []
  let made = 0
  login = createLocalLogin(
    {
      store: {
        async insertPersonalAccessToken(token) {
          const id = String(stored.size + 1)
          stored.set(id, token)
          const { atMost: _atMost, hash: _hash, createdBy, ...rest } = token
          return { ...rest, id, ownerName: identity.name, createdBy: { id: createdBy, name: identity.name } }
        },
        listPersonalAccessTokens: async () =>
          [...stored].map(([id, { atMost: _atMost, hash: _hash, createdBy, ...rest }]) => ({
            ...rest,
            id,
            ownerName: identity.name,
            createdBy: { id: createdBy, name: identity.name },
          })),
        deletePersonalAccessToken: async (_workspace, id) => stored.delete(id),
      },
      generate: () => {
        made += 1
        return { secret: new Redacted(`token ${String(made)}`), hash: Buffer.from([made]) }
      },
      clock: () => now,
      audit: { record: (entry) => void records.push(entry) },
    },
    { identity, workspaceId },
  )
})

const tokenNow = async () => (await login.logIn()).token.reveal()

describe('a local login', () => {
  it('gets a token of the administrator that lives an hour', async () => {
    const { expiresAt } = await login.logIn()
    expect(expiresAt).toEqual(new Date(now.getTime() + 60 * MINUTE))
    expect([...stored.values()]).toMatchObject([
      { identityId: identity.id, workspaceId, comment: 'local login' },
    ])
  })

  it('gets the same token as the one before while that is good for half an hour', async () => {
    const first = await tokenNow()
    now = new Date(now.getTime() + 30 * MINUTE)
    await expect(tokenNow()).resolves.toBe(first)
    now = new Date(now.getTime() + 1)
    await expect(tokenNow()).resolves.not.toBe(first)
  })

  it('gets another one when that was revoked', async () => {
    const first = await tokenNow()
    stored.clear()
    const second = await tokenNow()
    expect(second).not.toBe(first)
    await expect(tokenNow()).resolves.toBe(second)
  })

  it('shares a token with those at the same moment', async () => {
    const [one, other] = await Promise.all([tokenNow(), tokenNow()])
    expect(one).toBe(other)
    expect(stored.size).toBe(1)
  })

  it('is on record, every one, without the token', async () => {
    await tokenNow()
    await tokenNow()
    expect(records).toMatchObject([
      { event: 'local_login', outcome: 'admitted', identityId: identity.id, tokenId: '1' },
      { event: 'local_login', outcome: 'admitted', identityId: identity.id, tokenId: '1' },
    ])
    expect(JSON.stringify(records)).not.toContain('token 1')
  })

  it('leaves no token behind when Lakegate stops', async () => {
    await tokenNow()
    now = new Date(now.getTime() + 40 * MINUTE)
    await tokenNow()
    expect(stored.size).toBe(2)
    await login.end()
    expect(stored.size).toBe(0)
  })
})
