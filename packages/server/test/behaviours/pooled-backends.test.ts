/**
 * The backends of an instance that has one place for all its pools: an idle one goes to whoever needs it, one in use
 * to nobody, and one that nobody uses for long is closed.
 */
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lakegate } from '../stage/lakegate.ts'
import { pooledClient, startWithOneBackend } from '../stage/pooled-sessions.ts'
import { asOwner, createRoleFor, createServicePrincipal } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { scrape, valueOf } from '../stage/metrics.ts'

const names = ['first', 'second'] as const
type Name = (typeof names)[number]

let lakegate: Awaited<ReturnType<typeof startWithOneBackend>>
const logins = new Map<Name, { user: string; password: string }>()
const sessions = new Map<Name, pg.Client>()

beforeAll(async () => {
  lakegate = await startWithOneBackend({
    LAKEGATE_POOL_SIZE_PER_INSTANCE: '1',
    LAKEGATE_POOL_WAIT_SECONDS: '3',
  })
  for (const name of names) {
    const principal = await createServicePrincipal(lakegate, name)
    await createRoleFor(lakegate, principal)
    logins.set(name, { user: principal.applicationId, password: await principal.workspaceToken() })
  }
})
afterAll(async () => {
  await lakegate.remove()
})
beforeEach(async () => {
  for (const name of names) sessions.set(name, await pooledClient(lakegate, loginOf(name)))
  return () => Promise.all([...sessions.values()].map((session) => session.end()))
})

function loginOf(name: Name) {
  const login = logins.get(name)
  if (login === undefined) throw new Error(`nobody is called ${name}`)
  return login
}
function sessionOf(name: Name): pg.Client {
  const session = sessions.get(name)
  if (session === undefined) throw new Error(`${name} has no session`)
  return session
}
const backendOf = async (session: pg.Client) => {
  const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid
}
/** PostgreSQL takes a moment to end a backend. */
const hasBackends = (role: string, wanted: number, of: Lakegate = lakegate) =>
  waitFor(`${role} to have ${String(wanted)} backends`, () =>
    asOwner(of, async (owner) => {
      const { rowCount } = await owner.query('SELECT FROM pg_stat_activity WHERE usename = $1', [role])
      return rowCount === wanted
    }),
  )

describe('when the places for backends are all taken', () => {
  it('an idle backend of another pool gives up its place, also right after it was used', async () => {
    for (let round = 0; round < 3; round += 1) {
      await backendOf(sessionOf('first'))
      await backendOf(sessionOf('second'))
      await hasBackends(loginOf('first').user, 0)
      await hasBackends(loginOf('second').user, 1)
    }
  })

  it('one in a transaction does not; who waits gets the place when it is over', async () => {
    await sessionOf('first').query('BEGIN')
    const waiting = backendOf(sessionOf('second'))
    await sessionOf('first').query('SELECT 1')
    await sessionOf('first').query('COMMIT')
    expect(await waiting).toBeDefined()
    await hasBackends(loginOf('first').user, 0)
  })

  it('one in a transaction does not; who waits too long is told so, in a session and at a login', async () => {
    const outsider = await createServicePrincipal(lakegate, 'outsider')
    await createRoleFor(lakegate, outsider)
    const login = { user: outsider.applicationId, password: await outsider.workspaceToken() }
    await sessionOf('first').query('BEGIN')
    const inSession = expect(backendOf(sessionOf('second'))).rejects.toMatchObject({ code: '53300' })
    await expect(pooledClient(lakegate, login)).rejects.toMatchObject({
      code: '53300',
      message: 'no backend of the pool became free within 3 seconds',
    })
    await inSession
    sessions.set('second', await pooledClient(lakegate, loginOf('second')))
    await sessionOf('first').query('COMMIT')
    await expect(pooledClient(lakegate, login).then((client) => client.end())).resolves.toBeUndefined()
  })
})

describe('a backend is closed, and its session stays and is given another,', () => {
  let impatient: Awaited<ReturnType<typeof startWithOneBackend>>
  let login: { user: string; password: string }

  beforeAll(async () => {
    impatient = await startWithOneBackend({
      LAKEGATE_POOL_IDLE_SECONDS: '1',
      LAKEGATE_POOL_LIFETIME_SECONDS: '4',
    })
    const principal = await createServicePrincipal(impatient, 'idle')
    await createRoleFor(impatient, principal)
    login = { user: principal.applicationId, password: await principal.workspaceToken() }
  })
  afterAll(async () => {
    await impatient.remove()
  })
  const closed = async (reason: string) =>
    valueOf(
      await scrape(impatient),
      `lakegate_pool_backends_closed_total{instance="${impatient.ready.instance.uid}",reason="${reason}"}`,
    )

  it('when nobody used it for pool-idle-seconds', async () => {
    const session = await pooledClient(impatient, login)
    const before = await backendOf(session)
    await hasBackends(login.user, 0, impatient)
    expect(await closed('unused')).toBe(1)
    expect(await backendOf(session)).not.toBe(before)
    await session.end()
  })

  it('when it is in use all the time, after pool-lifetime-seconds', async () => {
    const session = await pooledClient(impatient, login)
    await session.query(`SET application_name = 'old'`)
    const before = await backendOf(session)
    await waitFor('another backend', async () => (await backendOf(session)) !== before)
    expect(await closed('outdated')).toBe(1)
    const { rows } = await session.query<{ name: string }>(
      `SELECT current_setting('application_name') AS name`,
    )
    expect(rows).toEqual([{ name: 'old' }])
    await session.end()
  })
})
