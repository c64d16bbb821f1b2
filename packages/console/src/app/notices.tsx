/** Lines between header and page: the server does not answer, a new version is available, the sign-in ends soon. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, type ReactNode } from 'react'
import { newBuild } from '../data/events.ts'
import { reachability } from '../data/reachability.ts'
import { sessionQuery, useSession } from '../data/session.ts'
import { useStore } from '../data/store.ts'
import { Button } from '../kit/button.tsx'
import { useNow } from '../kit/time.tsx'
import { messages } from '../messages/index.ts'
import { formatClock } from '../text/format.ts'
import { openSignIn } from './session-over-dialog.tsx'
import styles from './notices.module.css'

const WARNED_BEFORE = 5 * 60_000
const ASKS_EVERY = 10_000

/** Always present in the document, so that screen readers announce what appears in it. */
export function Notices() {
  const queries = useQueryClient()
  const isReachable = useStore(reachability) === 'reachable'
  const build = useStore(newBuild)
  const endsAt = useEndOfSession()
  return (
    <div role="status" className={styles['notices']}>
      {!isReachable && (
        <Line
          action={
            <Button isSmall onPress={() => void queries.refetchQueries({ type: 'active' })}>
              {messages.app.askAgain}
            </Button>
          }
        >
          {messages.app.notReachable}
        </Line>
      )}
      {endsAt !== undefined && (
        <Line
          action={
            <Button isSmall onPress={() => void openSignIn()}>
              {messages.app.signInEnded.signInNow}
            </Button>
          }
        >
          {messages.app.signInEnded.endsSoon(formatClock(endsAt))}
        </Line>
      )}
      {build !== undefined && (
        <Line
          action={
            <Button isSmall onPress={() => location.reload()}>
              {messages.app.reload}
            </Button>
          }
        >
          {messages.app.newVersion}
        </Line>
      )}
    </div>
  )
}

function Line({ children, action }: { readonly children: ReactNode; readonly action: ReactNode }) {
  return (
    <div className={styles['line']}>
      <span>{children}</span>
      {action}
    </div>
  )
}

/** When the session ends, if that is soon. Meanwhile it is read again, because use or a new sign-in extends it. */
function useEndOfSession(): Date | undefined {
  const session = useSession()
  const queries = useQueryClient()
  const now = useNow(ASKS_EVERY).getTime()
  const ends = Math.min(Date.parse(session.end_time), Date.parse(session.idle_end_time))
  const isSoon = ends - now <= WARNED_BEFORE && ends > now
  useEffect(() => {
    if (!isSoon) return undefined
    const timer = setInterval(() => {
      void queries.refetchQueries({ queryKey: sessionQuery.queryKey })
    }, ASKS_EVERY)
    return () => clearInterval(timer)
  }, [isSoon, queries])
  return isSoon ? new Date(ends) : undefined
}
