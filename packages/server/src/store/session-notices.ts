/** What a process with open sessions listens for, on one connection. A notice is a reason to look, and carries nothing. */
import type { SessionNotices } from '../operations/ports/sessions.ts'
import { listenOn, type Listening, type StandingConnection } from './notices.ts'
import type { SystemDatabaseAddress } from './system-database.ts'

const CHANNELS = ['database_instance', 'directory', 'session_question', 'live_watch'] as const

export interface RunningSessionNotices extends SessionNotices, Listening {}

/** @param standing as of `listenOn` */
export function createSessionNotices(
  address: SystemDatabaseAddress,
  standing: StandingConnection,
): RunningSessionNotices {
  const callbacks = new Map<string, Set<() => void>>(CHANNELS.map((channel) => [channel, new Set()]))
  const tell = (channel: string) => {
    for (const callback of callbacks.get(channel) ?? []) callback()
  }
  return {
    ...listenOn(CHANNELS, address, {
      onNotice: (_payload, channel) => {
        tell(channel)
      },
      // For what was missed.
      onResumed: () => {
        CHANNELS.forEach(tell)
      },
      ...standing,
    }),
    on(channel, callback) {
      callbacks.get(channel)?.add(callback)
      return () => callbacks.get(channel)?.delete(callback)
    },
  }
}
