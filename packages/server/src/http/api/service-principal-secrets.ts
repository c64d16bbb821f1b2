/** OAuth secrets of service principals, at the account path and its workspace proxy (wire-contract §4.5). */
import type { ListServicePrincipalSecretsResponse, ServicePrincipalSecret } from '@lakegate/client'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { DirectoryScope } from '../../domain/directory.ts'
import type { AccountId } from '../../domain/ids.ts'
import {
  createServicePrincipalSecret,
  deleteServicePrincipalSecret,
  listServicePrincipalSecrets,
  type SecretPorts,
} from '../../operations/credentials/manage-service-principal-secrets.ts'
import type { StoredSecret } from '../../operations/ports/secrets.ts'
import type { Caller } from '../../policy/permissions.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

const creation = z
  .strictObject({
    /** A protobuf duration in JSON: seconds with an `s`. */
    lifetime: z
      .string()
      .regex(/^\d{1,10}s$/, 'write a number of seconds followed by s, such as "3600s".')
      .optional(),
  })
  .optional()

export function servicePrincipalSecretRoutes(
  ports: SecretPorts & { readonly accountId: AccountId },
): readonly Route[] {
  const { accountId } = ports
  const places = [
    {
      base: `/api/2.0/accounts/${accountId}`,
      // Nobody else may find out by an id who is in the account (attack 35).
      scopeOf: ({ isAccountAdmin, workspaceId }: Caller) => ({
        accountId,
        workspaceId: isAccountAdmin ? undefined : workspaceId,
      }),
    },
    {
      base: '/api/2.0/accounts',
      scopeOf: ({ workspaceId }: Caller) => ({ accountId, workspaceId }),
    },
  ]
  return places.flatMap(({ base, scopeOf }) =>
    routesAt(`${base}/servicePrincipals/:servicePrincipalId/credentials/secrets`, ports, scopeOf),
  )
}

function routesAt(
  path: string,
  ports: SecretPorts,
  scopeOf: (caller: Caller) => DirectoryScope,
): readonly Route[] {
  const ofPrincipal = z.object({ servicePrincipalId: z.string() })
  return [
    defineRoute({
      method: 'POST',
      path,
      scopes: [],
      params: ofPrincipal,
      query: anyQuery,
      body: creation,
      async handle({ params, body, caller }) {
        const { stored, secret } = await createServicePrincipalSecret(ports, caller, scopeOf(caller), {
          servicePrincipalId: params.servicePrincipalId,
          lifetimeSeconds: body?.lifetime === undefined ? undefined : Number(body.lifetime.slice(0, -1)),
        })
        const answer: ServicePrincipalSecret = { ...describe(stored, ports.clock()), secret: secret.reveal() }
        return { body: answer }
      },
    }),
    defineRoute({
      method: 'GET',
      path,
      scopes: [],
      params: ofPrincipal,
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        const stored = await listServicePrincipalSecrets(
          ports,
          caller,
          scopeOf(caller),
          params.servicePrincipalId,
        )
        const answer: ListServicePrincipalSecretsResponse = {
          secrets: stored.map((secret) => describe(secret, ports.clock())),
        }
        return { body: answer }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: `${path}/:secretId`,
      scopes: [],
      params: z.object({ servicePrincipalId: z.string(), secretId: z.string() }),
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        await deleteServicePrincipalSecret(ports, caller, scopeOf(caller), params)
        return { body: {} }
      },
    }),
  ]
}

function describe(stored: StoredSecret, now: Date): ServicePrincipalSecret {
  return {
    id: stored.id,
    // The value shown must not be the value that is compared: it is a hash of the stored hash, only to tell secrets
    // apart.
    secret_hash: createHash('sha256').update(stored.hash).digest('hex').slice(0, 32),
    status: stored.expiresAt > now ? 'ACTIVE' : 'EXPIRED',
    create_time: stored.createdAt.toISOString(),
    update_time: stored.createdAt.toISOString(),
    expire_time: stored.expiresAt.toISOString(),
  }
}
