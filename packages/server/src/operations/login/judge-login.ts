/** Reads everything that the policy wants to know of a login, and asks it: at the login, and again while it is open. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { decideLogin, type Admitted, type HearLogin } from '../../policy/login.ts'
import type { Refusal } from '../../policy/refusals.ts'
import type { VerifiedToken } from '../../tokens/claims.ts'
import type { ClaimReader } from '../ports/catalog.ts'
import type { Clock } from '../ports/clock.ts'
import type { LoginDirectory } from '../ports/directory.ts'
import type { InstanceRoles } from '../ports/instance-roles.ts'

export interface JudgeLoginPorts {
  readonly roles: Pick<InstanceRoles, 'loadRoleFacts'>
  readonly directory: LoginDirectory
  readonly claims: Pick<ClaimReader, 'loadClaimSet'>
  readonly clock: Clock
}

/** @throws Fault when somebody cannot be asked: nothing follows from that */
export async function judgeLogin(
  ports: JudgeLoginPorts,
  {
    instance,
    roleName,
    token,
    database,
    hear,
  }: {
    readonly instance: DatabaseInstance
    readonly roleName: string
    readonly token: VerifiedToken
    /** To be told of with the role. */
    readonly database?: string | undefined
    readonly hear?: HearLogin | undefined
  },
): Promise<Admitted | Refusal> {
  const role = await ports.roles.loadRoleFacts(instance, roleName, database)
  const { identity, group } = await ports.directory.loadLoginIdentity({
    identityId: token.identityId,
    workspaceId: instance.workspaceId,
    groupId: role?.binding?.type === 'GROUP' ? role.binding.id : undefined,
  })
  const claimedTables =
    token.claimSetId === undefined
      ? []
      : await ports.claims.loadClaimSet(token.identityId, instance.workspaceId, token.claimSetId)
  return decideLogin(
    { now: ports.clock(), instance, roleName, role, token, identity, group, claimedTables },
    hear,
  )
}
