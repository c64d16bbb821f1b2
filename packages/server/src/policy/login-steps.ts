/** The questions of a login as lines of a login check, each with its answer in words. */
import { unreachable } from '../domain/unreachable.ts'
import { QUESTIONS_OF_EVERY_LOGIN, type LoginAnswer, type LoginFacts, type LoginQuestion } from './login.ts'
import { renderRefusalText, toPostgresRefusal } from './refusals.ts'

/**
 * The questions of the policy, and two that the gateway or PostgreSQL decides (policy/challenge.ts,
 * policy/pooled-login.ts).
 */
export type CheckedQuestion = LoginQuestion | 'token_is_asked_for' | 'database_is_open'

export interface LoginStep {
  readonly question: CheckedQuestion
  readonly outcome: 'yes' | 'no' | 'not_reached'
  readonly text: string
}

interface Words {
  readonly question: string
  readonly yes: string
  /** Left out where the text of the refusal is used. */
  readonly no?: string
}

const WORDS: Readonly<Record<CheckedQuestion, Words>> = {
  instance_is_reachable: {
    question: 'Is the database instance available?',
    yes: 'The database instance is available.',
    no: '{reason}',
  },
  token_is_asked_for: {
    question: 'Is the role asked for a token?',
    yes: 'The role {role} is asked for a token.',
    no: 'The role {role} is asked for its own password, and a token is not accepted.',
  },
  token_is_for_postgres: {
    question: 'Does a token open PostgreSQL?',
    yes: 'A new token of {who} opens PostgreSQL.',
  },
  token_is_not_expired: {
    question: 'Is the token unexpired?',
    yes: 'A new token is valid for one hour.',
  },
  token_is_of_the_workspace: {
    question: 'Is the token of this workspace?',
    yes: 'The token is of the workspace of this database instance.',
  },
  token_is_for_the_instance: {
    question: 'Is the token for this database instance?',
    yes: 'The token is for this database instance.',
  },
  identity_is_active: {
    question: 'Is {who} active?',
    yes: '{who} is active.',
    no: '{who} is deactivated or deleted.',
  },
  identity_is_in_workspace: {
    question: 'Is {who} assigned to the workspace?',
    yes: '{who} is assigned to the workspace.',
    no: '{who} is not assigned to the workspace of this database instance.',
  },
  role_exists: {
    question: 'Does the role {role} exist?',
    yes: 'The role {role} exists.',
    no: 'There is no role {role} in this database instance.',
  },
  role_is_bound: {
    question: 'Is the role {role} bound to an identity?',
    yes: 'The role {role} is bound to {binding}.',
    no: 'The role {role} is bound to no identity.',
  },
  role_may_log_in: {
    question: 'May the role {role} log in?',
    yes: 'The role {role} may log in.',
    no: 'The role {role} may not log in: it is NOLOGIN, or a superuser.',
  },
  role_is_valid: {
    question: 'Is the role {role} still valid?',
    yes: 'The role {role} is not past its VALID UNTIL.',
    no: 'The role {role} is past its VALID UNTIL.',
  },
  claims_hold: {
    question: 'Do the claims of the token hold?',
    yes: 'The token names no tables in claims.',
  },
  role_is_of_the_identity: {
    question: 'Is the role {role} that of {who}?',
    yes: 'The role {role} is that of {who}.',
    no: 'The role {role} is bound to another identity than {who}.',
  },
  group_exists: {
    question: 'Does the group of the role exist?',
    yes: 'The group of the role exists.',
    no: 'The group that the role is bound to no longer exists.',
  },
  group_is_in_workspace: {
    question: 'Is the group of the role assigned to the workspace?',
    yes: 'The group of the role is assigned to the workspace.',
    no: 'The group of the role is not assigned to the workspace of this database instance.',
  },
  identity_is_member: {
    question: 'Is {who} a member of the group of the role?',
    yes: '{who} is a member of the group of the role.',
    no: '{who} is not a direct or indirect member of the group of the role.',
  },
  database_is_open: {
    question: 'May the role {role} connect to the database {database}?',
    yes: 'The role {role} may connect to the database {database}.',
  },
}

/** The names that the lines mention. */
export interface StepSubject {
  readonly who: string
  readonly role: string
  readonly database: string | undefined
  /** Whether the reader manages the instance and so may learn to which identity a role is bound. */
  readonly tellsBinding: boolean
}

export function toStep(
  question: CheckedQuestion,
  answer: LoginAnswer | 'not_reached',
  subject: StepSubject,
  facts?: Pick<LoginFacts, 'role' | 'group'>,
): LoginStep {
  const words = WORDS[question]
  const render = (text: string, more: Readonly<Record<string, string>> = {}) =>
    renderRefusalText(text, {
      who: subject.who,
      role: subject.role,
      database: subject.database ?? '',
      binding: describeBinding(subject, facts),
      ...more,
    })
  if (answer === 'not_reached') return { question, outcome: 'not_reached', text: render(words.question) }
  if (answer === true) return { question, outcome: 'yes', text: render(words.yes) }
  const { message, detail } = toPostgresRefusal(answer) ?? { message: answer.name }
  const text = words.no === undefined ? (detail ?? message) : render(words.no, answer.parameters)
  return { question, outcome: 'no', text }
}

/**
 * The questions after the last one that was asked. Which questions follow the common ones depends on the role, so only
 * a login that got that far reveals them.
 */
export function stepsNotReached(steps: readonly LoginStep[], subject: StepSubject): readonly LoginStep[] {
  const asked = new Set<CheckedQuestion>(steps.map(({ question }) => question))
  const ofDatabase: readonly CheckedQuestion[] = subject.database === undefined ? [] : ['database_is_open']
  return [...QUESTIONS_OF_EVERY_LOGIN, ...ofDatabase]
    .filter((question) => !asked.has(question))
    .map((question) => toStep(question, 'not_reached', subject))
}

/** For an identity that the reader may not see: hides whether it exists and whether it is active. */
export const conceal = (steps: readonly LoginStep[]): readonly LoginStep[] =>
  steps.map((step) =>
    step.question === 'identity_is_active'
      ? { ...step, outcome: 'not_reached', text: 'Not told: nobody of this name is in the workspace.' }
      : step,
  )

/** Never the name of a group that is not in the workspace (attack 35). */
function describeBinding(
  { tellsBinding }: StepSubject,
  facts: Pick<LoginFacts, 'role' | 'group'> | undefined,
): string {
  const binding = facts?.role?.binding
  if (binding === undefined || !tellsBinding) return 'an identity'
  const group = facts?.group
  switch (binding.type) {
    case 'USER':
      return `the user of the id ${binding.id}`
    case 'SERVICE_PRINCIPAL':
      return `the service principal of the id ${binding.id}`
    case 'GROUP':
      return group?.id === binding.id && group.assignedToWorkspace
        ? `the group ${group.name} (id ${binding.id})`
        : `the group of the id ${binding.id}`
    default:
      return unreachable(binding.type)
  }
}
