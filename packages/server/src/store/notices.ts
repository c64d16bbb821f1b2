/**
 * Receives what other processes send with NOTIFY in the system database, on a connection of its own that is opened
 * again after it was lost.
 */
import pg from 'pg'
import type { ConfirmMasterKey } from '../operations/ports/keys.ts'
import { holdMasterKey } from './sealed-columns.ts'
import { clientConfigOf, type SystemDatabaseAddress } from './system-database.ts'

const RECONNECT_MS = 1_000

export type NoticeChannel =
  | 'database_instance'
  | 'cancel_request'
  | 'directory'
  | 'session_question'
  | 'instance_activity'
  | 'live_hint'
  | 'live_watch'

export interface Listening {
  start(): Promise<void>
  stop(): Promise<void>
}

export interface StandingConnection {
  readonly onLost: (error: Error) => void
  readonly confirmMasterKey: ConfirmMasterKey
}

/**
 * @param ports.onNotice called with each notice
 * @param ports.onResumed called when a lost connection was opened again; the notices sent meanwhile were missed
 * @param ports.onLost called when the connection was lost and is being opened again
 * @param ports.confirmMasterKey called for every connection; the connection is used only after it succeeds
 */
/** How soon the system asks a silent server whether it is there still; by itself Linux waits two hours. */
const KEEP_ALIVE_MS = 10_000

export function listenOn(
  channels: readonly NoticeChannel[],
  address: SystemDatabaseAddress,
  ports: {
    readonly onNotice: (payload: string, channel: string) => void
    readonly onResumed: () => void
  } & StandingConnection,
): Listening {
  let client: pg.Client | undefined
  let reconnect: NodeJS.Timeout | undefined
  let stopped = false

  const connect = async (): Promise<void> => {
    const { statement_timeout: _none, ...config } = clientConfigOf(address)
    const next = new pg.Client({
      ...config,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    })
    let isOver = false
    const lose = (error: Error) => {
      if (isOver) return
      isOver = true
      connectAgain(error)
    }
    next.on('error', lose)
    next.on('end', () => {
      lose(new Error('the connection was closed'))
    })
    next.on('notification', ({ payload, channel }) => {
      ports.onNotice(payload ?? '', channel)
    })
    try {
      await next.connect()
      await holdMasterKey(next, ports.confirmMasterKey)
      for (const channel of channels) await next.query(`LISTEN ${channel}`)
    } catch (error) {
      // The caller tries again or gives up; the half-opened connection is of no use.
      isOver = true
      await next.end().catch(() => undefined)
      throw error
    }
    client = next
  }

  /** Repeats until it succeeds: a database that restarts refuses more than one attempt. */
  const connectAgain = (error: Error): void => {
    if (stopped) return
    ports.onLost(error)
    reconnect = setTimeout(() => {
      connect().then(ports.onResumed, connectAgain)
    }, RECONNECT_MS)
  }

  return {
    start: connect,
    async stop() {
      stopped = true
      clearTimeout(reconnect)
      await client?.end()
    },
  }
}
