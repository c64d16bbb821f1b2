/** Shows whether the server keeps the page up to date, or the page polls from time to time. */
import { liveState } from '../data/events.ts'
import { useStore } from '../data/store.ts'
import { messages } from '../messages/index.ts'
import styles from './shell.module.css'

export function LiveStatus() {
  const state = useStore(liveState)
  const words = {
    live: messages.app.live,
    connecting: messages.app.connecting,
    paused: messages.app.livePaused,
  }[state]
  return (
    <span className={styles['status']} role="status" data-live={state} title={messages.app.liveHint[state]}>
      <span className={styles['dot']} data-live={state} aria-hidden />
      <span className={styles['statusWord']}>{words}</span>
    </span>
  )
}
