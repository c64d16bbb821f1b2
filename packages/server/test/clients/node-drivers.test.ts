/** node-postgres and postgres.js, unmodified, with verified TLS (behaviour 75). */
import { readFile } from 'node:fs/promises'
import postgres from 'postgres'
import { beforeAll, describe, expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  inSession,
  mintCredential,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
let principal: TestServicePrincipal

beforeAll(async () => {
  principal = await createServicePrincipal(lakegate, 'driver')
  await createRoleFor(lakegate, principal)
})

describe('node-postgres', () => {
  it('signs in with a database credential and relays a result of many megabytes unchanged', async () => {
    const password = await mintCredential(principal.http, lakegate.ready.instance.name)
    const row = await inSession(lakegate, { user: principal.applicationId, password }, async (client) => {
      const result = await client.query<{ role: string; bulk: string }>(
        `SELECT session_user AS role, string_agg(md5(n::text), '' ORDER BY n) AS bulk FROM generate_series(1, 300000) AS n`,
      )
      return result.rows[0]
    })
    expect(row?.role).toBe(principal.applicationId)
    expect(row?.bulk).toHaveLength(300_000 * 32)
    expect(row?.bulk.startsWith('c4ca4238a0b923820dcc509a6f75849bc81e728d9d4c2f636f067f89cc14862c')).toBe(
      true,
    )
  })

  it('sends a parameter of many megabytes unchanged', async () => {
    const password = await principal.workspaceToken()
    const bulk = 'gate'.repeat(2_000_000)
    const echoed = await inSession(lakegate, { user: principal.applicationId, password }, async (client) => {
      const result = await client.query<{ echoed: string }>('SELECT $1::text AS echoed', [bulk])
      return result.rows[0]?.echoed
    })
    expect(echoed === bulk).toBe(true)
  })
})

describe('postgres.js', () => {
  it('signs in with a token that it asks for at each connection', async () => {
    const { instance } = lakegate.ready
    const sql = postgres({
      host: instance.host,
      port: instance.port,
      database: instance.database,
      username: principal.applicationId,
      password: () => mintCredential(principal.http, instance.name),
      ssl: { ca: await readFile(lakegate.ready.ca_file, 'utf8') },
      max: 3,
    })
    try {
      const rows = await Promise.all([1, 2, 3].map((n) => sql`SELECT session_user AS role, ${n}::int AS n`))
      expect(rows.map((result) => result[0])).toEqual(
        [1, 2, 3].map((n) => ({ role: principal.applicationId, n })),
      )
    } finally {
      await sql.end()
    }
  })
})
