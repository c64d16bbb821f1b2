/** The console's requests about its own session, and signing out. */
import type { ConsoleSessionAnswer } from '@lakegate/client'
import type { FastifyInstance } from 'fastify'
import type { AccountId, IdentityId } from '../../domain/ids.ts'
import type { Workspace } from '../../domain/workspace.ts'
import { CONSOLE_API_PREFIX, findSessionOfRequest } from './api.ts'
import { noSessionCookie } from './cookies.ts'
import type { ConsoleSession, ConsoleSessions } from './session.ts'

export interface SessionRoutePorts {
  readonly sessions: ConsoleSessions
  readonly workspaceAt: (hostHeader: string | undefined) => Promise<Workspace>
  readonly publicUrlOf: (workspace: Workspace) => string
  /** The workspaces to which the person is assigned, directly or through groups. */
  readonly listWorkspacesOf: (id: IdentityId) => Promise<readonly Workspace[]>
  readonly accountId: AccountId
  readonly version: string
  /** Id of the console build that is served; empty when there is none. */
  readonly buildId: () => Promise<string>
}

export function addSessionRoutes(fastify: FastifyInstance, ports: SessionRoutePorts): void {
  const { sessions, workspaceAt, publicUrlOf } = ports
  fastify.get(`${CONSOLE_API_PREFIX}/session`, async (request) => {
    const workspace = await workspaceAt(request.headers.host)
    // A page calls this on its own from time to time, so it does not keep a session alive.
    const where = { sessions, workspace, publicUrl: publicUrlOf(workspace), isUse: false }
    return describe(await findSessionOfRequest(request, where), ports)
  })
  fastify.post(`${CONSOLE_API_PREFIX}/sign-out`, async (request, reply) => {
    const workspace = await workspaceAt(request.headers.host)
    const publicUrl = publicUrlOf(workspace)
    await sessions.endConsoleSession(await findSessionOfRequest(request, { sessions, workspace, publicUrl }))
    return reply.header('set-cookie', noSessionCookie(publicUrl)).send({})
  })
}

async function describe(session: ConsoleSession, ports: SessionRoutePorts): Promise<ConsoleSessionAnswer> {
  const { caller, workspace } = session
  const { identity } = caller
  const show = (one: Workspace) => ({ id: one.id, name: one.name, url: ports.publicUrlOf(one) })
  return {
    person: {
      id: identity.id,
      name: identity.name,
      display_name: identity.displayName,
      type: identity.type,
    },
    account_id: ports.accountId,
    workspace: show(workspace),
    workspaces: (await ports.listWorkspacesOf(identity.id)).map(show),
    is_workspace_admin: caller.isWorkspaceAdmin,
    is_account_admin: caller.isAccountAdmin,
    csrf: session.csrf,
    end_time: session.endsAt.toISOString(),
    idle_end_time: session.idleEndsAt.toISOString(),
    version: ports.version,
    build: await ports.buildId(),
    browser_id: session.browserSessionUid,
    ...(session.signInProvider === undefined ? {} : { sign_in_provider: session.signInProvider }),
  }
}
