/** Attacks 23 and 37: what is sent again. */
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { DatabaseCredential } from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  databaseClient,
  mintCredential,
} from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate

describe('a token that is used again (attack 23)', () => {
  it('opens as many sessions as its holder likes, from wherever: it is a bearer credential, and recorded', async () => {
    const principal = await createServicePrincipal(lakegate, 'replayed')
    await createRoleFor(lakegate, principal)
    const password = await mintCredential(principal.http, ready.instance.name)
    const clients = await Promise.all(
      Array.from({ length: 3 }, () => databaseClient(lakegate, { user: principal.applicationId, password })),
    )
    await Promise.all(clients.map((client) => client.connect()))
    const pids = await Promise.all(
      clients.map(
        async (client) =>
          (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid,
      ),
    )
    await Promise.all(clients.map((client) => client.end()))
    expect(new Set(pids).size).toBe(3)
  })
})

describe('a request_id that is used again (attack 37)', () => {
  it('does no harm: each answer is a credential of its own for the same caller and instances', async () => {
    const request = { request_id: randomUUID(), instance_names: [ready.instance.name] }
    const mint = () => admin.request<DatabaseCredential>('POST', '/api/2.0/database/credentials', request)
    const [first, second] = [await mint(), await mint()]
    const claims = ({ token }: DatabaseCredential) =>
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
    expect(claims(first)['jti']).not.toBe(claims(second)['jti'])
    expect(claims(first)['sub']).toBe(claims(second)['sub'])
    expect(claims(first)['instances']).toEqual(claims(second)['instances'])
  })

  it('of somebody else gives nothing of theirs', async () => {
    const request = { request_id: randomUUID(), instance_names: [ready.instance.name] }
    await admin.request('POST', '/api/2.0/database/credentials', request)
    const stranger = await createServicePrincipal(lakegate, 'stranger')
    await expect(
      stranger.http.request('POST', '/api/2.0/database/credentials', request),
    ).rejects.toMatchObject({
      status: 403,
    })
  })
})
