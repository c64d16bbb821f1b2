/** `lakegate sessions`: an operator at a shell sees and ends open sessions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenSessionsAnswer } from '@lakegate/client'
import { runCommand } from '../stage/command-line.ts'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import {
  createPrincipalWithRole,
  mintCredential,
  type Login,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'
import { openWatchedSession } from '../stage/watched-session.ts'

const lakegate = sharedLakegate()
const { name: dev } = lakegate.ready.instance
const PASSWORD = 'correct horse, battery staple'
let native: NativeInstance

beforeAll(async () => {
  native = await createNativeInstance(lakegate)
})
afterAll(async () => {
  await native.remove()
})

const open = (login: Login) => openWatchedSession(lakegate, login)
const openAs = async (principal: TestServicePrincipal) =>
  open({ user: principal.applicationId, password: await mintCredential(principal.http, dev) })
const member = (name: string) => createPrincipalWithRole(lakegate, name)

const lakegateSessions = (words: readonly string[], token?: string) =>
  runCommand(lakegate, ['sessions', ...words], token)

async function listed(...words: string[]): Promise<OpenSessionsAnswer['sessions']> {
  const { status, output } = await lakegateSessions(['list', '--output', 'json', ...words])
  expect(status, output).toBe(0)
  return (JSON.parse(output) as OpenSessionsAnswer).sessions
}

describe('lakegate sessions list', () => {
  it('shows the sessions of all instances, with who is behind them', async () => {
    const principal = await member('on the list')
    const role = await native.createRole(`PASSWORD '${PASSWORD}'`)
    const sessions = [
      await openAs(principal),
      await open({ user: role, password: PASSWORD, instance: native }),
    ]
    try {
      const { status, output } = await lakegateSessions(['list'])
      expect(status, output).toBe(0)
      const [header, ...lines] = output.split('\n')
      expect(header).toMatch(/^SESSION +INSTANCE +IDENTITY +ROLE +DATABASE +FROM +SINCE +LAST ACTIVE$/)
      expect(lines.find((line) => line.includes(principal.applicationId))).toContain(` ${dev} `)
      // Nobody of the directory is behind a role that has a password of its own.
      expect(lines.find((line) => line.includes(role))).toMatch(new RegExp(` ${native.name} +- +${role} `))
    } finally {
      await Promise.all(sessions.map(({ client }) => client.end()))
    }
  })

  it('is narrowed to an instance, and to an identity by application id, name or id', async () => {
    const name = `narrowed ${crypto.randomUUID()}`
    const principal = await member(name)
    const { client } = await openAs(principal)
    try {
      for (const identity of [principal.applicationId, name, principal.id]) {
        const sessions = await listed('--identity', identity)
        expect(sessions.map(({ role }) => role)).toEqual([principal.applicationId])
      }
      const ofOther = await listed('--instance', native.name)
      expect(ofOther.map(({ role }) => role)).not.toContain(principal.applicationId)
    } finally {
      await client.end()
    }
  })
})

describe('lakegate sessions end', () => {
  it('ends one session by its id, whose client reads 57P01, and leaves the others', async () => {
    const principal = await member('ended by id')
    const [kept, ended] = [await openAs(principal), await openAs(principal)]
    try {
      const { rows } = await ended.client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      const [session] = (await listed('--identity', principal.id)).filter(
        ({ backend_process_id }) => backend_process_id === rows[0]?.pid,
      )
      const { status, output } = await lakegateSessions(['end', session?.session_id ?? ''])
      expect(status, output).toBe(0)
      expect(output).toContain(session?.session_id)
      expect(await ended.farewell).toMatchObject({ code: '57P01' })
      await expect(kept.client.query('SELECT 1')).resolves.toBeDefined()
    } finally {
      await kept.client.end()
    }
  })

  it('ends all sessions of an identity by its name', async () => {
    const name = `leaves ${crypto.randomUUID()}`
    const principal = await member(name)
    const sessions = [await openAs(principal), await openAs(principal)]
    const { status, output } = await lakegateSessions(['end', '--identity', name])
    expect(status, output).toBe(0)
    for (const { farewell } of sessions) expect(await farewell).toMatchObject({ code: '57P01' })
    await waitFor('the empty list', async () => (await listed('--identity', name)).length === 0)
  })

  it('ends a session of a role that logged in by its own password', async () => {
    const role = await native.createRole(`PASSWORD '${PASSWORD}'`)
    const { farewell } = await open({ user: role, password: PASSWORD, instance: native })
    const session = (await listed('--instance', native.name)).find((found) => found.role === role)
    expect(session).not.toHaveProperty('identity')
    const { status, output } = await lakegateSessions(['end', session?.session_id ?? ''])
    expect(status, output).toBe(0)
    expect(await farewell).toMatchObject({ code: '57P01' })
  })
})

describe('lakegate sessions says what is wrong and what to do, and ends with a status of its own', () => {
  it.each([
    ['without a session and an identity', ['end'], 'Give the id of one session, or --identity', 2],
    ['for a session that is not open', ['end', crypto.randomUUID()], 'There is no open session', 4],
    [
      'for a name that nobody has',
      ['end', '--identity', 'no"body'],
      'There is no user and no service principal',
      4,
    ],
    [
      'where nobody answers',
      ['list', '--url', 'http://127.0.0.1:1'],
      'http://127.0.0.1:1 cannot be reached',
      5,
    ],
    [
      'where a certificate is not trusted',
      ['list', '--url', lakegate.ready.http_url.replace('http:', 'https:')],
      'NODE_EXTRA_CA_CERTS',
      5,
    ],
    ['without the word after an option', ['list', '--identity'], '`lakegate <command> --help`', 2],
  ])('%s', async (_when, words, said, expected) => {
    const { status, output } = await lakegateSessions(words)
    expect(output).toContain(said)
    expect(output).not.toContain('its own mistake')
    expect(status).toBe(expected)
  })

  it('without a token', async () => {
    const { status, output } = await lakegateSessions(['list'], '')
    expect(output).toContain('You are not signed in to ')
    expect(status).toBe(3)
  })

  it('with a token that is not good', async () => {
    const { status, output } = await lakegateSessions(['list'], 'dapi0')
    expect(output).toMatch(/\nWhat to do: [^\n]*DATABRICKS_TOKEN/)
    expect(status).toBe(3)
  })

  it('for a caller who may not see the sessions of an identity', async () => {
    const principal = await member('stranger at the shell')
    const { status, output } = await lakegateSessions(
      ['list', '--identity', principal.id],
      await principal.workspaceToken(),
    )
    expect(output).toContain('Error: ')
    expect(status).toBe(3)
  })
})
