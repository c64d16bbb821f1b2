/**
 * However a session ends, its client reads close_notify before the end, as PostgreSQL says it (issue 10, A1): libpq takes
 * anything else for an attack and reports `SSL error: unexpected eof while reading`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { OpenSessionsAnswer } from '@lakegate/client'
import {
  cancelRequest,
  passwordMessage,
  queryMessage,
  sslRequest,
  startupMessage,
  terminateMessage,
  typed,
} from '../stage/byte-builder.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { pooledEndpointOf } from '../stage/pooled-sessions.ts'
import { asOwner, createPrincipalWithRole, mintCredential } from '../stage/service-principal.ts'
import { connectThrough, IN_ORDER, tapInto, type TlsTap } from '../stage/tls-tap.ts'
import { waitFor } from '../stage/wait-for.ts'
import type { ServerMessage, WireClient } from '../stage/wire-client.ts'

let lakegate: OwnLakegate
let user: string
let password: string
const taps: TlsTap[] = []

beforeAll(async () => {
  lakegate = await startOwnLakegate({ LAKEGATE_LOGIN_DEADLINE_SECONDS: '5' })
  user = lakegate.ready.admin_user
  password = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
})
afterEach(() => {
  for (const tap of taps.splice(0)) tap.close()
})
afterAll(() => lakegate.remove())

interface Visit {
  readonly tap: TlsTap
  readonly client: WireClient
}
interface Credentials {
  readonly user: string
  readonly password: string
}

const ENDPOINTS = {
  direct: () => lakegate.ready.instance,
  pooled: () => pooledEndpointOf(lakegate),
} as const
type Endpoint = keyof typeof ENDPOINTS

async function visit(endpoint: Endpoint): Promise<Visit> {
  const tap = await tapInto(ENDPOINTS[endpoint]())
  taps.push(tap)
  return { tap, client: await connectThrough(lakegate, tap) }
}

async function atPassword(endpoint: Endpoint, who: { readonly user: string } = { user }): Promise<Visit> {
  const visited = await visit(endpoint)
  visited.client.send(
    startupMessage([
      ['user', who.user],
      ['database', lakegate.ready.instance.database],
    ]),
  )
  expect((await visited.client.next())?.type).toBe('R')
  return visited
}

async function untilReady({ client }: Visit): Promise<readonly ServerMessage[]> {
  const messages: ServerMessage[] = []
  for (;;) {
    const message = await client.next()
    if (message === undefined) throw new Error('the server closed')
    messages.push(message)
    if (message.type === 'Z') return messages
  }
}

async function loggedIn(endpoint: Endpoint, who: Credentials = { user, password }) {
  const visited = await atPassword(endpoint, who)
  visited.client.send(passwordMessage(who.password))
  const greeting = await untilReady(visited)
  const key = greeting.find(({ type }) => type === 'K')?.body
  if (key === undefined) throw new Error('there is no BackendKeyData')
  return { ...visited, processId: key.readInt32BE(0), key: key.subarray(4) }
}

async function member(displayName: string): Promise<Credentials & { readonly id: string }> {
  const principal = await createPrincipalWithRole(lakegate, displayName)
  return {
    id: principal.id,
    user: principal.applicationId,
    password: await mintCredential(principal.http, lakegate.ready.instance.name),
  }
}

const sessionsOf = ({ id }: { readonly id: string }) => `/api/2.0/lakegate/identities/${id}/sessions`

const WAYS: Readonly<Record<string, (endpoint: Endpoint) => Promise<Visit>>> = {
  async 'a cancel request that was passed on'(endpoint) {
    const session = await loggedIn(endpoint)
    session.client.send(queryMessage('SELECT pg_sleep(600)'))
    const cancel = await visit(endpoint)
    cancel.client.send(cancelRequest(session.processId, session.key))
    await cancel.client.untilClosed()
    session.client.close()
    return cancel
  },
  async 'a cancel request whose key is of nobody'(endpoint) {
    const cancel = await visit(endpoint)
    cancel.client.send(cancelRequest(1, Buffer.alloc(4)))
    return cancel
  },
  async 'a login that is refused'(endpoint) {
    const visited = await atPassword(endpoint)
    visited.client.send(passwordMessage('no token'))
    return visited
  },
  async 'a login that is given up at the question for the password'(endpoint) {
    const visited = await atPassword(endpoint)
    visited.client.send(terminateMessage())
    return visited
  },
  'a login that never says who it is': visit,
  'a login that never answers': (endpoint) => atPassword(endpoint),
  async 'a request for TLS inside TLS'(endpoint) {
    const visited = await visit(endpoint)
    visited.client.send(sslRequest())
    return visited
  },
  async 'a goodbye'(endpoint) {
    const session = await loggedIn(endpoint)
    session.client.send(terminateMessage())
    return session
  },
  async 'a goodbye behind a query'(endpoint) {
    const session = await loggedIn(endpoint)
    session.client.send(queryMessage('SELECT 1'), terminateMessage())
    return session
  },
  async 'a message of a type that there is not'(endpoint) {
    const session = await loggedIn(endpoint)
    session.client.send(typed('?', Buffer.alloc(0)))
    return session
  },
  async 'a session that PostgreSQL ends'(endpoint) {
    const session = await loggedIn(endpoint)
    session.client.send(queryMessage('SELECT pg_terminate_backend(pg_backend_pid())'))
    return session
  },
  async 'a session that an administrator ends'(endpoint) {
    const gone = await member(`gone from ${endpoint}`)
    const session = await loggedIn(endpoint, gone)
    await lakegate.admin.request('DELETE', sessionsOf(gone))
    return session
  },
}

describe.each(['direct', 'pooled'] as const)('at the %s endpoint', (endpoint) => {
  it.each(Object.entries(WAYS))('%s ends with close_notify', async (_what, happen) => {
    const { client, tap } = await happen(endpoint)
    await client.untilClosed()
    expect(await waitFor('the end', () => Promise.resolve(tap.ends[0]))).toBe(IN_ORDER)
  })

  it('a backend that is killed ends its session with close_notify', async () => {
    const session = await loggedIn(endpoint)
    session.client.send(queryMessage('BEGIN; SELECT pg_backend_pid()'))
    const row = (await untilReady(session)).find(({ type }) => type === 'D')
    process.kill(Number(row?.body.toString('latin1', 6)), 'SIGKILL')
    await session.client.untilClosed()
    expect(await waitFor('the end', () => Promise.resolve(session.tap.ends[0]))).toBe(IN_ORDER)
    // PostgreSQL restarts all of itself then.
    await waitFor('a login', () =>
      asOwner(lakegate, (owner) => owner.query('SELECT 1')).then(
        () => true,
        () => undefined,
      ),
    )
  })
})

describe('a pooled session that is ended in the middle of a row', () => {
  it('ends with close_notify, and without a word that would be taken for data', async () => {
    const reader = await member('reads slowly')
    const session = await loggedIn('pooled', reader)
    session.client.pause()
    // More than what the kernel holds between the two.
    session.client.send(queryMessage(`SELECT repeat('x', 64000000)`))
    await waitFor('the beginning of the row', async () => {
      const { sessions } = await lakegate.admin.request<OpenSessionsAnswer>('GET', sessionsOf(reader))
      return sessions.some((open) => open.bytes_to_client > 100_000)
    })
    // Slowly, so that the row is still on its way when the session is ended.
    const reading = setInterval(() => {
      session.client.resume()
      setImmediate(() => {
        session.client.pause()
      })
    }, 10)
    await lakegate.admin.request('DELETE', sessionsOf(reader))
    clearInterval(reading)
    setImmediate(() => {
      session.client.resume()
    })
    expect((await session.client.untilClosed()).map(({ type }) => type)).toEqual(['T'])
    expect(await waitFor('the end', () => Promise.resolve(session.tap.ends[0]))).toBe(IN_ORDER)
  })
})

describe('a gateway that stops', () => {
  it('ends sessions and logins with close_notify', async () => {
    const visits = await Promise.all([
      loggedIn('direct'),
      loggedIn('pooled'),
      atPassword('direct'),
      atPassword('pooled'),
    ])
    await lakegate.stop()
    for (const { client, tap } of visits) {
      await client.untilClosed()
      expect(await waitFor('the end', () => Promise.resolve(tap.ends[0]))).toBe(IN_ORDER)
    }
  })
})
