/**
 * «Three steps to your first login»: ticks its steps automatically; not shown when hidden, or when all three were done
 * before.
 */
import type { DatabaseInstance } from '@lakegate/client'
import { IconCircle, IconCircleCheck, IconX } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { keepChoice, readChoice } from '../../../browser/choices.ts'
import { useSession } from '../../../data/session.ts'
import { IconButton, LinkButton } from '../../../kit/button.tsx'
import { CodeBlock } from '../../../kit/copy.tsx'
import { messages } from '../../../messages/index.ts'
import { connectionString } from '../connection/connection-strings.ts'
import { useSignInChoices } from '../connection/use-sign-in-choices.ts'
import styles from './first-login.module.css'
import { useFirstLogin, type FirstLoginFacts } from './use-first-login.ts'

const texts = messages.instance.firstLogin
const HIDDEN_KEY = 'lakegate-first-login'

const isComplete = ({ hasToken, login, othersHaveRoles }: FirstLoginFacts): boolean =>
  hasToken && login !== undefined && othersHaveRoles

export function FirstLogin({ instances }: { readonly instances: readonly DatabaseInstance[] }) {
  const instance = instances.find(({ state }) => state === 'AVAILABLE')
  const facts = useFirstLogin(instance)
  const [isHidden, setHidden] = useState(() => readChoice(HIDDEN_KEY) === 'hidden')
  const [first, setFirst] = useState<FirstLoginFacts>()
  // If the last step is done while the page is open, the card stays and shows the third tick.
  if (facts !== undefined && first === undefined) setFirst(facts)
  if (instance === undefined || facts === undefined || first === undefined) return null
  if (isHidden || isComplete(first)) return null
  const hide = () => {
    keepChoice(HIDDEN_KEY, 'hidden')
    setHidden(true)
  }
  return (
    <section className={styles['strip']} aria-label={texts.title}>
      <div className={styles['head']}>
        <h2>{texts.title}</h2>
        <IconButton label={texts.hide} icon={<IconX size={16} aria-hidden />} isSmall onPress={hide} />
      </div>
      <ol className={styles['steps']}>
        <Step isDone={facts.hasToken} title={texts.steps.token}>
          <LinkButton to="/compute/instances/$name" params={{ name: instance.name }} isSmall>
            {texts.tokenLink(instance.name)}
          </LinkButton>
        </Step>
        <Step isDone={facts.login !== undefined} title={connectTitle(facts, instance.name)}>
          {facts.login?.isNow !== true && <HowToConnect instance={instance} />}
        </Step>
        <Step isDone={facts.othersHaveRoles} title={texts.steps.others}>
          <LinkButton to="/compute/instances/$name/roles" params={{ name: instance.name }} isSmall>
            {texts.othersLink}
          </LinkButton>
        </Step>
      </ol>
    </section>
  )
}

function connectTitle({ login }: FirstLoginFacts, name: string): string {
  if (login === undefined) return texts.steps.connect
  return login.isNow ? texts.youAreIn(login.role, name) : texts.youWereIn(login.role, name)
}

interface StepProps {
  readonly isDone: boolean
  readonly title: string
  readonly children: ReactNode
}

function Step({ isDone, title, children }: StepProps) {
  return (
    <li className={styles['step']}>
      <span className={styles['title']} role="status">
        {isDone ? (
          <IconCircleCheck size={20} className={styles['done']} aria-hidden />
        ) : (
          <IconCircle size={20} className={styles['open']} aria-hidden />
        )}
        <span className="visually-hidden">{isDone ? texts.done : texts.open} </span>
        {title}
      </span>
      {children}
    </li>
  )
}

function HowToConnect({ instance }: { readonly instance: DatabaseInstance }) {
  const { workspace } = useSession()
  const choices = useSignInChoices(instance)
  return (
    <>
      <CodeBlock
        what={texts.command}
        code={connectionString('psql', { ...choices, workspaceUrl: workspace.url })}
      />
      <span className={styles['or']}>
        {texts.or}{' '}
        <LinkButton to="/sql" search={{ instance: instance.name, new: true }} isSmall>
          {messages.instance.newQuery}
        </LinkButton>
      </span>
    </>
  )
}
