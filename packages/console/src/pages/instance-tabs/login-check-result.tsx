/** One line for each step of the policy, in its order; and the refusal with its next step. */
import { useQuery } from '@tanstack/react-query'
import type { LoginCheckAnswer, LoginCheckStep } from '@lakegate/client'
import { IconCheck, IconMinus, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { instanceRolesQuery } from '../../data/instance-roles.ts'
import { useMayDo } from '../../data/instances.ts'
import { groupQuery } from '../../data/principals.ts'
import { LinkButton } from '../../kit/button.tsx'
import { classes } from '../../kit/classes.ts'
import { CopyTextButton } from '../../kit/copy.tsx'
import { Notice, RefusalCard } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { toTicket } from './login-check-ticket.ts'
import styles from './login-check.module.css'

export interface LoginCheckResultProps {
  readonly instance: string
  readonly answer: LoginCheckAnswer
}

export function LoginCheckResult({ instance, answer }: LoginCheckResultProps) {
  const texts = messages.instanceTabs.loginCheck
  const { identity, role, refusal } = answer
  const groupId = useGroupOf(instance, answer)
  const { data: group } = useQuery({ ...groupQuery(groupId ?? ''), enabled: groupId !== undefined })
  const memberGroups = (group?.members ?? [])
    .filter(({ type }) => type === 'Group')
    .map(({ display }) => display)
  const nextStep =
    groupId === undefined || group === undefined
      ? undefined
      : memberGroups.length === 0
        ? texts.addToGroup(group.displayName)
        : texts.addToOneOf(group.displayName, memberGroups.join(', '))
  const path = answer.path.map(({ name }) => name)
  const groups = path.slice(0, -1).reverse().join(' › ')
  return (
    <section className={styles['result']} aria-label={texts.label} aria-live="polite">
      {refusal === undefined ? (
        <Notice tone="ok" title={texts.admitted(identity.name, role)}>
          {groups !== '' && <bdi>{texts.through(groups)}</bdi>}
        </Notice>
      ) : (
        <p className={styles['verdict']}>
          <bdi>{texts.refused(identity.name, role)}</bdi>
        </p>
      )}
      <ol className={styles['steps']} aria-label={texts.steps}>
        {answer.steps.map((step) => (
          <Step key={step.question} step={step} refusalName={refusal?.name} />
        ))}
      </ol>
      {refusal !== undefined && (
        <RefusalCard
          {...refusal}
          actions={
            <>
              {groupId !== undefined && (
                <LinkButton to="/identity/groups/$id" params={{ id: groupId }}>
                  {texts.openGroup}
                </LinkButton>
              )}
              <LinkButton to="/help/refusals/$name" params={{ name: refusal.name }}>
                {texts.explain}
              </LinkButton>
              <CopyTextButton what={texts.ticket} text={toTicket(instance, answer, nextStep)}>
                {texts.copyTicket}
              </CopyTextButton>
            </>
          }
        />
      )}
      {nextStep !== undefined && <Notice title={texts.nextStep}>{nextStep}</Notice>}
    </section>
  )
}

/**
 * The group of which the identity is not a member, for a person who may see to whom roles are bound. For other refusals
 * the group may be deleted, or not in this workspace.
 */
function useGroupOf(instance: string, { role, refusal }: LoginCheckAnswer): string | undefined {
  const maySee = useMayDo(instance, 'see_roles') === true
  const isNoMember = refusal?.name === 'not_a_member'
  const { data } = useQuery({
    ...instanceRolesQuery(instance),
    enabled: maySee && isNoMember,
  })
  const bound = isNoMember ? data?.find(({ name }) => name === role) : undefined
  return bound?.identity_type === 'GROUP' ? bound.identity_id : undefined
}

const ICONS: Readonly<Record<LoginCheckStep['outcome'], ReactNode>> = {
  yes: <IconCheck size={16} aria-hidden />,
  no: <IconX size={16} aria-hidden />,
  not_reached: <IconMinus size={16} aria-hidden />,
}

interface StepProps {
  readonly step: LoginCheckStep
  readonly refusalName: string | undefined
}

function Step({ step, refusalName }: StepProps) {
  const { outcome } = step
  return (
    <li className={classes(styles['step'], styles[outcome])}>
      {ICONS[outcome]}
      <span className="visually-hidden">{messages.instanceTabs.loginCheck.outcomes[outcome]}: </span>
      <bdi className={styles['text']}>{step.text}</bdi>
      {outcome === 'not_reached' && (
        <span aria-hidden className={styles['note']}>
          {messages.instanceTabs.loginCheck.outcomes.not_reached}
        </span>
      )}
      {outcome === 'no' && refusalName !== undefined && <code className={styles['note']}>{refusalName}</code>}
    </li>
  )
}
