/** Notices and notifications, in the order in which they arrived during the run. */
import type { SqlMessage, SqlRun } from '../../../data/sql-state.ts'
import { messages } from '../../../messages/index.ts'
import { formatWithZone } from '../../../text/format.ts'
import { ErrorNotes } from './error-card.tsx'
import styles from './results.module.css'

export function MessagesView({ run }: { readonly run: SqlRun }) {
  const count = run.messages.length + run.droppedMessages
  return (
    <div
      className={styles['messages']}
      tabIndex={0}
      role="log"
      aria-label={messages.sql.results.messages(count)}
    >
      {count === 0 && <p>{messages.sql.messages.none}</p>}
      <ol>
        {run.messages.map((message, index) => (
          <li key={index}>
            <Message message={message} />
          </li>
        ))}
      </ol>
      {run.droppedMessages > 0 && <p>{messages.sql.messages.dropped(run.droppedMessages)}</p>}
    </div>
  )
}

function Message({ message }: { readonly message: SqlMessage }) {
  const time = <time dateTime={message.time}>{formatWithZone(new Date(message.time))}</time>
  if (message.kind === 'notification')
    return (
      <>
        {time} <strong>{messages.sql.messages.notification(message.channel, message.processId)}</strong>{' '}
        <bdi>{message.payload}</bdi>
      </>
    )
  const { notice } = message
  return (
    <>
      {time} <strong>{notice.severity}</strong> <code>{notice.sqlstate}</code> <bdi>{notice.message}</bdi>
      <ErrorNotes error={notice} />
    </>
  )
}
