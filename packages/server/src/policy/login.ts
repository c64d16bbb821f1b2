/**
 * Who may log in as whom: facts in, verdict out; no promise, no clock, no SQL, no throw (DESIGN §6.5). The order of the
 * questions is the order of disclosure: a caller who fails at one line learns nothing about the lines below it.
 * `tokens/verify.ts` has already verified the token. A login check (operations/login/check-login.ts) shows the same
 * questions with the same answers.
 */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { Identity, Principal } from '../domain/identity.ts'
import type { ClaimedTable } from '../domain/catalog.ts'
import type { RoleFacts } from '../domain/role.ts'
import { unreachable } from '../domain/unreachable.ts'
import { permitsPostgres, type VerifiedToken } from '../tokens/claims.ts'
import { decideClaims, type ClaimedTableFacts } from './claims.ts'
import { refuse, type Refusal } from './refusals.ts'

export interface LoginFacts {
  readonly now: Date
  readonly instance: Pick<DatabaseInstance, 'uid' | 'workspaceId' | 'state'>
  /** As the client sent it; role names are compared exactly. */
  readonly roleName: string
  readonly role: RoleFacts | undefined
  readonly token: VerifiedToken
  /** The token's identity as it is in the directory now; undefined when it was deleted. */
  readonly identity: PrincipalFacts | undefined
  /** The group that the role is bound to, if that group exists. */
  readonly group: GroupFacts | undefined
  /** The tables that the claims of the token name; empty for a token without claims. */
  readonly claimedTables: readonly ClaimedTableFacts[]
}

export interface PrincipalFacts extends Principal {
  /** Directly or through a group, now. */
  readonly assignedToWorkspace: boolean
}

export interface GroupFacts extends Identity {
  readonly assignedToWorkspace: boolean
  /** Ids from the group down to the identity, both included; undefined when the identity is not a member. */
  readonly membershipPath: readonly string[] | undefined
  /** The names along that path, for the audit record; nothing is decided by name. */
  readonly membershipNames?: readonly string[]
}

export interface Admitted {
  readonly outcome: 'admitted'
  readonly role: RoleFacts
  readonly identity: PrincipalFacts
  readonly viaGroup: GroupFacts | undefined
  /** Further tables that the session may read, on any instance of the workspace. */
  readonly claimedTables: readonly ClaimedTable[]
}

/** The answer to a question: yes, or the refusal. */
export type LoginAnswer = true | Refusal
type Question = readonly [name: string, ask: (facts: LoginFacts) => LoginAnswer]

/** The questions of every login. One question per line, the verdicts in one column: */
// prettier-ignore
const OF_EVERY_LOGIN = [
  ['instance_is_reachable',     (f) => isReachable(f.instance.state)],
  ['token_is_for_postgres',     (f) => permitsPostgres(f.token.scopes)                    || refuse('token_not_for_postgres', { role: f.roleName })],
  ['token_is_not_expired',      (f) => f.token.expiresAt > f.now                          || refuse('token_expired', { role: f.roleName, expiredAt: f.token.expiresAt.toISOString() })],
  ['token_is_of_the_workspace', (f) => f.token.workspaceId === f.instance.workspaceId     || refuse('token_of_another_workspace', { role: f.roleName })],
  ['token_is_for_the_instance', (f) => isMintedFor(f.token, f.instance)                   || refuse('token_not_for_this_instance', { role: f.roleName })],
  ['identity_is_active',        (f) => f.identity?.active === true                        || refuse('identity_inactive', { role: f.roleName })],
  ['identity_is_in_workspace',  (f) => f.identity?.assignedToWorkspace === true           || refuse('identity_not_in_workspace', { role: f.roleName })],
  ['role_exists',               (f) => f.role !== undefined                               || refuse('role_does_not_exist', { role: f.roleName })],
  ['role_is_bound',             (f) => f.role?.binding !== undefined                      || refuse('role_not_bound', { role: f.roleName })],
  ['role_may_log_in',           (f) => f.role?.isSuperuser === false && f.role.canLogIn   || refuse('role_cannot_log_in', { role: f.roleName })],
  ['role_is_valid',             (f) => !isPast(f.role?.validUntil, f.now)                 || refuse('role_no_longer_valid', { role: f.roleName })],
  ['claims_hold',               (f) => claimsHold(f)],
] as const satisfies readonly Question[]

/** Further questions for a role that is bound to a user or service principal. */
// prettier-ignore
const OF_AN_OWN_ROLE = [
  ['role_is_of_the_identity',   (f) => f.role?.binding?.id === f.identity?.id             || refuse('role_of_another_identity', { role: f.roleName })],
] as const satisfies readonly Question[]

/** Further questions for a role that is bound to a group. */
// prettier-ignore
const OF_A_GROUP_ROLE = [
  ['group_exists',              (f) => f.group?.id === f.role?.binding?.id                || refuse('group_no_longer_exists', { role: f.roleName, id: f.role?.binding?.id ?? '' })],
  ['group_is_in_workspace',     (f) => f.group?.assignedToWorkspace === true              || refuse('group_not_in_workspace', { role: f.roleName })],
  ['identity_is_member',        (f) => f.group?.membershipPath !== undefined              || refuse('not_a_member', { role: f.roleName })],
] as const satisfies readonly Question[]

export type LoginQuestion = (
  (typeof OF_EVERY_LOGIN)[number] | (typeof OF_AN_OWN_ROLE)[number] | (typeof OF_A_GROUP_ROLE)[number]
)[0]

/** In order. The questions after these depend on the role, so only a login that got that far may learn them. */
export const QUESTIONS_OF_EVERY_LOGIN: readonly LoginQuestion[] = OF_EVERY_LOGIN.map(([name]) => name)

/** Called with each question in turn and its answer; used by a login check, not by a login. */
export type OnLoginAnswer = (question: LoginQuestion, answer: LoginAnswer, facts: LoginFacts) => void

/** Admits when every question is answered with yes; otherwise the first refusal is the verdict. */
export function decideLogin(facts: LoginFacts, onAnswer?: OnLoginAnswer): Admitted | Refusal {
  const refusal = askInTurn(OF_EVERY_LOGIN, facts, onAnswer)
  if (refusal !== undefined) return refusal
  const { role, identity, group } = facts
  // Both are defined, or the login was refused above; this is for the compiler, and in case a question is changed.
  if (role?.binding === undefined || identity === undefined)
    return refuse('role_not_bound', { role: facts.roleName })
  const claimedTables = facts.claimedTables.flatMap(({ location }) => location ?? [])

  switch (role.binding.type) {
    case 'USER':
    case 'SERVICE_PRINCIPAL':
      return (
        askInTurn(OF_AN_OWN_ROLE, facts, onAnswer) ?? {
          outcome: 'admitted',
          role,
          identity,
          viaGroup: undefined,
          claimedTables,
        }
      )
    case 'GROUP':
      return (
        askInTurn(OF_A_GROUP_ROLE, facts, onAnswer) ?? {
          outcome: 'admitted',
          role,
          identity,
          viaGroup: group,
          claimedTables,
        }
      )
    default:
      return unreachable(role.binding.type)
  }
}

function askInTurn(
  questions: readonly (readonly [LoginQuestion, Question[1]])[],
  facts: LoginFacts,
  onAnswer: OnLoginAnswer | undefined,
): Refusal | undefined {
  for (const [name, ask] of questions) {
    const answer = ask(facts)
    onAnswer?.(name, answer, facts)
    if (answer !== true) return answer
  }
  return undefined
}

function isReachable(state: DatabaseInstance['state']): LoginAnswer {
  const reachable = decideInstanceReachable(state)
  return reachable === 'reachable' || reachable
}

function claimsHold({ identity, claimedTables, roleName: role }: LoginFacts): LoginAnswer {
  if (claimedTables.length === 0) return true
  if (identity === undefined) return refuse('identity_inactive', { role })
  const claims = decideClaims(identity, claimedTables)
  return 'problem' in claims ? refuse('claims_no_longer_hold', { role, problem: claims.problem }) : true
}

/** Behaviour 16: the state of the instance is checked before any password. */
// prettier-ignore
export function decideInstanceReachable(state: DatabaseInstance['state']): 'reachable' | Refusal {
  switch (state) {
    case 'AVAILABLE':    return 'reachable'
    case 'STOPPED':      return refuse('instance_not_reachable', { reason: 'The database instance is stopped.' })
    case 'STARTING':
    case 'UPDATING':
    case 'FAILING_OVER': return refuse('instance_not_reachable', { reason: `The database instance is ${state}; please retry when it is AVAILABLE.` })
    case 'DELETING':     return refuse('instance_not_reachable', { reason: 'The database instance is being deleted.' })
    default:             return unreachable(state)
  }
}

const isMintedFor = (token: VerifiedToken, instance: LoginFacts['instance']): boolean =>
  token.instances === 'all_of_workspace' || token.instances.includes(instance.uid)

export const isPast = (until: Date | undefined, now: Date): boolean => until !== undefined && until <= now
