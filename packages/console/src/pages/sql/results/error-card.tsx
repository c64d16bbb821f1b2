/** A complete error of PostgreSQL: severity, SQLSTATE, message, DETAIL, HINT, CONTEXT, and its position in the text. */
import type { SqlError } from '@lakegate/client'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Button } from '../../../kit/button.tsx'
import { messages } from '../../../messages/index.ts'
import styles from './results.module.css'

export interface ErrorCardProps {
  readonly error: SqlError
  readonly onGoToPosition?: (() => void) | undefined
  readonly children?: ReactNode
}

export function ErrorCard({ error, onGoToPosition, children }: ErrorCardProps) {
  return (
    <div className={styles['error']} role="alert">
      <p className={styles['errorText']}>
        <bdi>{error.severity}</bdi> <code>{error.sqlstate}</code>
        {': '}
        <bdi>{error.message}</bdi>
      </p>
      <ErrorNotes error={error} />
      {error.refusal !== undefined && (
        <p>
          <Link to="/help/refusals/$name" params={{ name: error.refusal }}>
            {error.refusal}
          </Link>
        </p>
      )}
      {(onGoToPosition !== undefined || children !== undefined) && (
        <div className={styles['actions']}>
          {onGoToPosition !== undefined && (
            <Button isSmall onPress={onGoToPosition}>
              {messages.sql.results.position}
            </Button>
          )}
          {children}
        </div>
      )}
    </div>
  )
}

export function ErrorNotes({ error }: { readonly error: SqlError }) {
  const notes = [
    error.detail === undefined ? undefined : messages.sql.messages.detail(error.detail),
    error.hint === undefined ? undefined : messages.sql.messages.hint(error.hint),
    error.context === undefined ? undefined : messages.sql.messages.context(error.context),
  ].filter((note) => note !== undefined)
  return notes.map((note) => (
    <p key={note} className={styles['note']}>
      <bdi>{note}</bdi>
    </p>
  ))
}
