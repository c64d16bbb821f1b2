/** The session of a browser at the console, over a store in memory: what renews it, what keeps it, what ends it. */
import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { Fault } from '../../../src/domain/fault.ts'
import { Redacted } from '../../../src/domain/redacted.ts'
import type { Workspace } from '../../../src/domain/workspace.ts'
import { createKeyEncryption } from '../../../src/keys/key-encryption.ts'
import { createConsoleSessions } from '../../../src/operations/sign-in/console-sessions.ts'
import type {
  ConsoleSessionStore,
  ConsoleTokens,
  FoundConsoleSession,
  StoredConsoleSession,
} from '../../../src/operations/ports/console-sessions.ts'
import { refused, type RefusedError } from '../../../src/operations/refused-error.ts'
import { generateConsoleCookie } from '../../../src/tokens/secret.ts'
import { ALICE, NOW, WORKSPACE } from '../../policy/facts.ts'

const MINUTE_MS = 60 * 1000
const HOUR_MS = 60 * MINUTE_MS
const here = { id: WORKSPACE, name: 'w', host: undefined } as Workspace
const OVER = { refusal: { name: 'console_session_over' } }
const USE = { isUse: true }

let now: Date
let rows: Map<string, FoundConsoleSession>
let renewals: number
let answer: () => Promise<ConsoleTokens | undefined>
let refusal: RefusedError | undefined
let bearers: string[]
beforeEach(() => {
  now = NOW
  rows = new Map()
  renewals = 0
  refusal = undefined
  bearers = []
  answer = () =>
    Promise.resolve({
      accessToken: new Redacted(`renewed ${String(renewals)}`.replace(' ', '-')),
      accessTokenExpiresAt: new Date(now.getTime() + HOUR_MS),
    })
})
const later = (milliseconds: number) => {
  now = new Date(now.getTime() + milliseconds)
}

const idOf = (hash: Uint8Array) => Buffer.from(hash).toString('hex')
const change = (hash: Uint8Array, changes: Partial<StoredConsoleSession>) => {
  const row = rows.get(idOf(hash))
  if (row !== undefined) rows.set(idOf(hash), { ...row, ...changes })
  return Promise.resolve()
}
const store: ConsoleSessionStore = {
  insertConsoleSession(session) {
    rows.set(idOf(session.cookieHash), {
      ...session,
      browserSessionExpiresAt: new Date(NOW.getTime() + 12 * HOUR_MS),
    })
    return Promise.resolve()
  },
  findConsoleSession: (hash) => Promise.resolve(rows.get(idOf(hash))),
  listLive: (hashes) => Promise.resolve(hashes.flatMap((hash) => rows.get(idOf(hash)) ?? [])),
  touchConsoleSession: (hash, usedAt) => change(hash, { usedAt }),
  replaceAccessToken: (hash, sealedAccessToken, accessTokenExpiresAt) =>
    change(hash, { sealedAccessToken, accessTokenExpiresAt }),
  removeConsoleSession(hash) {
    rows.delete(idOf(hash))
    return Promise.resolve()
  },
  endBrowserSession() {
    rows.clear()
    return Promise.resolve()
  },
  removeConsoleSessionsThatAreOver: () => Promise.resolve(0),
}
const sessions = createConsoleSessions({
  consoleSessions: store,
  encryption: createKeyEncryption([new Redacted(randomBytes(32))]),
  authenticate(bearer) {
    if (refusal !== undefined) return Promise.reject(refusal)
    bearers.push(bearer ?? '')
    return Promise.resolve({
      identity: ALICE,
      workspaceId: WORKSPACE,
      isAccountAdmin: false,
      isWorkspaceAdmin: false,
      scopes: ['all-apis'],
      bearer: 'workspace_token',
      groupIds: [],
    })
  },
  renew() {
    renewals += 1
    return answer()
  },
  generateCookie: () => generateConsoleCookie(randomBytes),
  clock: () => now,
})
const open = async (): Promise<string> =>
  (
    await sessions.open(here, {
      accessToken: new Redacted('first'),
      accessTokenExpiresAt: new Date(now.getTime() + HOUR_MS),
      refreshToken: new Redacted('refresh'),
      identityId: ALICE.id,
      browserSessionUid: 'uid',
      signedInOutside: false,
    })
  ).reveal()
const find = (cookie: string, options = USE) => sessions.find(cookie, here, options)

describe('a session of the console', () => {
  it('asks with the token that the sign-in brought, until it is about to end', async () => {
    const cookie = await open()
    later(54 * MINUTE_MS)
    await find(cookie)
    later(2 * MINUTE_MS)
    await find(cookie)
    await find(cookie)
    expect(bearers).toEqual(['first', 'renewed-1', 'renewed-1'])
    expect(renewals).toBe(1)
  })

  it('is renewed once by many requests of one moment', async () => {
    const cookie = await open()
    later(HOUR_MS)
    await Promise.all(Array.from({ length: 20 }, () => find(cookie)))
    expect(renewals).toBe(1)
    expect(new Set(bearers)).toEqual(new Set(['renewed-1']))
  })

  it('goes on with the token that it has while the OAuth server cannot answer', async () => {
    const cookie = await open()
    const unavailable = new Fault({ code: 'x', origin: 'store', message: 'x', retryable: true })
    answer = () => Promise.reject(unavailable)
    later(57 * MINUTE_MS)
    await expect(find(cookie)).resolves.toBeDefined()
    later(4 * MINUTE_MS)
    await expect(find(cookie)).rejects.toBe(unavailable)
    expect(rows.size).toBe(1)
  })

  it('is over when the OAuth server refuses to renew it', async () => {
    const cookie = await open()
    answer = () => Promise.resolve(undefined)
    later(HOUR_MS)
    await expect(find(cookie)).rejects.toMatchObject(OVER)
    expect(rows.size).toBe(0)
  })

  it('is over where a bearer is not good any more, and says so where it is only refused', async () => {
    const cookie = await open()
    refusal = refused('unauthenticated', { reason: 'deactivated' })
    await expect(find(cookie)).rejects.toMatchObject(OVER)
    refusal = refused('permission_denied', { reason: 'not assigned' })
    await expect(find(cookie)).rejects.toBe(refusal)
  })

  it('is kept by use, not by what a page asks on its own', async () => {
    const cookie = await open()
    later(7 * HOUR_MS)
    const { idleEndsAt } = await find(cookie, { isUse: false })
    expect(idleEndsAt).toEqual(new Date(NOW.getTime() + 8 * HOUR_MS))
    expect((await find(cookie)).idleEndsAt.getTime()).toBe(NOW.getTime() + 12 * HOUR_MS)
    later(4 * HOUR_MS)
    await expect(find(cookie)).resolves.toBeDefined()
    later(HOUR_MS)
    await expect(find(cookie)).rejects.toMatchObject(OVER)
  })

  it('opens nothing in another workspace', async () => {
    const cookie = await open()
    const there = { ...here, id: '1000000000000099' } as Workspace
    await expect(sessions.find(cookie, there, USE)).rejects.toMatchObject(OVER)
  })

  it('has a CSRF value of its own, the same for all of its requests', async () => {
    const [one, other] = [await open(), await open()]
    const { csrf } = await find(one)
    expect(csrf).toMatch(/^[\w-]{43}$/)
    expect((await find(one)).csrf).toBe(csrf)
    expect((await find(other)).csrf).not.toBe(csrf)
    expect(csrf).not.toBe(one)
  })

  it('gives its token on demand as long as it is there', async () => {
    const cookie = await open()
    const { accessToken, id } = await find(cookie)
    expect((await accessToken()).reveal()).toBe('first')
    later(HOUR_MS)
    expect((await accessToken()).reveal()).toBe('renewed-1')
    await sessions.end(id)
    await expect(accessToken()).rejects.toMatchObject(OVER)
  })

  it('is listed as over when it has ended, or its time has', async () => {
    const [one, other] = [await open(), await open()]
    const [first, second] = [(await find(one)).id, (await find(other)).id]
    expect(await sessions.listOver([first, second])).toEqual([])
    await sessions.forget(one)
    expect(await sessions.listOver([first, second])).toEqual([first])
    later(8 * HOUR_MS)
    expect(await sessions.listOver([first, second])).toEqual([first, second])
    expect(await sessions.listOver([])).toEqual([])
  })
})
