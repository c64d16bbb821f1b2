/**
 * The notices that a process with open sessions receives, on one connection. A notice carries no data; it only says
 * that something must be read again.
 */
import type { SessionNotices } from '../operations/ports/sessions.ts'
import { listenOn, type Listening, type StandingConnection } from './notices.ts'
import type { SystemDatabaseAddress } from './system-database.ts'

const CHANNELS = ['database_instance', 'directory', 'session_question', 'live_watch'] as const

export interface RunningSessionNotices extends SessionNotices, Listening {}

/** @param standing as for `listenOn` */
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
      // Notices may have been missed.
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
