/** behaviours 3, 4: who may call the REST API at all. */
import { createLakegateHttp } from '@lakegate/client'
import { describe, expect, it } from 'vitest'
import { openInsider } from '../stage/insider.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { createRoleFor, createServicePrincipal, mintCredential } from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const as = (token: string) => createLakegateHttp(lakegate.ready.http_url, () => token)

describe('the bearer of a REST call', () => {
  it('may be missing: 401 in the Databricks shape', async () => {
    const response = await fetch(`${lakegate.ready.http_url}/api/2.0/database/credentials`, {
      method: 'POST',
    })
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(await response.json()).toMatchObject({
      error_code: 'UNAUTHENTICATED',
      details: expect.any(Array) as unknown,
    })
  })

  it('may be a workspace token whose scope is only postgres', async () => {
    const principal = await createServicePrincipal(lakegate, 'postgres scope')
    await createRoleFor(lakegate, principal)
    const token = await principal.workspaceToken('postgres')
    await expect(mintCredential(as(token), lakegate.ready.instance.name)).resolves.toMatch(/^ey/)
  })

  it('may not use the scope postgres for the directory', async () => {
    const principal = await createServicePrincipal(lakegate, 'narrow scope')
    const token = await principal.workspaceToken('postgres')
    await expect(
      as(token).request('GET', '/api/2.0/preview/scim/v2/ServicePrincipals'),
    ).rejects.toMatchObject({
      status: 403,
      errorCode: 'PERMISSION_DENIED',
    })
  })

  it('mints nothing without the scope postgres or all-apis (behaviour 4)', async () => {
    const principal = await createServicePrincipal(lakegate, 'no scope')
    await createRoleFor(lakegate, principal)
    const insider = await openInsider(lakegate)
    const { workspace_id } = lakegate.ready
    try {
      const token = (scope: string) =>
        insider.sign(principal.id, {
          header: { typ: 'at+jwt' },
          claims: { aud: `urn:lakegate:workspace:${workspace_id}`, scope, instances: undefined },
        })
      for (const scope of ['', 'openid', 'postgres2', 'POSTGRES'])
        await expect(
          mintCredential(as(await token(scope)), lakegate.ready.instance.name),
        ).rejects.toMatchObject({ status: 403, message: expect.stringContaining('postgres') as string })
      await expect(
        mintCredential(as(await token('openid postgres')), lakegate.ready.instance.name),
      ).resolves.toMatch(/^ey/)
    } finally {
      await insider.close()
    }
  })

  it('may not be a database credential (attack 19)', async () => {
    const credential = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
    await expect(as(credential).request('GET', '/api/2.0/preview/scim/v2/Me')).rejects.toMatchObject({
      status: 401,
      errorCode: 'UNAUTHENTICATED',
    })
  })
})
