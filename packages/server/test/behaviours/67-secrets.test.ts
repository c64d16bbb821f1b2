/** behaviours 67, 74: the life of an OAuth secret, and that no secret is ever shown twice or written down. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ScimServicePrincipal, ServicePrincipalSecret } from '@lakegate/client'
import { openInsider, type Insider } from '../stage/insider.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  asOwner,
  createRoleFor,
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
  requestWorkspaceToken,
} from '../stage/service-principal.ts'
import { processesIn } from '../stage/clusters.ts'

const lakegate = sharedLakegate()
let insider: Insider
beforeAll(async () => {
  insider = await openInsider(lakegate)
})
afterAll(async () => insider.close())

const newPrincipal = async () =>
  lakegate.admin.request<ScimServicePrincipal>('POST', '/api/2.0/preview/scim/v2/ServicePrincipals', {
    displayName: 'secrets',
  })
const secretsOf = (id: string) => `/api/2.0/accounts/servicePrincipals/${id}/credentials/secrets`
const create = async (id: string, body: unknown = {}) =>
  lakegate.admin.request<ServicePrincipalSecret>('POST', secretsOf(id), body)
const list = async (id: string) =>
  (await lakegate.admin.request<{ secrets: ServicePrincipalSecret[] }>('GET', secretsOf(id))).secrets

describe('an OAuth secret', () => {
  it('begins with dose, is shown once and never listed', async () => {
    const { id } = await newPrincipal()
    const created = await create(id)
    expect(created.secret).toMatch(/^dose[A-Za-z0-9_-]+$/)
    const [listed] = await list(id)
    expect(listed).toMatchObject({ id: created.id, status: 'ACTIVE' })
    expect(listed).not.toHaveProperty('secret')
  })

  it('is the sixth and refused', async () => {
    const { id } = await newPrincipal()
    for (let count = 0; count < 5; count += 1) await create(id)
    await expect(create(id)).rejects.toMatchObject({ status: 400 })
    await expect(list(id)).resolves.toHaveLength(5)
  })

  it.each([
    ['longer than 730 days', '63072001s'],
    ['of no time', '0s'],
    ['that is no duration', 'forever'],
  ])('with a lifetime %s is refused', async (_case, lifetime) => {
    const { id } = await newPrincipal()
    await expect(create(id, { lifetime })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('lifetime') as string,
    })
  })

  it('lives 730 days when nothing else is asked for', async () => {
    const { id } = await newPrincipal()
    const { create_time, expire_time } = await create(id)
    expect(Date.parse(expire_time) - Date.parse(create_time)).toBe(730 * 24 * 3600 * 1000)
  })

  it('that was deleted gets no token any more', async () => {
    const { id, applicationId } = await newPrincipal()
    const created = await create(id)
    const token = () =>
      requestWorkspaceToken(lakegate.ready.http_url, applicationId, created.secret ?? '', 'all-apis')
    await expect(token()).resolves.toMatch(/^ey/)
    await lakegate.admin.request('DELETE', `${secretsOf(id)}/${created.id}`)
    await expect(token()).rejects.toThrow('invalid_client')
  })

  it('that expired gets no token any more', async () => {
    const { id, applicationId } = await newPrincipal()
    const created = await create(id)
    await insider.database
      .updateTable('service_principal_secret')
      .set({ expires_at: new Date(Date.now() - 1000), created_at: new Date(Date.now() - 5000) })
      .where('service_principal_id', '=', id)
      .execute()
    await expect(
      requestWorkspaceToken(lakegate.ready.http_url, applicationId, created.secret ?? '', 'all-apis'),
    ).rejects.toThrow('invalid_client')
  })

  it('of another service principal is no secret of this one', async () => {
    const [mine, other] = [await newPrincipal(), await newPrincipal()]
    const { secret } = await create(other.id)
    await expect(
      requestWorkspaceToken(lakegate.ready.http_url, mine.applicationId, secret ?? '', 'all-apis'),
    ).rejects.toThrow('invalid_client')
  })

  it.each([
    ['a wrong secret', (secret: string) => `${secret}x`],
    ['the beginning of it', (secret: string) => secret.slice(0, -1)],
    ['another letter case', (secret: string) => secret.toUpperCase()],
    ['the hash of it', (secret: string) => createHash('sha256').update(secret).digest('hex')],
  ])('proves nothing with %s: invalid_client and 401', async (_what, change) => {
    const principal = await createServicePrincipal(lakegate, 'guessed')
    const secret = change(principal.secret)
    const ask = (init: RequestInit) =>
      fetch(`${lakegate.ready.http_url}/oidc/v1/token`, { method: 'POST', ...init })
    const basic = Buffer.from(`${principal.applicationId}:${secret}`).toString('base64')
    for (const response of [
      await ask({
        headers: { authorization: `Basic ${basic}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      }),
      await ask({
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: principal.applicationId,
          client_secret: secret,
        }),
      }),
    ]) {
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ error: 'invalid_client' })
    }
  })

  it('is made by administrators only', async () => {
    const principal = await createServicePrincipal(lakegate, 'no administrator')
    await expect(principal.http.request('POST', secretsOf(principal.id), {})).rejects.toMatchObject({
      status: 403,
    })
  })
})

describe('secrets, tokens and passwords (behaviour 74, attack 38)', () => {
  it('are neither in pg_stat_activity, nor in any process list, nor in any file below the data directory', async () => {
    const principal = await createServicePrincipal(lakegate, 'discretion')
    await createRoleFor(lakegate, principal)
    const credential = await mintCredential(principal.http, lakegate.ready.instance.name)
    const tampered = `${credential.slice(0, -4)}AAAA`
    await refusedLogin(lakegate, { user: principal.applicationId, password: tampered })
    const seen = await inSession(
      lakegate,
      { user: principal.applicationId, password: credential },
      async () =>
        asOwner(lakegate, async (client) => {
          const { rows } = await client.query('SELECT * FROM pg_stat_activity')
          return JSON.stringify(rows)
        }),
    )
    const { dataDirectory, ready } = lakegate
    const commands = (await processesIn(dataDirectory)).join('\n')
    const files = (await readdir(dataDirectory, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && entry.name !== 'ready.json')
      .map((entry) => path.join(entry.parentPath, entry.name))
    const needles = [credential, tampered, principal.secret, ready.admin_token].map((text) =>
      Buffer.from(text),
    )
    for (const needle of needles) {
      expect(seen).not.toContain(needle.toString())
      expect(commands).not.toContain(needle.toString())
    }
    for (const file of files) {
      const content = await readFile(file).catch((error: unknown) => {
        // PostgreSQL removes files while we look.
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0)
        throw error
      })
      for (const needle of needles) expect(content.includes(needle), file).toBe(false)
    }
  })
})
