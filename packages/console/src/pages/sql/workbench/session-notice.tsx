/** Why there is no usable session (refused, ended, lost, the instance is stopped), and what to do about it. */
import { useQuery } from '@tanstack/react-query'
import { instanceQuery, useMayDo } from '../../../data/instances.ts'
import { useStartInstance } from '../../../data/instance-start.ts'
import { useSession } from '../../../data/session.ts'
import type { SqlSession } from '../../../data/sql-session.ts'
import type { SqlConnection, SqlState } from '../../../data/sql-state.ts'
import { Button, LinkButton } from '../../../kit/button.tsx'
import { InlineError, Notice, RefusalCard } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import { formatClock } from '../../../text/format.ts'

export interface SessionNoticeProps {
  readonly session: SqlSession
  readonly state: SqlState
}

export function SessionNotice({ session, state }: SessionNoticeProps) {
  const { connection, idleWarning } = state
  const tokenIsOver =
    state.run?.results.some(({ error }) => error?.refusal === 'session_token_expired') === true
  return (
    <>
      <StoppedInstance name={session.target.instance} />
      {connection.kind === 'refused' && <Refused session={session} refusal={connection.refusal} />}
      {connection.kind === 'ended' && <Ended session={session} ended={connection} />}
      {connection.kind === 'lost' && (
        <Notice tone="warn">
          {messages.sql.connection.lostText(formatClock(new Date(connection.until)))}
        </Notice>
      )}
      {connection.kind === 'unreachable' && (
        <Notice
          tone="warn"
          actions={<Button onPress={session.open}>{messages.sql.connection.connect}</Button>}
        >
          {messages.sql.connection.unreachableText}
        </Notice>
      )}
      {idleWarning !== undefined && (
        <Notice tone="warn">
          {idleWarning.inTransaction
            ? messages.sql.transaction.idleWarning(formatClock(new Date(idleWarning.time)))
            : messages.sql.transaction.idleWarningPlain(formatClock(new Date(idleWarning.time)))}
        </Notice>
      )}
      {tokenIsOver && (
        <Notice tone="warn" actions={<Reconnect session={session} />}>
          {messages.sql.run.tokenOver}
        </Notice>
      )}
    </>
  )
}

function Reconnect({ session }: { readonly session: SqlSession }) {
  return (
    <Button
      onPress={() => {
        session.end()
        session.open()
      }}
    >
      {messages.sql.connection.reconnect}
    </Button>
  )
}

type Of<Kind extends SqlConnection['kind']> = Extract<SqlConnection, { readonly kind: Kind }>

function Refused({
  session,
  refusal,
}: {
  readonly session: SqlSession
  readonly refusal: Of<'refused'>['refusal']
}) {
  const { person } = useSession()
  const { instance, role } = session.target
  return (
    <RefusalCard
      {...refusal}
      actions={
        <>
          <LinkButton
            to="/compute/instances/$name/login-check"
            params={{ name: instance }}
            search={{ identity: person.name, role: role ?? person.name }}
          >
            {messages.sql.connection.checkThisLogin}
          </LinkButton>
          <Button onPress={() => document.querySelector<HTMLElement>('[data-sql-role] button')?.focus()}>
            {messages.sql.connection.otherRole}
          </Button>
          <Button onPress={session.open}>{messages.kit.retry}</Button>
        </>
      }
    />
  )
}

function Ended({ session, ended }: { readonly session: SqlSession; readonly ended: Of<'ended'> }) {
  const reason =
    ended.error === undefined
      ? messages.sql.ended.reasons[ended.reason]
      : messages.sql.ended.withState(ended.error.sqlstate, ended.error.message)
  return (
    <Notice
      tone={ended.reason === 'ended_by_person' ? 'info' : 'warn'}
      title={messages.sql.ended.title(reason, formatClock(new Date(ended.time)))}
      actions={<Button onPress={session.open}>{messages.sql.connection.reconnect}</Button>}
    >
      <p>
        {ended.rolledBack && <span>{messages.sql.ended.rolledBack} </span>}
        {messages.sql.ended.textIsHere}
      </p>
    </Notice>
  )
}

function StoppedInstance({ name }: { readonly name: string }) {
  const { data: instance } = useQuery(instanceQuery(name))
  const mayStart = useMayDo(name, 'start_or_stop')
  const start = useStartInstance(name)
  if (instance?.state === undefined || instance.state === 'AVAILABLE') return null
  const isStopped = instance.state === 'STOPPED'
  return (
    <Notice
      tone="warn"
      title={messages.sql.connection.stopped(name, instance.state)}
      actions={
        isStopped && mayStart === true ? (
          <Button isBusy={start.isPending} onPress={() => start.mutate()}>
            {messages.sql.connection.start}
          </Button>
        ) : undefined
      }
    >
      <InlineError error={start.error} />
    </Notice>
  )
}
