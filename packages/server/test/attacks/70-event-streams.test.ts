/**
 * Attack 70: the streams of hints of the console. They stay open, so that many of them, or slow ones, might fill the server; and
 * they speak of their own accord, so that they might tell names to people who may not see them.
 */
import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeAll, expect, it } from 'vitest'
import type { WorkspaceAnswer } from '@lakegate/client'
import { signInToConsole, type ConsoleBrowser } from '../stage/console-session.ts'
import { openEvents, type EventReader } from '../stage/console-events.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { createPrincipalWithRole, inSession, mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const origin = ready.http_url
const ACCOUNT = `/api/2.0/accounts/${ready.account_id}`
const MOST_OF_ONE = 20

const readers: EventReader[] = []
let person: Person
let browser: ConsoleBrowser

async function open(cookie: string | undefined, at = origin, options = {}): Promise<EventReader> {
  const reader = await openEvents(at, cookie, options)
  readers.push(reader)
  return reader
}

const isVersion = ({ event }: { readonly event: string }) => event === 'version'

beforeAll(async () => {
  person = await createPerson(lakegate, 'Mallory')
  browser = await signInToConsole(origin, person)
})
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close()
})

it('nobody hears anything without the cookie, with a bearer, with a made-up cookie, or by another method', async () => {
  for (const [cookie, headers] of [
    [undefined, {}],
    [undefined, { authorization: `Bearer ${ready.admin_token}` }],
    ['lakegate-console=made-up', {}],
    [`lakegate-console=${'a'.repeat(4_000)}`, {}],
  ] as const) {
    const reader = await open(cookie, origin, { headers })
    expect(reader.status).toBe(401)
    await waitFor('the answer', () => reader.isOver())
    expect(reader.text()).toContain('CONSOLE_SESSION_OVER')
  }
  for (const method of ['POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
    const status = await new Promise((resolve, reject) => {
      request(`${origin}/console/api/events`, { method, headers: { cookie: browser.cookie } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .once('error', reject)
        .end()
    })
    expect(status).toBe(404)
  }
  expect((await fetch(`${origin}/console/api/events/more`)).status).toBe(404)
})

it('one person fills no more than its own places, and others still hear', async () => {
  const flood = await Promise.all(Array.from({ length: 3 * MOST_OF_ONE }, () => open(browser.cookie)))
  const statuses = flood.map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(MOST_OF_ONE)
  expect(statuses.filter((status) => status === 429)).toHaveLength(2 * MOST_OF_ONE)
  const again = await open((await signInToConsole(origin, person)).cookie)
  expect(again.status).toBe(429)
  const other = await signInToConsole(origin, await createPerson(lakegate, 'Bob'))
  expect((await open(other.cookie)).status).toBe(200)
  for (const reader of flood) reader.close()
  await waitFor('the places to come free', async () => (await open(browser.cookie)).status === 200)
})

it('streams that were asked for in one breath and left at once keep no place', async () => {
  const { hostname, port, host } = new URL(origin)
  const asked = `GET /console/api/events HTTP/1.1\r\nHost: ${host}\r\nCookie: ${browser.cookie}\r\n\r\n`
  for (let round = 0; round < 5; round += 1) {
    const socket = connect({ port: Number(port), host: hostname })
    socket.on('error', () => undefined)
    socket.write(asked.repeat(MOST_OF_ONE))
    if (round % 2 === 0) await new Promise((resolve) => socket.once('data', resolve))
    socket.destroy()
  }
  await waitFor('all places to be free', async () => {
    const flood = await Promise.all(Array.from({ length: MOST_OF_ONE }, () => open(browser.cookie)))
    const isFree = flood.every(({ status }) => status === 200)
    for (const reader of flood) reader.close()
    return isFree
  })
})

it('whoever reads nothing keeps nobody else from hearing', async () => {
  const slow = await Promise.all(
    Array.from({ length: MOST_OF_ONE }, () => open(browser.cookie, origin, { reads: false })),
  )
  expect(slow.every(({ status }) => status === 200)).toBe(true)
  const other = await signInToConsole(origin, await createPerson(lakegate, 'Carol'))
  const reader = await open(other.cookie)
  await reader.next('the version', isVersion)
  const made = `loud-${randomUUID().slice(0, 8)}`
  await admin.request('POST', '/api/2.0/database/instances', { name: made, capacity: 'CU_1' })
  await reader.next('the instance', ({ data }) => data.name === made)
  await admin.request('DELETE', `/api/2.0/database/instances/${made}?purge=true`)
})

it('a member without a level hears no sessions and no audit; whoever is in another workspace hears no name of this one', async () => {
  const { workspace_id, workspace_url } = await admin.request<WorkspaceAnswer>(
    'POST',
    `${ACCOUNT}/workspaces`,
    { workspace_name: `other ${randomUUID()}` },
  )
  const outsider = await createPerson(lakegate, 'Eve')
  await admin.request(
    'PUT',
    `${ACCOUNT}/workspaces/${String(workspace_id)}/permissionassignments/principals/${outsider.id}`,
    { permissions: ['ADMIN'] },
  )
  const elsewhere = await signInToConsole(workspace_url, outsider)
  const watcher = await createPerson(lakegate, 'Who may')
  await admin.request('PATCH', `/api/2.0/permissions/database-instances/${ready.instance.name}`, {
    access_control_list: [{ user_name: watcher.userName, permission_level: 'CAN_MANAGE' }],
  })
  const manager = await open((await signInToConsole(origin, watcher)).cookie)
  const member = await open(browser.cookie)
  const foreign = await open(elsewhere.cookie, workspace_url)
  for (const reader of [manager, member, foreign]) await reader.next('the version', isVersion)
  const before = manager.lastId() ?? ''
  const principal = await createPrincipalWithRole(lakegate, 'overheard')
  const login = {
    user: principal.applicationId,
    password: await mintCredential(principal.http, ready.instance.name),
  }
  await waitFor('a hint of sessions', async () => {
    await inSession(lakegate, login, () => Promise.resolve())
    return manager.heard().some(({ event }) => event === 'sessions')
  })
  const made = `whispered-${randomUUID().slice(0, 8)}`
  await admin.request('POST', '/api/2.0/database/instances', { name: made, capacity: 'CU_1' })
  for (const reader of [manager, member]) await reader.next('the instance', ({ data }) => data.name === made)
  // With an id that this server gave to somebody who may hear more.
  const foreignAgain = await open(elsewhere.cookie, workspace_url, { lastEventId: before })
  const memberAgain = await open(browser.cookie, origin, { lastEventId: before })
  for (const reader of [foreignAgain, memberAgain]) await reader.next('the version', isVersion)
  for (const reader of [member, memberAgain]) {
    const events = reader.heard().map(({ event }) => event)
    expect(events).not.toContain('sessions')
    expect(events).not.toContain('audit')
  }
  for (const reader of [foreign, foreignAgain]) {
    expect(reader.heard().map(({ event }) => event)).not.toContain('instance')
    expect(reader.text()).not.toContain(made)
    expect(reader.text()).not.toContain(ready.instance.name)
  }
  await admin.request('DELETE', `/api/2.0/database/instances/${made}?purge=true`)
})

it('the cookie of one workspace opens no stream at the address of another', async () => {
  const { workspace_url } = await admin.request<WorkspaceAnswer>('POST', `${ACCOUNT}/workspaces`, {
    workspace_name: `other ${randomUUID()}`,
  })
  expect((await open(browser.cookie, workspace_url)).status).toBe(401)
})

it('nothing that is sent in Last-Event-ID comes back or breaks the stream', async () => {
  for (const lastEventId of ['a'.repeat(8_000), 'x.1', '../..', '{"event":"audit"}', '0', '-1', 'é.1']) {
    const reader = await open(browser.cookie, origin, { lastEventId })
    await reader.next('the version', isVersion)
    const events = reader.heard().map(({ event }) => event)
    // Other tests may change instances meanwhile.
    expect(events.slice(0, 2)).toEqual(['resync', 'version'])
    if (lastEventId.length > 3) expect(reader.text()).not.toContain(lastEventId)
    reader.close()
  }
})

it('whoever is deactivated is let go, and comes back no more', { timeout: 120_000 }, async () => {
  const gone = await createPerson(lakegate, 'Who goes')
  const { cookie } = await signInToConsole(origin, gone)
  const reader = await open(cookie)
  await reader.next('the version', isVersion)
  await admin.request('PATCH', `/api/2.0/preview/scim/v2/Users/${gone.id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: false }],
  })
  await waitFor('the end of its stream', () => reader.isOver(), 90_000)
  expect((await open(cookie)).status).toBe(401)
})
