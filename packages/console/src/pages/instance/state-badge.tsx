/** The state of an instance as icon, word and colour (design 6.4). */
import type { DatabaseInstance, DatabaseInstanceState } from '@lakegate/client'
import { Badge, STATE_ICONS, type Tone } from '../../kit/badge.tsx'
import { messages } from '../../messages/index.ts'

const SHOWN: Readonly<Record<DatabaseInstanceState, readonly [Tone, keyof typeof STATE_ICONS]>> = {
  AVAILABLE: ['ok', 'done'],
  STARTING: ['info', 'underWay'],
  UPDATING: ['info', 'underWay'],
  FAILING_OVER: ['info', 'underWay'],
  STOPPED: ['neutral', 'off'],
  DELETING: ['danger', 'gone'],
}

/** A problem of the instance turns its badge into a warning; the word stays. */
export function StateBadge({
  instance,
}: {
  readonly instance: Pick<DatabaseInstance, 'state' | 'status_message'>
}) {
  const [tone, icon] = SHOWN[instance.state]
  const isWrong = instance.status_message !== undefined
  return (
    <Badge tone={isWrong ? 'warn' : tone} icon={STATE_ICONS[isWrong ? 'wrong' : icon]}>
      {messages.instance.states[instance.state]}
    </Badge>
  )
}
