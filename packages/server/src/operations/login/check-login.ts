/**
 * A login without a client: what would an identity get that logged in now, with a new token, as this role? The same
 * facts by the same questions as a login (judge-login.ts), in the order in which the gateway asks them; no session is
 * opened.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Identity } from '../../domain/identity.ts'
import type { IdentityId } from '../../domain/ids.ts'
import { chooseChallenge, needsRole } from '../../policy/challenge.ts'
import {
  decideInstanceReachable,
  decideLogin,
  type Admitted,
  type OnLoginAnswer,
  type LoginFacts,
} from '../../policy/login.ts'
import {
  conceal,
  stepsNotReached,
  toStep,
  type LoginStep,
  type StepSubject,
} from '../../policy/login-steps.ts'
import { decideCheckLogin, instancePermission, type Caller } from '../../policy/permissions.ts'
import { decidePooledLogin } from '../../policy/pooled-login.ts'
import { refuse, type Refusal } from '../../policy/refusals.ts'
import { decodeName } from '../../protocol/startup.ts'
import { TOKEN_LIFETIME_SECONDS, type VerifiedToken } from '../../tokens/claims.ts'
import { findLoginIdentity, isOwnName, type FindLoginIdentityPorts } from './find-login-identity.ts'
import { getDatabaseInstance } from '../instances/get-database-instance.ts'
import { judgeLogin, type JudgeLoginPorts } from './judge-login.ts'
import { loadGrantedPermission } from '../instances/load-granted-permission.ts'
import { orUnavailable } from '../or-unavailable.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { InstanceStore } from '../ports/instances.ts'
import { refused, RefusedError } from '../refused-error.ts'

export interface CheckLoginPorts extends JudgeLoginPorts, FindLoginIdentityPorts {
  readonly store: Pick<InstanceStore, 'findByName' | 'loadPermission'>
  readonly audit: AuditLog
}

export interface LoginCheckQuestion {
  readonly instance: string
  /** Id or name; undefined: the caller itself. */
  readonly identity: string | undefined
  readonly role: string
  /** Undefined: any database. */
  readonly database: string | undefined
}

type CheckedIdentity = Pick<Identity, 'id' | 'type' | 'name'>

export interface LoginCheck {
  readonly verdict: Admitted | Refusal
  /** Undefined when the caller may not see the identity, or it does not exist. */
  readonly identity: CheckedIdentity | undefined
  /** The requested name, as PostgreSQL reads it. */
  readonly role: string
  readonly steps: readonly LoginStep[]
}

/**
 * Callers may ask about their own logins; those who manage the instance about anyone's, which leaves an audit record.
 * @throws RefusedError instance_not_found, permission_denied, invalid_parameter, scope_insufficient, facts_unavailable
 */
export async function checkLogin(
  ports: CheckLoginPorts,
  caller: Caller,
  asked: LoginCheckQuestion,
): Promise<LoginCheck> {
  const question = asStartupMessage(asked)
  const { identity: named = caller.identity.id, role, database } = question
  const instance = await getDatabaseInstance(ports, caller, { name: question.instance })
  const granted = await loadGrantedPermission(ports.store, caller, instance)
  const whose = isOwnName(caller, named) ? 'own' : 'of_others'
  const permitted = decideCheckLogin(caller, instance, granted, whose)
  if (permitted !== 'permitted') {
    record(ports.audit, caller, instance, question, permitted)
    throw new RefusedError(permitted)
  }
  const identity = await findLoginIdentity(ports, caller, named)
  if (identity?.type === 'GROUP')
    throw refused('invalid_parameter', {
      field: 'identity',
      problem: 'a group has no token; name a user or a service principal.',
    })
  const subject: StepSubject = {
    who: identity?.name ?? named,
    role,
    database,
    tellsBinding: instancePermission(caller, instance, granted) === 'CAN_MANAGE',
  }
  const rehearsed = await orUnavailable(() => rehearse(ports, instance, identity, subject))
  if (whose === 'of_others' && identity?.id !== caller.identity.id)
    record(ports.audit, caller, instance, question, rehearsed.verdict)
  return { identity, role, ...rehearsed }
}

/** Names as a login would read them: PostgreSQL truncates names of roles and databases. */
function asStartupMessage(question: LoginCheckQuestion): LoginCheckQuestion {
  const cut = (name: string): string => decodeName(Buffer.from(name)) ?? name
  const { role, database } = question
  return { ...question, role: cut(role), database: database === undefined ? undefined : cut(database) }
}

/** The credential that the identity would get for this instance now; it is never signed. */
export const freshToken = (instance: DatabaseInstance, identityId: IdentityId, now: Date): VerifiedToken => ({
  kind: 'database_credential',
  tokenId: 'not issued',
  identityId,
  workspaceId: instance.workspaceId,
  scopes: ['postgres'],
  instances: [instance.uid],
  expiresAt: new Date(now.getTime() + TOKEN_LIFETIME_SECONDS * 1000),
  claimSetId: undefined,
})

async function rehearse(
  ports: CheckLoginPorts,
  instance: DatabaseInstance,
  identity: CheckedIdentity | undefined,
  subject: StepSubject,
): Promise<Omit<LoginCheck, 'identity' | 'role'>> {
  const steps: LoginStep[] = []
  const end = (verdict: Admitted | Refusal): Omit<LoginCheck, 'identity' | 'role'> => {
    const all = [...steps, ...(verdict.outcome === 'admitted' ? [] : stepsNotReached(steps, subject))]
    return { verdict, steps: identity === undefined ? conceal(all) : all }
  }
  // As in admit-login.ts: whether the instance is running comes before any proof, then which proof it asks for.
  const reachable = decideInstanceReachable(instance.state)
  steps.push(toStep('instance_is_reachable', reachable === 'reachable' || reachable, subject))
  if (reachable !== 'reachable') return end(reachable)
  const challenged = await askForToken(ports, instance, subject.role)
  steps.push(toStep('token_is_asked_for', challenged, subject))
  if (challenged !== true) return end(challenged)

  const verdict = await judge(ports, instance, identity, subject, (question, answer, facts) => {
    if (question !== 'instance_is_reachable') steps.push(toStep(question, answer, subject, facts))
  })
  if (verdict.outcome === 'refused' || subject.database === undefined) return end(verdict)
  // At the direct endpoint PostgreSQL itself decides, by the same facts and with the same messages
  // (policy/pooled-login.ts).
  const open = decidePooledLogin(subject.database, verdict.role.database)
  steps.push(toStep('database_is_open', open.outcome === 'admitted' || open, subject))
  return end(open.outcome === 'admitted' ? verdict : open)
}

async function judge(
  ports: CheckLoginPorts,
  instance: DatabaseInstance,
  identity: CheckedIdentity | undefined,
  { role: roleName, database, who }: StepSubject,
  onAnswer: OnLoginAnswer,
): Promise<Admitted | Refusal> {
  const now = ports.clock()
  if (identity !== undefined) {
    const token = freshToken(instance, identity.id, now)
    return judgeLogin(ports, { instance, roleName, token, database, onAnswer })
  }
  return decideLogin(strangerAt(instance, roleName, who, now), onAnswer)
}

/** Stands for an identity outside the workspace, existing or not: the policy makes no difference between the two. */
function strangerAt(instance: DatabaseInstance, roleName: string, name: string, now: Date): LoginFacts {
  const id = '0' as IdentityId
  return {
    now,
    instance,
    roleName,
    role: undefined,
    token: freshToken(instance, id, now),
    identity: { id, type: 'USER', name, displayName: name, active: true, assignedToWorkspace: false },
    group: undefined,
    claimedTables: [],
  }
}

/** Whether psql, or any client that sends the token as its password, would be asked for a token. */
async function askForToken(
  ports: CheckLoginPorts,
  instance: DatabaseInstance,
  roleName: string,
): Promise<true | Refusal> {
  const wantsBearer = false
  const role = needsRole({ instance, wantsBearer })
    ? await ports.roles.loadRoleFacts(instance, roleName)
    : undefined
  return (
    chooseChallenge({ instance, wantsBearer, role }) === 'token_as_password' ||
    refuse('password_authentication_failed', { role: roleName })
  )
}

function record(
  audit: AuditLog,
  caller: Caller,
  instance: DatabaseInstance,
  { identity = '', role, database }: LoginCheckQuestion,
  verdict: Admitted | Refusal,
): void {
  audit.record({
    event: 'check_login',
    outcome: verdict.outcome,
    ...(verdict.outcome === 'refused' ? { reason: verdict.name } : {}),
    identityId: caller.identity.id,
    identityName: caller.identity.name,
    workspaceId: caller.workspaceId,
    instanceUid: instance.uid,
    instanceName: instance.name,
    role: role.slice(0, 256),
    ...(database === undefined ? {} : { database: database.slice(0, 256) }),
    detail: `of ${identity.slice(0, 256)}`,
  })
}
