/** Behaviour 74 at the pooled endpoint: what its pools hold and what they did, over all workers. */
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scrape, valueOf } from '../stage/metrics.ts'
import { cut, pooledClient, startWithOneBackend } from '../stage/pooled-sessions.ts'
import { createRoleFor, createServicePrincipal } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

/** One backend for each of them, and each gets half of the sessions. */
const WORKERS = 2
const SESSIONS = 4

let lakegate: Awaited<ReturnType<typeof startWithOneBackend>>
let login: { user: string; password: string }
let sessions: readonly pg.Client[]

beforeAll(async () => {
  lakegate = await startWithOneBackend({
    LAKEGATE_POOL_SIZE: String(WORKERS),
    LAKEGATE_GATEWAY_WORKERS: String(WORKERS),
    LAKEGATE_POOL_WAIT_SECONDS: '3',
  })
  const principal = await createServicePrincipal(lakegate, 'measured')
  await createRoleFor(lakegate, principal)
  login = { user: principal.applicationId, password: await principal.workspaceToken() }
  const opened: pg.Client[] = []
  for (let count = 0; count < SESSIONS; count += 1) opened.push(await pooledClient(lakegate, login))
  sessions = opened
})
afterAll(async () => {
  for (const session of sessions) cut(session)
  await lakegate.remove()
})

const series = (name: string, label = '') =>
  `lakegate_pool_${name}{instance="${lakegate.ready.instance.uid}"${label}}`
const becomes = (name: string, label: string, wanted: number) =>
  waitFor(`${name} to be ${String(wanted)}`, async () => {
    return valueOf(await scrape(lakegate), series(name, label)) === wanted
  })

it('sessions are counted whether or not they have a backend, and backends by what they do', async () => {
  await becomes('sessions', '', SESSIONS)
  await becomes('backends', ',state="idle"', WORKERS)
  await becomes('backends', ',state="in_use"', 0)
  await becomes('backends_opened_total', '', WORKERS)
})

it('opening a backend is timed here as well', async () => {
  await waitFor('the opened backends', async () => {
    const text = await scrape(lakegate)
    // One more for the owner, who made the role at the direct endpoint.
    return valueOf(text, 'lakegate_login_step_seconds_count{step="open_backend"}') === WORKERS + 1
  })
})

it('who waits is seen while it waits, and counted when it waited in vain', async () => {
  const begun = await Promise.allSettled(
    sessions.map(async (session) => {
      const answer = session.query('BEGIN')
      if (session === sessions.at(-1)) {
        await becomes('backends', ',state="in_use"', WORKERS)
        await becomes('sessions_waiting', '', SESSIONS - WORKERS)
      }
      return answer
    }),
  )
  expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(WORKERS)
  await becomes('sessions_waiting', '', 0)
  await becomes('sessions', '', WORKERS)
  await becomes('waits_total', '', SESSIONS - WORKERS)
  await becomes('timeouts_total', '', SESSIONS - WORKERS)
  const waited = valueOf(await scrape(lakegate), series('wait_seconds_total'))
  expect(waited).toBeGreaterThan(0)
})

it('a backend that is emptied, and one that is lost with its session, are counted', async () => {
  const before = valueOf(await scrape(lakegate), series('resets_total'))
  // Those that are left are in transactions, one on each backend.
  for (const session of sessions) cut(session)
  await becomes('sessions', '', 0)
  await becomes('backends_closed_total', ',reason="lost"', WORKERS)
  const last = await pooledClient(lakegate, login)
  await last.query('SELECT 1')
  await last.end()
  await becomes('resets_total', '', before + 1)
  await becomes('backends', ',state="idle"', 1)
})

it('a login that PostgreSQL itself refuses is counted as at the direct endpoint', async () => {
  const refusals = 'lakegate_login_refusals_total{reason="backend"}'
  const before = valueOf(await scrape(lakegate), refusals)
  await expect(pooledClient(lakegate, { ...login, options: '-c work_mem=none' })).rejects.toMatchObject({
    code: '22023',
  })
  await waitFor('the refusal in the count', async () => {
    return valueOf(await scrape(lakegate), refusals) === before + 1
  })
})
