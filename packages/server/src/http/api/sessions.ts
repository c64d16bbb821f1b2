/** Open sessions of instances and identities: additions to the real service's API. */
import type { OpenSessionAnswer, OpenSessionsAnswer } from '@lakegate/client'
import { z } from 'zod'
import type { OpenSession } from '../../domain/open-session.ts'
import {
  endSessionOfInstance,
  endSessionsOfIdentity,
  listSessionsOfIdentity,
  listSessionsOfInstance,
  type FoundSessions,
  type OpenSessionPorts,
} from '../../operations/sessions/manage-open-sessions.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

const OF_INSTANCE = '/api/2.0/lakegate/instances/:instance/sessions'
const OF_IDENTITY = '/api/2.0/lakegate/identities/:identityId/sessions'

export function openSessionRoutes(ports: OpenSessionPorts): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: OF_INSTANCE,
      scopes: ['postgres'],
      params: z.object({ instance: z.string() }),
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => show(await listSessionsOfInstance(ports, caller, params)),
    }),
    defineRoute({
      method: 'DELETE',
      path: `${OF_INSTANCE}/:sessionId`,
      scopes: ['postgres'],
      params: z.object({ instance: z.string(), sessionId: z.string() }),
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => show(await endSessionOfInstance(ports, caller, params)),
    }),
    defineRoute({
      method: 'GET',
      path: OF_IDENTITY,
      scopes: [],
      params: z.object({ identityId: z.string() }),
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => show(await listSessionsOfIdentity(ports, caller, params)),
    }),
    defineRoute({
      method: 'DELETE',
      path: OF_IDENTITY,
      scopes: [],
      params: z.object({ identityId: z.string() }),
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => show(await endSessionsOfIdentity(ports, caller, params)),
    }),
  ]
}

function show({ sessions, silentGateways }: FoundSessions): { readonly body: OpenSessionsAnswer } {
  return { body: { sessions: sessions.map(showOne), silent_gateways: silentGateways } }
}

const showOne = (session: OpenSession): OpenSessionAnswer => ({
  session_id: session.id,
  database_instance_name: session.instanceName,
  database_instance_uid: session.instanceUid,
  ...(session.identity === undefined
    ? {}
    : { identity: { id: session.identity.id, type: session.identity.type, name: session.identity.name } }),
  group_path: [...session.groupPath],
  role: session.role,
  database: session.database,
  client_address: session.clientAddress,
  ...(session.tokenId === undefined ? {} : { token_id: session.tokenId }),
  ...(session.tokenExpiresAt === undefined
    ? {}
    : { token_expire_time: session.tokenExpiresAt.toISOString() }),
  ...(session.backendProcessId === undefined ? {} : { backend_process_id: session.backendProcessId }),
  create_time: session.openedAt.toISOString(),
  last_activity_time: session.lastActiveAt.toISOString(),
  bytes_from_client: session.bytesFromClient,
  bytes_to_client: session.bytesToClient,
})
