/** Personal access tokens of the caller, and of the workspace for its administrators (wire-contract §4.5). */
import type { TokenInfo } from '@lakegate/client'
import { z } from 'zod'
import type { AccountId } from '../../domain/ids.ts'
import {
  createPersonalAccessToken,
  createTokenOnBehalf,
  listPersonalAccessTokens,
  listTokensOfWorkspace,
  revokePersonalAccessToken,
  type CreatedToken,
  type PersonalAccessTokenPorts,
} from '../../operations/credentials/manage-personal-access-tokens.ts'
import type { StoredPersonalAccessToken } from '../../operations/ports/personal-access-tokens.ts'
import { refused } from '../../operations/refused-error.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody, nothing } from '../shapes.ts'

/** Ten years: whoever needs a longer time should make a token that does not expire. */
const LONGEST_LIFETIME_SECONDS = 10 * 365 * 24 * 60 * 60

const wish = {
  comment: z.string().max(1024).optional(),
  // The real service also takes -1 and 0 for "does not expire".
  lifetime_seconds: z.int().max(LONGEST_LIFETIME_SECONDS).optional(),
  scopes: z.array(z.string()).max(10).optional(),
  autoscope_enabled: z.literal(false, 'is not supported; name the scopes.').optional(),
}
const wishBody = z.strictObject(wish)
const oneToken = z.object({ tokenId: z.string() })

export function tokenRoutes(
  ports: PersonalAccessTokenPorts & { readonly accountId: AccountId },
): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/2.0/token/create',
      scopes: [],
      params: nothing,
      query: anyQuery,
      body: wishBody.optional(),
      handle: async ({ body = {}, caller }) => ({
        body: created(await createPersonalAccessToken(ports, caller, request(body))),
      }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/2.0/token/list',
      scopes: [],
      params: nothing,
      query: anyQuery,
      body: noBody,
      handle: async ({ caller }) => ({
        body: { token_infos: (await listPersonalAccessTokens(ports, caller)).map(show) },
      }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/2.0/token/delete',
      scopes: [],
      params: nothing,
      query: anyQuery,
      body: z.strictObject({ token_id: z.string() }),
      async handle({ body, caller }) {
        await revokePersonalAccessToken(ports, caller, body.token_id, 'own')
        return { body: {} }
      },
    }),
    ...managementRoutes(ports),
  ]
}

function managementRoutes(
  ports: PersonalAccessTokenPorts & { readonly accountId: AccountId },
): readonly Route[] {
  const base = '/api/2.0/token-management'
  return [
    defineRoute({
      method: 'GET',
      path: `${base}/tokens`,
      scopes: [],
      params: nothing,
      query: z.looseObject({
        created_by_id: z.string().optional(),
        created_by_username: z.string().optional(),
      }),
      body: noBody,
      async handle({ query, caller }) {
        const all = (await listTokensOfWorkspace(ports, caller)).map(show)
        const wanted = all.filter(
          (info) =>
            (query.created_by_id === undefined || String(info.created_by_id) === query.created_by_id) &&
            (query.created_by_username === undefined ||
              info.created_by_username === query.created_by_username),
        )
        return { body: { token_infos: wanted } }
      },
    }),
    defineRoute({
      method: 'GET',
      path: `${base}/tokens/:tokenId`,
      scopes: [],
      params: oneToken,
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        const found = (await listTokensOfWorkspace(ports, caller)).find(({ id }) => id === params.tokenId)
        if (found === undefined) throw refused('token_not_found', { id: params.tokenId.slice(0, 64) })
        return { body: { token_info: show(found) } }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: `${base}/tokens/:tokenId`,
      scopes: [],
      params: oneToken,
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        await revokePersonalAccessToken(ports, caller, params.tokenId, 'any')
        return { body: {} }
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${base}/on-behalf-of/tokens`,
      scopes: [],
      params: nothing,
      query: anyQuery,
      body: z.strictObject({ ...wish, application_id: z.string() }),
      handle: async ({ body, caller }) => ({
        body: created(
          await createTokenOnBehalf(ports, caller, ports.accountId, {
            ...request(body),
            applicationId: body.application_id,
          }),
        ),
      }),
    }),
  ]
}

const request = (body: Omit<z.infer<typeof wishBody>, 'autoscope_enabled'>) => ({
  comment: body.comment ?? '',
  lifetimeSeconds:
    body.lifetime_seconds === undefined || body.lifetime_seconds <= 0 ? undefined : body.lifetime_seconds,
  scopes: body.scopes,
})

const created = ({ token, stored }: CreatedToken) => ({
  token_value: token.reveal(),
  token_info: show(stored),
})

const show = (token: StoredPersonalAccessToken): TokenInfo => ({
  token_id: token.id,
  comment: token.comment,
  creation_time: token.createdAt.getTime(),
  expiry_time: token.expiresAt?.getTime() ?? -1,
  scopes: [...token.scopes],
  owner_id: Number(token.identityId),
  created_by_id: Number(token.createdBy.id),
  ...(token.createdBy.name === undefined ? {} : { created_by_username: token.createdBy.name }),
  workspace_id: Number(token.workspaceId),
})
