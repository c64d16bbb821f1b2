/** How a login is followed (docs/developing.md): with the level `trace` every station of it is one line of the log. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  inSession,
  mintCredential,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

let lakegate: OwnLakegate
beforeAll(async () => {
  lakegate = await startOwnLakegate({ LAKEGATE_LOG_LEVEL: 'trace', LAKEGATE_LOG_FORMAT: 'json' })
})
afterAll(async () => {
  await lakegate.remove()
})

interface Line {
  readonly level: string
  readonly connection: number
  readonly station: string
  readonly milliseconds: number
}

const lines = (): readonly Line[] =>
  lakegate
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ level, station }) => level === 'trace' && typeof station === 'string')

describe('a login that is traced', () => {
  it('passes every station in the order of the table, each with its time, and names no token', async () => {
    const principal = await createServicePrincipal(lakegate, 'traced')
    await createRoleFor(lakegate, principal)
    const others = new Set(lines().map(({ connection }) => connection))
    const stationsOfIt = () => lines().filter(({ connection }) => !others.has(connection))
    const password = await mintCredential(principal.http, 'dev')
    await inSession(lakegate, { user: principal.applicationId, password }, (client) =>
      client.query('SELECT 1'),
    )
    await waitFor('the end of the session', () =>
      Promise.resolve(stationsOfIt().some(({ station }) => station === 'session_over')),
    )
    const stations = stationsOfIt()
    expect(stations.map(({ station }) => station)).toEqual([
      'client_address',
      'handshake',
      'route',
      'proof_asked_for',
      'proof_there',
      'admitted',
      'backend_open',
      'session_open',
      'session_over',
    ])
    const times = stations.map(({ milliseconds }) => milliseconds)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
    expect(lakegate.output()).not.toContain(password)
  })
})
