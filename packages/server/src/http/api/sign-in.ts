/** Links with which users set their password, and their sign-in sessions: additions to the real service's API. */
import type { SignInLinkAnswer, SignInSessionAnswer } from '@lakegate/client'
import { z } from 'zod'
import type { Workspace } from '../../domain/workspace.ts'
import {
  endSession,
  listSessions,
  type SessionPorts,
} from '../../operations/sign-in/manage-sign-in-sessions.ts'
import { createSignInLink, type SignInLinkPorts } from '../../operations/sign-in/sign-in-links.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

const BASE = '/api/2.0/lakegate/users/:userId'
const ofUser = z.object({ userId: z.string() })

export function signInRoutes(
  ports: SignInLinkPorts &
    SessionPorts & {
      readonly publicUrlOf: (workspace: Workspace) => string
      readonly loadWorkspace: (id: Workspace['id']) => Promise<Workspace | undefined>
    },
): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: `${BASE}/sign-in-link`,
      scopes: [],
      params: ofUser,
      query: anyQuery,
      body: z.strictObject({}).optional(),
      async handle({ params, caller }) {
        const { token, expiresAt, user } = await createSignInLink(ports, caller, params.userId)
        const workspace = await ports.loadWorkspace(caller.workspaceId)
        const base = workspace === undefined ? '' : ports.publicUrlOf(workspace)
        const body: SignInLinkAnswer = {
          user_name: user.name,
          url: `${base}/oidc/password/${token.reveal()}`,
          expire_time: expiresAt.toISOString(),
        }
        return { body }
      },
    }),
    defineRoute({
      method: 'GET',
      path: `${BASE}/sessions`,
      scopes: [],
      params: ofUser,
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        const sessions: SignInSessionAnswer[] = (await listSessions(ports, caller, params.userId)).map(
          (session) => ({
            session_id: session.id,
            kind: session.kind === 'grant' ? 'APPLICATION' : 'BROWSER',
            ...(session.kind === 'grant' || session.uid === undefined ? {} : { browser_id: session.uid }),
            ...(session.clientId === undefined ? {} : { client_id: session.clientId }),
            create_time: session.createdAt.toISOString(),
            ...(session.expiresAt === undefined ? {} : { expire_time: session.expiresAt.toISOString() }),
          }),
        )
        return { body: { sessions } }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: `${BASE}/sessions/:sessionId`,
      scopes: [],
      params: z.object({ userId: z.string(), sessionId: z.string() }),
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        await endSession(ports, caller, params)
        return { body: {} }
      },
    }),
  ]
}
