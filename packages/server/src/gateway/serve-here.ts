/** Serves connections in this process, and keeps track of all that are open in it. */
import { setMaxListeners } from 'node:events'
import type { Server } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { CancelRequest } from '../protocol/startup.ts'
import { forwardCancelRequest } from './sessions/cancel.ts'
import { createBalancers } from './listening/client-address.ts'
import { closeConnection } from './close-connection.ts'
import type { Counters } from './connection-limits.ts'
import { createCancelKeys } from './sessions/cancel-keys.ts'
import type { Serving } from './serving.ts'
import type { ClientStream } from './streams/byte-stream.ts'
import { streams } from './streams/this-runtime.ts'
import { createPooledEndpoint } from './pooled/endpoint.ts'
import type { PoolFigures } from './pooled/pool-counts.ts'
import { createSecureContexts } from './listening/secure-contexts.ts'
import { serveConnection, type ClientConnection } from './connection.ts'
import type { ConnectionTarget, GatewayDependencies, ServingSettings } from './settings.ts'

export interface ServingHere extends Serving {
  /** Accepts the connections of a socket that is already listening, until it is closed. */
  takeConnections(server: Server, target: ConnectionTarget): void
  accept(socket: ClientStream, target: ConnectionTarget): void
  /** Applies to connections from now on; open ones keep their settings. */
  change(settings: ServingSettings): void
  /** Cancels the session with this key, if it is one of this process. @returns whether it is */
  cancelHere(request: CancelRequest): Promise<boolean>
  /** Resolves when no connection is open. */
  whenIdle(): Promise<void>
  /** Figures of the pooled endpoints of this process. */
  pools(): readonly PoolFigures[]
}

/** At the end of a drain: how long clients may take to read PostgreSQL's last messages. */
const LAST_WORDS_LIMIT_MS = 3_000
/** After that: how long the remaining clients may take to close. */
const LAST_LINGER_MS = 500

export function serveHere(
  dependencies: GatewayDependencies,
  initialSettings: ServingSettings,
  counters: Counters,
  /** Asks the other workers and nodes about a key that no session here has. */
  cancelElsewhere: (request: CancelRequest) => void,
): ServingHere {
  const open = new Map<ClientConnection, Promise<void>>()
  const cancelKeys = createCancelKeys()
  const secureContexts = createSecureContexts(dependencies.certificates)
  const pooled =
    initialSettings.pooled === undefined
      ? undefined
      : createPooledEndpoint(dependencies, initialSettings.pooled)
  const stopping = new AbortController()
  // Every login under way listens to this signal; above ten listeners, Node warns of a leak.
  setMaxListeners(0, stopping.signal)
  const drainEnded = new AbortController()
  let settings = initialSettings
  let balancers = createBalancers(settings.balancers)

  async function cancelHere(request: CancelRequest): Promise<boolean> {
    if (await pooled?.cancel(request)) return true
    const keys = cancelKeys.findByKey(request)
    await Promise.all(
      keys.map(async ({ instanceUid }) => {
        const instance = await dependencies.instances.loadInstance(instanceUid)
        if (instance !== undefined) await forwardCancelRequest(request, instance, dependencies.clusters)
      }),
    )
    return keys.length > 0
  }

  async function whenIdle(): Promise<void> {
    while (open.size > 0) await Promise.all([...open.values()])
  }

  async function endSessions(): Promise<void> {
    pooled?.endSessions()
    await dependencies.openSessions.endAll()
  }

  function accept(socket: ClientStream, target: ConnectionTarget): void {
    const connection: ClientConnection = { socket, outermost: socket, canReceiveError: true }
    const served = serveConnection(connection, {
      dependencies,
      settings,
      target,
      balancers,
      secureContexts,
      counters,
      cancelKeys,
      pooled,
      async cancel(request) {
        if (!(await cancelHere(request))) cancelElsewhere(request)
      },
      stopping: stopping.signal,
    })
      .catch((error: unknown) => {
        dependencies.log.error({ err: error }, 'a connection failed')
        closeConnection(connection.outermost)
      })
      .then(() => closed(socket))
      .finally(() => open.delete(connection))
    open.set(connection, served)
  }

  const takeConnections = (server: Server, target: ConnectionTarget): void => {
    streams.takeConnections(server, (socket) => {
      accept(socket, target)
    })
  }

  return {
    accept,
    takeConnections,
    listen: (address, target) =>
      streams.listen(address, (socket) => {
        accept(socket, target)
      }),
    cancel: (request) => void cancelHere(request),
    change(next) {
      settings = next
      balancers = createBalancers(next.balancers)
    },
    cancelHere,
    async drain(limitMs) {
      await firstOf(limitMs, whenIdle(), drainEnded.signal)
      stopping.abort()
      await endSessions()
      await firstOf(LAST_WORDS_LIMIT_MS, whenIdle())
      for (const { outermost } of open.keys()) closeConnection(outermost, { lingerMs: LAST_LINGER_MS })
      await whenIdle()
    },
    endDrain: () => {
      drainEnded.abort()
    },
    processes: () => 1,
    whenIdle,
    pools: () => pooled?.figures() ?? [],
  }
}

/** A refusal closes its socket after its last byte; until then the connection counts as open. */
const closed = (socket: ClientStream): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve()
    else
      socket.once('close', () => {
        resolve()
      })
  })

async function firstOf(limitMs: number, work: Promise<void>, signal?: AbortSignal): Promise<void> {
  const settled = new AbortController()
  const signals = signal === undefined ? [settled.signal] : [settled.signal, signal]
  const limit = pause(limitMs, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined)
  await Promise.race([work, limit])
  settled.abort()
}
