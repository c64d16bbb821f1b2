/**
 * Asks about an open session what was asked at its login, by the same policy: is the identity still active, in the
 * workspace, in the group of the role, and does the role still say so? Only the expiry of the token is left out,
 * which is a switch of its own.
 */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { decideLogin } from '../policy/login.ts'
import type { Refusal } from '../policy/refusals.ts'
import type { VerifiedToken } from '../tokens/claims.ts'
import type { ClaimReader } from './catalog-ports.ts'
import type { Clock, InstanceRoles, LoginDirectory } from './ports.ts'

export interface RecheckSessionPorts {
  readonly roles: Pick<InstanceRoles, 'loadRoleFacts'>
  readonly directory: LoginDirectory
  readonly claims: Pick<ClaimReader, 'loadClaimSet'>
  readonly clock: Clock
}

/**
 * @returns why the session would not be opened now; undefined when it would
 * @throws Fault when somebody cannot be asked: nothing follows from that
 */
export type RecheckSession = (session: {
  readonly token: VerifiedToken
  readonly instance: DatabaseInstance
  readonly roleName: string
}) => Promise<Refusal | undefined>

/** The last instant that Date knows. */
const NEVER = new Date(8_640_000_000_000_000)

export function createRecheckSession(ports: RecheckSessionPorts): RecheckSession {
  return async ({ token, instance, roleName }) => {
    const role = await ports.roles.loadRoleFacts(instance, roleName)
    const { identity, group } = await ports.directory.loadLoginIdentity({
      identityId: token.identityId,
      workspaceId: instance.workspaceId,
      groupId: role?.binding?.type === 'GROUP' ? role.binding.id : undefined,
    })
    const claimedTables =
      token.claimSetId === undefined
        ? []
        : await ports.claims.loadClaimSet(token.identityId, instance.workspaceId, token.claimSetId)
    const verdict = decideLogin({
      now: ports.clock(),
      token: { ...token, expiresAt: NEVER },
      ...{ instance, roleName, role, identity, group, claimedTables },
    })
    return verdict.outcome === 'refused' ? verdict : undefined
  }
}
