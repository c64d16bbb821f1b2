/**
 * Reads everything that the policy needs about a login and lets it decide: at the login, and again during the session.
 */
import { isDeepStrictEqual } from 'node:util'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { IdentityId } from '../../domain/ids.ts'
import type { RoleFacts } from '../../domain/role.ts'
import {
  decideInstanceReachable,
  decideLogin,
  type Admitted,
  type OnLoginAnswer,
  type LoginFacts,
} from '../../policy/login.ts'
import type { Refusal } from '../../policy/refusals.ts'
import type { VerifiedToken } from '../../tokens/claims.ts'
import { instanceIsMissing } from '../instances/load-reachable-instance.ts'
import type { ClaimReader } from '../ports/catalog.ts'
import type { Clock } from '../ports/clock.ts'
import type { LoginDirectory } from '../ports/directory.ts'
import type { InstanceRoles } from '../ports/instance-roles.ts'
import { type RememberedLogins } from './remembered-logins.ts'

export interface JudgeLoginPorts {
  readonly roles: Pick<InstanceRoles, 'loadRoleFacts'>
  readonly directory: LoginDirectory
  readonly claims: Pick<ClaimReader, 'loadClaimSet'>
  readonly clock: Clock
}

export interface JudgedLogin {
  readonly instance: DatabaseInstance
  readonly roleName: string
  readonly token: VerifiedToken
  /** When set, the facts of this database are loaded together with the role. */
  readonly database?: string | undefined
}

/** @throws Fault when something cannot be read: then there is no verdict */
export async function judgeLogin(
  ports: JudgeLoginPorts,
  { onAnswer, ...login }: JudgedLogin & { readonly onAnswer?: OnLoginAnswer | undefined },
): Promise<Admitted | Refusal> {
  const { instance, roleName, token, database } = login
  const role = await ports.roles.loadRoleFacts(instance, roleName, database)
  const { identity, group } = await ports.directory.loadLoginFacts(
    identityQuestion(instance, token, groupOf(role)),
  )
  return decideLogin(await factsOf(ports, login, { instance, role, identity, group }), onAnswer)
}

/**
 * Loads the same facts in the time of one question: the role is read where the instance was at the last login, while
 * the system database is asked about the instance, the identity, and the group that the role was bound to then.
 * Whatever has changed since is read again.
 * @param login.instance as remembered
 * @throws RefusedError instance_not_reachable; Fault when something cannot be read
 */
export async function loadFactsTogether(
  ports: JudgeLoginPorts & { readonly remembered: RememberedLogins },
  login: JudgedLogin,
): Promise<LoginFacts & { readonly instance: DatabaseInstance }> {
  const { instance: known, roleName, token, database } = login
  const { remembered, directory } = ports
  const guess = remembered.groupOf(known.uid, roleName)
  const readAt = remembered.changes
  const [asked, first] = await Promise.all([
    outcomeOf(ports.roles.loadRoleFacts(known, roleName, database)),
    directory.loadLoginFacts({ ...identityQuestion(known, token, guess), instanceUid: known.uid }),
  ])
  const { instance } = first
  if (instance === undefined) throw instanceIsMissing()
  remembered.learnInstance(instance, readAt)
  const role = await roleAt(ports, login, instance, asked)
  const group = groupOf(role)
  if (group !== guess) remembered.learnGroup(instance.uid, roleName, group)
  const { identity, group: groupFacts } =
    group === undefined
      ? { identity: first.identity, group: undefined }
      : group === guess
        ? first
        : await directory.loadLoginFacts(identityQuestion(instance, token, group))
  return factsOf(ports, login, { instance, role, identity, group: groupFacts })
}

/** The result of a question; a failed question may turn out not to matter. */
export type Outcome<Value> = { readonly value: Value } | { readonly error: unknown }

export const outcomeOf = <Value>(work: Promise<Value>): Promise<Outcome<Value>> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

/**
 * @param asked the answer about the role from where the instance was thought to be
 * @returns the answer from where the instance is; undefined when it is not reachable
 */
export async function roleAt(
  { roles }: Pick<JudgeLoginPorts, 'roles'>,
  { instance: known, roleName, database }: Omit<JudgedLogin, 'token'>,
  instance: DatabaseInstance,
  asked: Outcome<RoleFacts | undefined>,
): Promise<RoleFacts | undefined> {
  if (decideInstanceReachable(instance.state) !== 'reachable') return undefined
  if (!isDeepStrictEqual(known.backend, instance.backend))
    return roles.loadRoleFacts(instance, roleName, database)
  if ('error' in asked) throw asked.error
  return asked.value
}

const groupOf = (role: RoleFacts | undefined): IdentityId | undefined =>
  role?.binding?.type === 'GROUP' ? role.binding.id : undefined

const identityQuestion = (
  { workspaceId }: DatabaseInstance,
  { identityId }: VerifiedToken,
  groupId: IdentityId | undefined,
) => ({ identityId, workspaceId, groupId })

async function factsOf<Found extends Pick<LoginFacts, 'instance' | 'role' | 'identity' | 'group'>>(
  { claims, clock }: JudgeLoginPorts,
  { roleName, token }: JudgedLogin,
  found: Found,
): Promise<LoginFacts & Found> {
  const claimedTables =
    token.claimSetId === undefined
      ? []
      : await claims.loadClaimSet(token.identityId, found.instance.workspaceId, token.claimSetId)
  return { ...found, now: clock(), roleName, token, claimedTables }
}
