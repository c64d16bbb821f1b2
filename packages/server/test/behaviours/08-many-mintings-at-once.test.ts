/**
 * behaviours 1, 5, 8: mintings that come at the same time share their questions to the system database
 * (operations/ask-together.ts); nobody gets what is another's, and nobody fails for another.
 */
import { LakegateApiError, createLakegateHttp, type DatabaseCredential } from '@lakegate/client'
import { decodeJwt, jwtVerify, createRemoteJWKSet } from 'jose'
import { expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { createRoleFor, createServicePrincipal } from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const instance = lakegate.ready.instance

/** Service principals with a role in the instance, and REST as each of them with one workspace token. */
async function createCallers(count: number) {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const principal = await createServicePrincipal(lakegate, `at once ${String(index)}`)
      await createRoleFor(lakegate, principal)
      const token = await principal.workspaceToken()
      return { ...principal, http: createLakegateHttp(lakegate.ready.http_url, () => token) }
    }),
  )
}
type Caller = Awaited<ReturnType<typeof createCallers>>[number]

const mintAs = (caller: Pick<Caller, 'http'>, name = instance.name) =>
  caller.http.request<DatabaseCredential>('POST', '/api/2.0/database/credentials', { instance_names: [name] })

const statusOf = async (minting: Promise<DatabaseCredential>): Promise<number> =>
  minting.then(
    () => 200,
    (error: unknown) => {
      if (error instanceof LakegateApiError) return error.status
      throw error
    },
  )

it('gives every one of many callers a credential of its own', async () => {
  const callers = await createCallers(8)
  const rounds = Array.from({ length: 10 }, () => callers).flat()
  const credentials = await Promise.all(rounds.map((caller) => mintAs(caller)))
  expect(credentials.map(({ token }) => decodeJwt(token).sub)).toEqual(rounds.map(({ id }) => id))
  expect(new Set(credentials.map(({ token }) => decodeJwt(token).jti)).size).toBe(rounds.length)
  const keys = createRemoteJWKSet(new URL('/oidc/v1/keys', lakegate.ready.http_url))
  for (const { token } of credentials)
    await expect(jwtVerify(token, keys, { algorithms: ['ES256'] })).resolves.toBeDefined()
})

it('refuses the one that asks for an unknown instance, is deactivated or has no role, and nobody beside it', async () => {
  const [good, deactivated, lost] = await createCallers(3)
  if (good === undefined || deactivated === undefined || lost === undefined)
    throw new Error('a caller is missing')
  const stranger = await createServicePrincipal(lakegate, 'at once, without a role')
  await lakegate.admin.request('PATCH', `/api/2.0/preview/scim/v2/ServicePrincipals/${deactivated.id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: false }],
  })
  const forged = createLakegateHttp(lakegate.ready.http_url, () => `dapi${'0'.repeat(32)}`)
  const round = () => [
    statusOf(mintAs(good)),
    statusOf(mintAs(lost, 'no-such-instance')),
    statusOf(mintAs(deactivated)),
    statusOf(mintAs({ http: forged })),
    statusOf(mintAs(stranger)),
    statusOf(mintAs(good)),
  ]
  const expected = [200, 404, 401, 401, 403, 200]
  const statuses = await Promise.all([round(), round(), round(), round()].flat())
  expect(statuses).toEqual([expected, expected, expected, expected].flat())
})
