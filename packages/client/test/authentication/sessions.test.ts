/** The token cache of the Databricks CLI, which both write. */
import { readFile, stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { expiryOf, findSession, removeSession, storeSession } from '../../src/authentication/sessions.ts'
import { homeOfTest } from '../stage/home.ts'

const home = homeOfTest()
const HOST = 'https://workspace.example.com'
const owner = (more: object = {}) => ({ host: HOST, surroundings: home.surroundings(), ...more })
const session = (name: string) => ({ access_token: name, token_type: 'Bearer', refresh_token: `r-${name}` })
const readCache = async () => JSON.parse(await readFile(home.cacheFile(), 'utf8')) as unknown

describe('a session', () => {
  it('is found by the profile, and by the host only where no profile is known', async () => {
    await home.writeCache({ version: 1, tokens: { dev: session('p'), [HOST]: session('h') } })
    expect(await findSession(owner({ profile: 'dev' }))).toEqual(session('p'))
    expect(await findSession(owner())).toEqual(session('h'))
    expect(await findSession(owner({ host: 'https://elsewhere' }))).toBeUndefined()
  })

  it('of a profile that was logged out is nobody else’s of the same host', async () => {
    await storeSession(owner({ profile: 'ada' }), session('ada'))
    await storeSession(owner({ profile: 'bob' }), session('bob'))
    await removeSession({ profile: 'ada', surroundings: home.surroundings() })
    expect(await findSession(owner({ profile: 'ada' }))).toBeUndefined()
    expect(await findSession(owner({ profile: 'bob' }))).toEqual(session('bob'))
  })

  it('of an account is found by its id', async () => {
    const host = 'https://accounts.cloud.databricks.com'
    await home.writeCache({ version: 1, tokens: { [`${host}/oidc/accounts/7`]: session('a') } })
    expect(await findSession(owner({ host, accountId: '7' }))).toEqual(session('a'))
  })

  it('is kept under both, for its owner only', async () => {
    await storeSession(owner({ profile: 'dev' }), session('new'))
    expect(await readCache()).toEqual({ version: 1, tokens: { dev: session('new'), [HOST]: session('new') } })
    expect((await stat(home.cacheFile())).mode & 0o777).toBe(0o600)
  })

  it('leaves the others as they are, with what is not known here', async () => {
    const other = { ...session('o'), expiry: '2026-01-01T00:00:00Z', profile_fingerprint: 'x' }
    await home.writeCache({ version: 1, tokens: { other }, note: 7 })
    await storeSession(owner({ profile: 'dev' }), session('new'))
    await removeSession(owner({ profile: 'dev' }))
    expect(await readCache()).toEqual({ version: 1, tokens: { other }, note: 7 })
  })

  it.each([
    ['another version', { version: 2, tokens: { dev: session('p') } }],
    ['another shape', { version: 1, tokens: { dev: { secret: 'p' } } }],
    ['no JSON', '{"version": 1,'],
  ])('in a cache of %s is not read, and the cache is not written over', async (_what, content) => {
    await home.writeCache(content)
    expect(await findSession(owner({ profile: 'dev' }))).toBeUndefined()
    const before = await readFile(home.cacheFile(), 'utf8')
    await expect(storeSession(owner({ profile: 'dev' }), session('new'))).rejects.toThrow('is left as it is')
    expect(await readFile(home.cacheFile(), 'utf8')).toBe(before)
  })

  it('is written by many at once without losing one', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `p${String(index)}`)
    await Promise.all(
      names.map((profile) => storeSession({ profile, surroundings: home.surroundings() }, session(profile))),
    )
    expect(await readCache()).toEqual({
      version: 1,
      tokens: Object.fromEntries(names.map((name) => [name, session(name)])),
    })
  })
})

it.each([
  ['2026-11-27T21:00:00.123456789+01:00', '2026-11-27T20:00:00.123Z'],
  ['2026-11-27T20:00:00Z', '2026-11-27T20:00:00.000Z'],
  ['nonsense', '1970-01-01T00:00:00.000Z'],
  ['0001-01-01T00:00:00Z', undefined],
  [undefined, undefined],
])('the expiry %s is %s', (expiry, means) => {
  expect(expiryOf({ access_token: 'a', ...(expiry === undefined ? {} : { expiry }) })?.toISOString()).toBe(
    means,
  )
})
