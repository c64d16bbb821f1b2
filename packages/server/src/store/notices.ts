/**
 * Hears what other processes tell one another over LISTEN/NOTIFY of the system database, on one connection of its
 * own that is made again when it was lost.
 */
import pg from 'pg'
import { clientConfigOf, type SystemDatabaseAddress } from './system-database.ts'

const RECONNECT_MS = 1_000

export interface Listening {
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * @param ports.onNotice told what was sent
 * @param ports.onResumed told after a lost connection was made again; what was sent meanwhile is missed
 * @param ports.onLost told when the connection was lost and is being made again
 */
export function listenOn(
  channel: 'database_instance' | 'cancel_request',
  address: SystemDatabaseAddress,
  ports: {
    readonly onNotice: (payload: string) => void
    readonly onResumed: () => void
    readonly onLost: (error: Error) => void
  },
): Listening {
  let client: pg.Client | undefined
  let reconnect: NodeJS.Timeout | undefined
  let stopped = false

  const connect = async (): Promise<void> => {
    const { statement_timeout: _none, ...config } = clientConfigOf(address)
    const next = new pg.Client({ ...config, keepAlive: true })
    let lost = false
    const lose = (error: Error) => {
      if (lost || stopped) return
      lost = true
      ports.onLost(error)
      reconnect = setTimeout(() => {
        connect().then(ports.onResumed, lose)
      }, RECONNECT_MS)
    }
    next.on('error', lose)
    next.on('end', () => {
      lose(new Error('the connection was closed'))
    })
    next.on('notification', ({ payload }) => {
      ports.onNotice(payload ?? '')
    })
    try {
      await next.connect()
      await next.query(`LISTEN ${channel}`)
    } catch (error) {
      lost = true
      throw error
    }
    client = next
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
