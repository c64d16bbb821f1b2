/** The state of the session: connected or not, its process, its transaction. */
import type { SqlSession } from '../../../data/sql-session.ts'
import type { SqlConnection, SqlState } from '../../../data/sql-state.ts'
import { Badge, STATE_ICONS, type Tone } from '../../../kit/badge.tsx'
import { Button } from '../../../kit/button.tsx'
import { Menu } from '../../../kit/menu.tsx'
import { messages } from '../../../messages/index.ts'
import styles from './workbench.module.css'

export interface ConnectionStatusProps {
  readonly session: SqlSession | undefined
  readonly state: SqlState
  /** A run waits, because it is not known yet where to run it. */
  readonly isRunWaiting: boolean
}

export function ConnectionStatus({ session, state, isRunWaiting }: ConnectionStatusProps) {
  const { connection, transaction, isRunning } = state
  const [tone, icon] = isRunWaiting ? WAITS : looks(connection)
  const canConnect = connection.kind !== 'open' && connection.kind !== 'opening' && connection.kind !== 'lost'
  return (
    <div className={styles['status']}>
      <span role="status">
        <Badge tone={tone} icon={icon}>
          {isRunWaiting ? messages.sql.connection.runWaits : textOf(connection)}
        </Badge>
      </span>
      {transaction !== 'none' && (
        <span role="status">
          <Badge tone={transaction === 'failed' ? 'danger' : 'warn'} icon={STATE_ICONS.wrong}>
            {messages.sql.transaction[transaction]}
          </Badge>
        </span>
      )}
      {transaction !== 'none' && session !== undefined && (
        <>
          {transaction === 'open' && (
            <Button isSmall isDisabled={isRunning} onPress={session.commit}>
              {messages.sql.transaction.commit}
            </Button>
          )}
          <Button isSmall isDisabled={isRunning} onPress={session.rollback}>
            {messages.sql.transaction.rollback}
          </Button>
        </>
      )}
      {session !== undefined && (
        <Menu
          label={messages.sql.connection.more}
          actions={[
            canConnect
              ? { id: 'connect', label: messages.sql.connection.connect, onAction: session.open }
              : {
                  id: 'end',
                  label: messages.sql.connection.end,
                  onAction: session.end,
                  isDangerous: transaction !== 'none',
                },
          ]}
        />
      )}
    </div>
  )
}

const WAITS = ['info', STATE_ICONS.underWay] as const

function looks({ kind }: SqlConnection): readonly [Tone, React.ReactNode] {
  switch (kind) {
    case 'open':
      return ['ok', STATE_ICONS.done]
    case 'opening':
      return ['info', STATE_ICONS.underWay]
    case 'lost':
      return ['warn', STATE_ICONS.underWay]
    case 'none':
      return ['neutral', STATE_ICONS.off]
    case 'refused':
    case 'unreachable':
    case 'ended':
      return ['danger', STATE_ICONS.wrong]
  }
}

const textOf = (connection: SqlConnection): string =>
  connection.kind === 'open'
    ? messages.sql.connection.open(connection.processId)
    : messages.sql.connection[connection.kind]
