/**
 * Forwards a cancel request to the other gateways, when the address it reached does not show which gateway has the
 * session (docs/decisions/0003-cancel-requests.md). Rate-limited: a flood of guessed keys uses up only this node's
 * share.
 */
import { sql } from 'kysely'
import { listenOn, type Listening, type StandingConnection } from './notices.ts'
import type { SystemDatabase, SystemDatabaseAddress } from './system-database.ts'

export interface CancelByNotice {
  readonly processId: number
  readonly keyHex: string
}

export interface CancelNotices extends Listening {
  /** Best effort, as the cancel protocol itself is. */
  send(request: CancelByNotice): void
}

/** Beyond this number in one second, requests are dropped; people and drivers cancel far less often. */
const MOST_PER_SECOND = 50
const CHANNEL = 'cancel_request'

export function createCancelNotices(
  address: SystemDatabaseAddress,
  database: SystemDatabase,
  ports: {
    /** Id of this node, which ignores its own notices. */
    readonly node: string
    readonly onRequest: (request: CancelByNotice) => void
    /** A request could not be sent. */
    readonly onNotSent: (error: unknown) => void
  } & StandingConnection,
): CancelNotices {
  let sent = 0
  let refill: NodeJS.Timeout | undefined
  const listening = listenOn([CHANNEL], address, {
    onNotice: (payload) => {
      const request = parse(payload)
      if (request !== undefined && request.node !== ports.node) ports.onRequest(request)
    },
    onResumed: () => undefined,
    onLost: ports.onLost,
    confirmMasterKey: ports.confirmMasterKey,
  })
  return {
    ...listening,
    send({ processId, keyHex }) {
      if (sent >= MOST_PER_SECOND) return
      sent += 1
      refill ??= setTimeout(() => {
        sent = 0
        refill = undefined
      }, 1_000).unref()
      sql`SELECT pg_notify(${CHANNEL}, ${JSON.stringify({ node: ports.node, processId, keyHex })})`
        .execute(database)
        .catch(ports.onNotSent)
    },
  }
}

/** Only Lakegate writes to this database; a payload of another shape comes from another version. */
function parse(payload: string): (CancelByNotice & { readonly node: unknown }) | undefined {
  const value: unknown = JSON.parse(payload)
  if (typeof value !== 'object' || value === null) return undefined
  if (!('node' in value && 'processId' in value && 'keyHex' in value)) return undefined
  const { node, processId, keyHex } = value
  return typeof processId === 'number' && typeof keyHex === 'string' ? { node, processId, keyHex } : undefined
}
