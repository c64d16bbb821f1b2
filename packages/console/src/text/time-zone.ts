/** The time zone in which times are shown: the browser's, or UTC; the person's choice (Settings → Appearance). */
import { keepChoice, readChoice } from '../browser/choices.ts'

const KEY = 'lakegate-time-zone'

export type TimeZone = 'local' | 'UTC'

const listeners = new Set<() => void>()
let zone: TimeZone = read()

function read(): TimeZone {
  return readChoice(KEY) === 'UTC' ? 'UTC' : 'local'
}

export const timeZone = (): TimeZone => zone

export function chooseTimeZone(chosen: TimeZone): void {
  zone = chosen
  keepChoice(KEY, chosen)
  for (const listener of listeners) listener()
}

export function subscribeToTimeZone(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
