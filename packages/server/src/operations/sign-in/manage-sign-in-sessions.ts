/** Lists and ends the sessions of a user: signed-in browsers, and applications that hold a refresh token. */
import type { AccountId, IdentityId } from '../../domain/ids.ts'
import { decideManageIdentity, type Caller } from '../../policy/permissions.ts'
import type { Clock } from '../ports/clock.ts'
import type { IdentityStore } from '../ports/identities.ts'
import type { OAuthRecordStore, SignInSession } from '../ports/oauth.ts'
import { getIdentity } from '../directory/read-identities.ts'
import { refused, requirePermitted } from '../refused-error.ts'

export interface SessionPorts {
  readonly identities: Pick<IdentityStore, 'loadRecord'>
  readonly oauthRecords: Pick<OAuthRecordStore, 'listSessions' | 'endSession'>
  readonly clock: Clock
  readonly accountId: AccountId
}

/** @param userId `me`, or the id of a user that the caller manages */
export async function listSessions(
  ports: SessionPorts,
  caller: Caller,
  userId: string,
): Promise<readonly SignInSession[]> {
  return ports.oauthRecords.listSessions(await requireUser(ports, caller, userId), ports.clock())
}

/** @throws RefusedError session_not_found, identity_not_found, permission_denied */
export async function endSession(
  ports: SessionPorts,
  caller: Caller,
  request: { readonly userId: string; readonly sessionId: string },
): Promise<void> {
  const userId = await requireUser(ports, caller, request.userId)
  if (!(await ports.oauthRecords.endSession(userId, request.sessionId)))
    throw refused('session_not_found', { id: request.sessionId.slice(0, 64) })
}

async function requireUser(ports: SessionPorts, caller: Caller, userId: string): Promise<IdentityId> {
  if (userId === 'me' || userId === caller.identity.id) return caller.identity.id
  const scope = {
    accountId: ports.accountId,
    workspaceId: caller.isAccountAdmin ? undefined : caller.workspaceId,
  }
  const user = await getIdentity(ports.identities, scope, 'USER', userId)
  requirePermitted(decideManageIdentity(caller, user))
  return user.id
}
