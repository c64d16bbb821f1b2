/** behaviour 73: sessions end when they were idle, or open, for longer than the limits; work in progress is not idle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type pg from 'pg'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { pooledEndpointOf } from '../stage/pooled-sessions.ts'
import { databaseClient, mintCredential } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

const IDLE_SECONDS = 2
/** Longer than a statement that outlasts the idle limit and the time that PostgreSQL is left to act first. */
const LIFETIME_SECONDS = 20

let lakegate: RunningLakegate
beforeAll(async () => {
  lakegate = await startLakegate({
    dataDirectory: await makeDataDirectory(),
    environment: {
      LAKEGATE_SESSION_IDLE_SECONDS: String(IDLE_SECONDS),
      LAKEGATE_SESSION_LIFETIME_SECONDS: String(LIFETIME_SECONDS),
    },
  })
})
afterAll(async () => {
  await lakegate.stop()
  await removeDataDirectory(lakegate.dataDirectory)
})

async function openSession(
  endpoint: { readonly host: string; readonly port: number } = lakegate.ready.instance,
): Promise<{ readonly client: pg.Client; readonly farewell: Promise<Error> }> {
  const password = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
  const login = { user: lakegate.ready.admin_user, password, instance: endpoint }
  const client = await databaseClient(lakegate, login)
  const farewell = new Promise<Error>((resolve) => client.once('error', resolve))
  await client.connect()
  return { client, farewell }
}

const audited = (reason: string) =>
  waitFor(`the audit record of ${reason}`, () =>
    lakegate.output().includes(`"event":"end_session","outcome":"admitted","reason":"${reason}"`),
  )

describe.concurrent('a session', () => {
  it('that is idle is ended by PostgreSQL itself, with its 57P05', async () => {
    const { farewell } = await openSession()
    expect(await farewell).toMatchObject({
      code: '57P05',
      message: 'terminating connection due to idle-session timeout',
    })
    await audited('backend_ended","sqlstate":"57P05')
  })

  it('that switched PostgreSQL’s limit off, or sits idle in a transaction, is ended with 57P01', async () => {
    const sessions = [await openSession(), await openSession()]
    await sessions[0]?.client.query('SET idle_session_timeout = 0')
    await sessions[1]?.client.query('BEGIN')
    for (const { farewell } of sessions) expect(await farewell).toMatchObject({ code: '57P01' })
    await audited('session_idle')
  })

  it('that works on one long statement is not idle', async () => {
    const { client } = await openSession()
    const { rows } = await client.query<{ done: string }>(`SELECT 'done' AS done FROM pg_sleep(10)`)
    expect(rows).toEqual([{ done: 'done' }])
    await client.end()
  })

  it('of the pooled endpoint is ended with 57P01 when it is idle, in a transaction or not, and not while it works', async () => {
    const endpoint = pooledEndpointOf(lakegate)
    const [idle, inside, working] = [
      await openSession(endpoint),
      await openSession(endpoint),
      await openSession(endpoint),
    ]
    await inside.client.query('BEGIN')
    const { rows } = await working.client.query<{ done: string }>(`SELECT 'done' AS done FROM pg_sleep(10)`)
    expect(rows).toEqual([{ done: 'done' }])
    for (const { farewell } of [idle, inside]) expect(await farewell).toMatchObject({ code: '57P01' })
    await working.client.end()
  })

  it('that is as old as it may get is ended with 57P01, however busy', async () => {
    const { client, farewell } = await openSession()
    let isOver = false
    const over = farewell.then((error) => {
      isOver = true
      return error
    })
    await waitFor('the end of a busy session', async () => {
      await client.query('SELECT 1').catch(() => undefined)
      return isOver
    })
    expect(await over).toMatchObject({ code: '57P01' })
    await audited('session_too_old')
  })
})
