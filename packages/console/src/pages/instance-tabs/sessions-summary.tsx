/** The line above a list of sessions: how many, which gateways did not answer, and the pause. */
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { Badge, STATE_ICONS } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { messages } from '../../messages/index.ts'
import { formatClock } from '../../text/format.ts'
import styles from './instance-tabs.module.css'

export interface SessionsSummaryProps {
  readonly open: number
  /** Never hidden, because their sessions are missing from the list. */
  readonly silentGateways: number
  /** Undefined when the list is live. */
  readonly pausedAt: Date | undefined
  readonly onPause: (at: Date | undefined) => void
}

export function SessionsSummary({ open, silentGateways, pausedAt, onPause }: SessionsSummaryProps) {
  const texts = messages.instanceTabs.sessions
  return (
    <div className={styles['summary']}>
      <strong role="status">{texts.open(open)}</strong>
      {silentGateways > 0 && (
        <div role="alert">
          <Badge tone="warn" icon={STATE_ICONS.wrong}>
            {texts.silent(silentGateways)}
          </Badge>
        </div>
      )}
      <span className={styles['space']} />
      {pausedAt !== undefined && <span>{texts.paused(formatClock(pausedAt))}</span>}
      <Button
        isSmall
        icon={
          pausedAt === undefined ? (
            <IconPlayerPause size={16} aria-hidden />
          ) : (
            <IconPlayerPlay size={16} aria-hidden />
          )
        }
        onPress={() => onPause(pausedAt === undefined ? new Date() : undefined)}
      >
        {pausedAt === undefined ? texts.pause : texts.resume}
      </Button>
    </div>
  )
}
