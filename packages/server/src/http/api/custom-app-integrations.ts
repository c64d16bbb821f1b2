/** Custom OAuth applications (wire-contract §4.5). */
import type { CustomAppIntegration } from '@lakegate/client'
import { z } from 'zod'
import {
  createOAuthClient,
  deleteOAuthClient,
  getOAuthClient,
  listOAuthClients,
  updateOAuthClient,
  type OAuthClientContent,
  type OAuthClientPorts,
} from '../../operations/credentials/manage-oauth-clients.ts'
import type { OAuthClient } from '../../operations/ports/oauth.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody, nothing } from '../shapes.ts'

const minutes = (most: number) => z.int().min(5).max(most)
const content = {
  redirect_urls: z.array(z.string().max(2048)).max(50).optional(),
  scopes: z.array(z.string()).max(20).optional(),
  token_access_policy: z
    .strictObject({
      // At most an hour, because these tokens give access to PostgreSQL.
      access_token_ttl_in_minutes: minutes(60).optional(),
      refresh_token_ttl_in_minutes: minutes(129_600).optional(),
      enable_single_use_refresh_tokens: z.boolean().optional(),
      absolute_session_lifetime_in_minutes: minutes(129_600).optional(),
    })
    .optional(),
}
const named = z.object({ integrationId: z.string() })

const DEFAULT_ACCESS_MINUTES = 60
const DEFAULT_REFRESH_MINUTES = 10_080

export function customAppIntegrationRoutes(ports: OAuthClientPorts): readonly Route[] {
  const collection = `/api/2.0/accounts/${ports.accountId}/oauth2/custom-app-integrations`
  const one = `${collection}/:integrationId`
  return [
    defineRoute({
      method: 'POST',
      path: collection,
      scopes: [],
      params: nothing,
      query: anyQuery,
      body: z.strictObject({
        ...content,
        name: z.string().min(1).max(100),
        confidential: z.boolean().optional(),
        user_authorized_scopes: z.array(z.string()).optional(),
      }),
      async handle({ body, caller }) {
        const { client, secret } = await createOAuthClient(ports, caller, {
          isConfidential: body.confidential ?? false,
          content: {
            name: body.name,
            redirectUrls: [],
            scopes: ['all-apis', 'offline_access'],
            accessTokenTtlMinutes: DEFAULT_ACCESS_MINUTES,
            refreshTokenTtlMinutes: DEFAULT_REFRESH_MINUTES,
            hasSingleUseRefreshTokens: true,
            sessionLifetimeMinutes: undefined,
            ...toChange(body),
          },
        })
        return {
          body: {
            integration_id: client.integrationId,
            client_id: client.clientId,
            ...(secret === undefined ? {} : { client_secret: secret.reveal() }),
          },
        }
      },
    }),
    defineRoute({
      method: 'GET',
      path: collection,
      scopes: [],
      params: nothing,
      query: anyQuery,
      body: noBody,
      handle: async ({ caller }) => ({ body: { apps: (await listOAuthClients(ports, caller)).map(show) } }),
    }),
    defineRoute({
      method: 'GET',
      path: one,
      scopes: [],
      params: named,
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => ({
        body: show(await getOAuthClient(ports, caller, params.integrationId)),
      }),
    }),
    defineRoute({
      method: 'PATCH',
      path: one,
      scopes: [],
      params: named,
      query: anyQuery,
      body: z.strictObject({ ...content, user_authorized_scopes: z.array(z.string()).optional() }),
      async handle({ params, body, caller }) {
        await updateOAuthClient(ports, caller, {
          integrationId: params.integrationId,
          change: toChange(body),
        })
        return { body: {} }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: one,
      scopes: [],
      params: named,
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        await deleteOAuthClient(ports, caller, params.integrationId)
        return { body: {} }
      },
    }),
  ]
}

function toChange(body: z.infer<z.ZodObject<typeof content>>): Partial<OAuthClientContent> {
  const {
    access_token_ttl_in_minutes: access,
    refresh_token_ttl_in_minutes: refresh,
    enable_single_use_refresh_tokens: isSingleUse,
    absolute_session_lifetime_in_minutes: session,
  } = body.token_access_policy ?? {}
  return {
    ...(body.redirect_urls === undefined ? {} : { redirectUrls: body.redirect_urls }),
    ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
    ...(access === undefined ? {} : { accessTokenTtlMinutes: access }),
    ...(refresh === undefined ? {} : { refreshTokenTtlMinutes: refresh }),
    ...(isSingleUse === undefined ? {} : { hasSingleUseRefreshTokens: isSingleUse }),
    ...(session === undefined ? {} : { sessionLifetimeMinutes: session }),
  }
}

const show = (client: OAuthClient): CustomAppIntegration => ({
  integration_id: client.integrationId,
  client_id: client.clientId,
  name: client.name,
  confidential: client.secretHash !== undefined,
  redirect_urls: [...client.redirectUrls],
  scopes: [...client.scopes],
  token_access_policy: {
    access_token_ttl_in_minutes: client.accessTokenTtlMinutes,
    refresh_token_ttl_in_minutes: client.refreshTokenTtlMinutes,
    enable_single_use_refresh_tokens: client.hasSingleUseRefreshTokens,
    ...(client.sessionLifetimeMinutes === undefined
      ? {}
      : { absolute_session_lifetime_in_minutes: client.sessionLifetimeMinutes }),
  },
  created_by: Number(client.createdBy),
  create_time: client.createdAt.toISOString(),
})
