/**
 * `/console/api`: the same routes as the REST API, for a person with the cookie of the console instead of a bearer
 * token. A bearer token gives no access here, and the cookie gives none there.
 */
import type { FastifyRequest } from 'fastify'
import type { Workspace } from '../../domain/workspace.ts'
import { refused } from '../../operations/refused-error.ts'
import type { Caller } from '../../policy/permissions.ts'
import { CSRF_HEADER, requireCsrfValue, requireOwnOrigin, requireOwnSite } from './csrf.ts'
import type { ConsoleSession, ConsoleSessions } from './session.ts'

export const CONSOLE_API_PREFIX = '/console/api'

/** The console's path of a route: `/api/2.0/x` becomes `/console/api/2.0/x`; other paths are kept whole. */
export const consolePathOf = (path: string): string =>
  `${CONSOLE_API_PREFIX}${path.replace(/^\/api(?=\/)/, '')}`

/**
 * Except for GET and HEAD, a body must be declared as JSON, which no form of another site can do (attack 68).
 */
const JSON_TYPE = /^application\/(scim\+)?json\s*(;|$)/i
const SAFE_METHODS = ['GET', 'HEAD']

/** @throws RefusedError console_session_over, console_request_forged, malformed_request, permission_denied */
export async function findSessionOfRequest(
  request: Pick<FastifyRequest, 'headers' | 'method'>,
  where: {
    readonly sessions: ConsoleSessions
    readonly workspace: Workspace
    readonly publicUrl: string
    readonly isUse?: boolean
  },
): Promise<ConsoleSession> {
  const { headers, method } = request
  const { sessions, workspace, publicUrl, isUse = true } = where
  const isSafe = SAFE_METHODS.includes(method)
  // Checked before anything is looked up: other sites must not learn whether somebody is signed in.
  if (isSafe) requireOwnSite(headers)
  else requireOwnOrigin(headers, publicUrl)
  const session = await sessions.findConsoleSession(headers.cookie, workspace, { isUse })
  if (isSafe) return session
  requireCsrfValue(headers[CSRF_HEADER], session)
  const hasBody =
    headers['transfer-encoding'] !== undefined || !['0', undefined].includes(headers['content-length'])
  const type = headers['content-type']
  if ((hasBody || type !== undefined) && !JSON_TYPE.test(type ?? ''))
    throw refused('malformed_request', { problem: 'content-type: send application/json.' })
  return session
}

/** Finds the caller by the same rules as for a bearer token on the same routes. */
export const callerByCookie =
  (sessions: ConsoleSessions, publicUrlOf: (workspace: Workspace) => string) =>
  async (request: FastifyRequest, workspace: Workspace): Promise<Caller> =>
    (await findSessionOfRequest(request, { sessions, workspace, publicUrl: publicUrlOf(workspace) })).caller
