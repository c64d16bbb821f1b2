/** Times: a relative time with the full date as its title, and a countdown. */
import { useEffect, useState, useSyncExternalStore } from 'react'
import { messages } from '../messages/index.ts'
import { formatRelative, formatRemaining, formatWithZone } from '../text/format.ts'
import { subscribeToTimeZone, timeZone } from '../text/time-zone.ts'
import { classes } from './classes.ts'
import styles from './time.module.css'

const SECOND = 1000
const MINUTE = 60 * SECOND
/** Screen readers announce the remaining time only at these minutes. */
const SPOKEN_MINUTES = [10, 5, 1]

/** @returns the current time, updated after each interval */
export function useNow(interval: number): Date {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), interval)
    return () => clearInterval(timer)
  }, [interval])
  return now
}

/** @param at ISO 8601; shown as «3 min. ago», with date, time and zone as its title */
export function TimeText({ at }: { readonly at: string | undefined }) {
  const now = useNow(30 * SECOND)
  useSyncExternalStore(subscribeToTimeZone, timeZone)
  if (at === undefined || at === '')
    return (
      <span>
        <span aria-hidden>–</span>
        <span className="visually-hidden">{messages.kit.none}</span>
      </span>
    )
  const time = new Date(at)
  return (
    <time dateTime={at} title={formatWithZone(time)}>
      {formatRelative(time, now)}
    </time>
  )
}

export interface CountdownProps {
  readonly until: Date
  readonly onEnd?: () => void
}

/** «59:48 left», updated every second; amber from ten minutes on, red from one. */
export function Countdown({ until, onEnd }: CountdownProps) {
  const now = useNow(SECOND)
  const left = until.getTime() - now.getTime()
  const isOver = left <= 0
  useEffect(() => {
    if (isOver) onEnd?.()
  }, [isOver, onEnd])
  const minutes = Math.ceil(left / MINUTE)
  const spoken = [...SPOKEN_MINUTES].reverse().find((minute) => minutes <= minute)
  return (
    <span
      className={classes(
        styles['countdown'],
        left <= 10 * MINUTE && left > MINUTE && styles['soon'],
        left <= MINUTE && styles['last'],
      )}
    >
      <span aria-hidden>{isOver ? messages.kit.expired : messages.kit.timeLeft(formatRemaining(left))}</span>
      <span className="visually-hidden" role="timer" aria-live="polite">
        {spoken !== undefined && !isOver ? messages.kit.minutesLeft(spoken) : ''}
      </span>
    </span>
  )
}
