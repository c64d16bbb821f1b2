/** The states of a page other than its content: empty, loading, failed, denied, out of date. */
import { useEffect, useState, type ReactNode } from 'react'
import { Link } from '@tanstack/react-router'
import { ApiError, SendAgainError, UnreachableError } from '../data/api.ts'
import { messages } from '../messages/index.ts'
import { formatClock } from '../text/format.ts'
import { Button } from './button.tsx'
import { classes } from './classes.ts'
import { CopyField } from './copy.tsx'
import styles from './state.module.css'

/** One sentence and the one action. */
export function EmptyState({
  children,
  actions,
}: {
  readonly children: ReactNode
  readonly actions?: ReactNode
}) {
  return (
    <div className={styles['empty']}>
      <p>{children}</p>
      {actions !== undefined && <div className={styles['actions']}>{actions}</div>}
    </div>
  )
}

/** Appears after 200 ms; a page that loads faster never shows it. */
export function Skeleton({ lines = 6 }: { readonly lines?: number }) {
  return (
    <div className={styles['skeleton']} role="status" aria-label={messages.kit.loading} data-loading>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className={styles['bar']} />
      ))}
    </div>
  )
}

export interface NoticeProps {
  readonly tone?: 'danger' | 'warn' | 'info' | 'ok'
  readonly title?: ReactNode
  readonly children?: ReactNode
  readonly actions?: ReactNode
}

/** A text within the page: a warning or an explanation. */
export function Notice({ tone = 'info', title, children, actions }: NoticeProps) {
  return (
    <div
      className={classes(
        styles['card'],
        tone === 'warn' && styles['warn'],
        tone === 'info' && styles['info'],
        tone === 'ok' && styles['ok'],
      )}
    >
      {title !== undefined && <div className={styles['label']}>{title}</div>}
      {children}
      {actions !== undefined && <div className={styles['actions']}>{actions}</div>}
    </div>
  )
}

export interface RefusalCardProps {
  /** The name in docs/refusals.md. */
  readonly name: string
  readonly sqlstate?: string | undefined
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  readonly actions?: ReactNode
}

/** Why a login was refused: what happened, why, what to do, and the name to search for. */
export function RefusalCard({ name, sqlstate, message, detail, hint, actions }: RefusalCardProps) {
  return (
    <div className={styles['card']} role="group" aria-label={name}>
      <div className={styles['label']}>{message}</div>
      {detail !== undefined && <div>{detail}</div>}
      {hint !== undefined && <div>{hint}</div>}
      <div className={styles['code']}>
        <Link to="/help/refusals/$name" params={{ name }}>
          {name}
        </Link>
        {sqlstate !== undefined && ` · ${sqlstate}`}
      </div>
      {actions !== undefined && <div className={styles['actions']}>{actions}</div>}
    </div>
  )
}

/** What went wrong with the person's own action, shown where it happened and announced at once. */
export function InlineError({
  error,
  onRetry,
}: {
  readonly error: Error | null
  readonly onRetry?: () => void
}) {
  if (error === null) return null
  return (
    <div className={styles['card']} role="alert">
      <div className={styles['problem']}>
        {error instanceof SendAgainError ? messages.app.signInEnded.notSent : error.message}
      </div>
      {error instanceof ApiError && (
        <div className={styles['code']}>
          {error.errorCode}
          {error.requestId !== undefined && (
            <>
              {' · '}
              <CopyField what={messages.kit.requestId(error.requestId)} value={error.requestId} />
            </>
          )}
        </div>
      )}
      {onRetry !== undefined && (
        <div className={styles['actions']}>
          <Button onPress={onRetry}>{messages.kit.retry}</Button>
        </div>
      )}
    </div>
  )
}

export interface PageErrorProps {
  readonly error: Error
  readonly onRetry: () => void
  /** Who can grant the missing permission, if the page knows. */
  readonly askWhom?: string
}

/** Shown instead of a page's data; «denied» and «unavailable» must look different. */
export function PageError({ error, onRetry, askWhom }: PageErrorProps) {
  if (error instanceof ApiError && error.status === 403) {
    return (
      <Notice tone="warn" title={messages.kit.denied}>
        <p>{error.message}</p>
        {askWhom !== undefined && <p>{messages.kit.deniedNext(askWhom)}</p>}
      </Notice>
    )
  }
  if (error instanceof ApiError && error.status === 503)
    return <Waiting error={error} seconds={error.retryAfter ?? 5} onRetry={onRetry} />
  if (error instanceof UnreachableError)
    return (
      <Notice tone="warn" actions={<Button onPress={onRetry}>{messages.kit.retry}</Button>}>
        {messages.kit.notReachable}
      </Notice>
    )
  // A deleted object does not come back, so there is no retry.
  if (error instanceof ApiError && error.status === 404) return <InlineError error={error} />
  return <InlineError error={error} onRetry={onRetry} />
}

function Waiting({
  error,
  seconds,
  onRetry,
}: {
  readonly error: Error
  readonly seconds: number
  readonly onRetry: () => void
}) {
  const [left, setLeft] = useState(seconds)
  useEffect(() => {
    if (left <= 0) {
      onRetry()
      setLeft(seconds)
      return undefined
    }
    const timer = setTimeout(() => setLeft(left - 1), 1000)
    return () => clearTimeout(timer)
  }, [left, onRetry, seconds])
  return (
    <Notice tone="warn" title={error.message}>
      {messages.kit.retryIn(left)}
    </Notice>
  )
}

/** Old data is still shown when new data is not available, with its age. */
export function Stale({ since, onRetry }: { readonly since: Date; readonly onRetry: () => void }) {
  return (
    <div className={styles['stale']} role="status">
      {messages.kit.staleSince(formatClock(since))}
      <Button kind="quiet" isSmall onPress={onRetry}>
        {messages.kit.retry}
      </Button>
    </div>
  )
}

export interface KeyValue {
  readonly key: string
  readonly value: ReactNode
}

export function KeyValueList({ items }: { readonly items: readonly KeyValue[] }) {
  return (
    <dl className={styles['list']}>
      {items.map(({ key, value }) => (
        <div key={key} style={{ display: 'contents' }}>
          <dt>{key}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
