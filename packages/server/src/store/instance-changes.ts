/**
 * Tells every process when a database instance changes, over LISTEN/NOTIFY on one connection of its own. The
 * trigger in the schema sends the notice; after a lost connection the callbacks run once, for what was missed.
 */
import pg from 'pg'
import type { InstanceChanges } from '../operations/ports.ts'
import { clientConfigOf, type SystemDatabaseAddress } from './system-database.ts'

const CHANNEL = 'database_instance'
const RECONNECT_MS = 1_000

export interface RunningInstanceChanges extends InstanceChanges {
  start(): Promise<void>
  stop(): Promise<void>
}

/** @param onLost told when the connection was lost and is being made again */
export function createInstanceChanges(
  address: SystemDatabaseAddress,
  onLost: (error: Error) => void,
): RunningInstanceChanges {
  const callbacks = new Set<() => void>()
  const tellAll = () => {
    for (const callback of callbacks) callback()
  }
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
      onLost(error)
      reconnect = setTimeout(() => {
        connect().then(tellAll, lose)
      }, RECONNECT_MS)
    }
    next.on('error', lose)
    next.on('end', () => {
      lose(new Error('the connection was closed'))
    })
    next.on('notification', tellAll)
    try {
      await next.connect()
      await next.query(`LISTEN ${CHANNEL}`)
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
    onInstanceChange(callback) {
      callbacks.add(callback)
      return () => callbacks.delete(callback)
    },
  }
}
