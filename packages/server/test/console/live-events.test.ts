/** An open page of the console hears within moments that something has changed, in whichever process it did. */
import { randomUUID } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseInstance, OpenSessionsAnswer } from '@lakegate/client'
import { signInToConsole, type ConsoleBrowser } from '../stage/console-session.ts'
import { openEvents, type EventReader, type HeardEvent } from '../stage/console-events.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { createPrincipalWithRole, mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'
import { openWatchedSession } from '../stage/watched-session.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const origin = ready.http_url
const { name } = ready.instance

let person: Person
let browser: ConsoleBrowser
const readers: EventReader[] = []

/** One that has been told what it is told first. */
async function open(
  options: Parameters<typeof openEvents>[2] = {},
  cookie = browser.cookie,
): Promise<EventReader> {
  const reader = await openEvents(origin, cookie, options)
  readers.push(reader)
  await reader.next('the version', ({ event }) => event === 'version')
  return reader
}

const createInstance = async (): Promise<string> => {
  const made = `hinted-${randomUUID().slice(0, 8)}`
  await admin.request('POST', '/api/2.0/database/instances', { name: made, capacity: 'CU_1' })
  return made
}
const deleteInstance = (made: string) =>
  admin.request('DELETE', `/api/2.0/database/instances/${made}?purge=true`)

const isSessions = ({ event, data }: HeardEvent) => event === 'sessions' && data.instance === name

beforeAll(async () => {
  person = await createPerson(lakegate, 'Who watches')
  await admin.request('PATCH', `/api/2.0/permissions/database-instances/${name}`, {
    access_control_list: [{ user_name: person.userName, permission_level: 'CAN_MANAGE' }],
  })
  browser = await signInToConsole(origin, person)
})
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close()
})

describe('an open page', () => {
  it('is told first which server and which console there are', async () => {
    const reader = await open()
    expect(reader.status).toBe(200)
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    const { version, build } = browser.session
    expect(reader.heard()[0]).toMatchObject({ event: 'version', data: { version, build } })
    expect(reader.text().startsWith('retry: 2000\n\n')).toBe(true)
  })

  it('hears that a session was opened, and that it was ended, by another worker or this one', async () => {
    const principal = await createPrincipalWithRole(lakegate, 'watched')
    const login = { user: principal.applicationId, password: await mintCredential(principal.http, name) }
    const [reader, other] = [await open(), await open()]
    // Gateways hear a moment later that somebody watches.
    const session = await waitFor('a session of which it is told', async () => {
      const before = reader.heard().length
      const opened = await openWatchedSession(lakegate, login)
      const hears = () => reader.heard().slice(before).some(isSessions)
      if (await waitFor('a hint', hears, 3_000).catch(() => false)) return opened
      await opened.client.end()
      return undefined
    })
    const path = `/console/api/2.0/lakegate/instances/${name}/sessions`
    const list = async () =>
      ((await (await browser.ask('GET', path)).json()) as OpenSessionsAnswer).sessions.filter(
        ({ role }) => role === principal.applicationId,
      )
    const [listed] = await list()
    const before = [reader, other].map((one) => one.heard().length)
    expect((await browser.ask('DELETE', `${path}/${listed?.session_id ?? ''}`)).status).toBe(200)
    await waitFor('all of them to hear of it', () =>
      [reader, other].every((one, at) => one.heard().slice(before[at]).some(isSessions)),
    )
    await waitFor('the session to leave the list', async () => (await list()).length === 0)
    await session.client.end().catch(() => undefined)
  })

  it('hears that an instance was made, and that it was deleted', async () => {
    const reader = await open()
    const hints = (made: string) =>
      reader.heard().filter(({ event, data }) => event === 'instance' && data.name === made).length
    const made = await createInstance()
    await waitFor('that it is there', () => hints(made) > 0)
    await waitFor('that it runs', async () => {
      const instance = await admin.request<DatabaseInstance>('GET', `/api/2.0/database/instances/${made}`)
      return instance.state === 'AVAILABLE'
    })
    const before = hints(made)
    await deleteInstance(made)
    await waitFor('that it goes', () => hints(made) > before)
  })

  it('comes back after a moment and hears what was meanwhile; from another server everything is new', async () => {
    const [first, other] = [await open(), await open()]
    const lastEventId = first.lastId() ?? ''
    first.close()
    const made = await createInstance()
    const isOfIt = ({ data }: HeardEvent) => data.name === made
    await other.next('that it is there', isOfIt)
    const second = await open({ lastEventId })
    expect(second.heard().some(isOfIt)).toBe(true)
    expect(second.heard().map(({ event }) => event)).not.toContain('resync')
    const third = await open({ lastEventId: 'of another server.7' })
    expect(third.heard().map(({ event }) => event)).toContain('resync')
    await deleteInstance(made)
  })

  it('is told when the person signs out, and its stream ends', async () => {
    const own = await signInToConsole(origin, person)
    const reader = await open({}, own.cookie)
    expect((await own.ask('POST', '/console/api/sign-out', { body: {} })).status).toBe(200)
    await reader.next('the end of the session', ({ event }) => event === 'session_over')
    await waitFor('the end of the stream', () => reader.isOver())
    expect((await openEvents(origin, own.cookie)).status).toBe(401)
  })

  it('hears of the audit as an administrator of the workspace, and not as a member', async () => {
    const administrator = await createPerson(lakegate, 'Who audits')
    await admin.request(
      'PUT',
      `/api/2.0/accounts/${ready.account_id}/workspaces/${ready.workspace_id}/permissionassignments/principals/${administrator.id}`,
      { permissions: ['ADMIN'] },
    )
    const reader = await open({}, (await signInToConsole(origin, administrator)).cookie)
    const ofMember = await open()
    await waitFor('a hint of the audit', async () => {
      await mintCredential(admin, name)
      return reader.heard().some(({ event }) => event === 'audit')
    })
    expect(ofMember.heard().map(({ event }) => event)).not.toContain('audit')
  })
})
