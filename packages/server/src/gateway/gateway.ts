/** The gateway: listens for every instance, serves every connection, and knows all it has open. */
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { createCounter } from './connection-limits.ts'
import { openListener, type ListenersByInstance } from './listeners.ts'
import { serveConnection } from './session.ts'
import type { GatewayDependencies, GatewaySettings } from './settings.ts'

export interface Gateway {
  /** Opens and closes listeners until they are those of the instances that there are. Calls queue up. */
  reconcileListeners(): Promise<void>
  /** Takes no new connections; sessions go on. */
  stopListening(): Promise<void>
  /** Ends what is left. PostgreSQL has the last word: stop the instances first. */
  stop(): Promise<void>
}

/** How long sessions may take to end by themselves once their instances have stopped. */
const DRAIN_LIMIT_MS = 3_000

export function createGateway(dependencies: GatewayDependencies, settings: GatewaySettings): Gateway {
  const listeners: ListenersByInstance = new Map()
  const open = new Map<Socket, Promise<void>>()
  const logins = createCounter(settings.loginsPerAddress)
  const sessions = createCounter(settings.connectionsPerInstance)
  let queue: Promise<void> = Promise.resolve()
  let isStopping = false

  function accept(socket: Socket, instance: DatabaseInstance, secureContext: SecureContext): void {
    const served = serveConnection(socket, {
      dependencies,
      settings,
      instanceUid: instance.uid,
      secureContext,
      logins,
      sessions,
    }).catch((error: unknown) => {
      dependencies.log.error({ err: error }, 'a connection failed')
      socket.destroy()
    })
    open.set(socket, served)
    socket.once('close', () => open.delete(socket))
  }

  async function reconcile(): Promise<void> {
    if (isStopping) return
    const instances = (await dependencies.instances.listAll()).filter(({ state }) => state !== 'DELETING')
    const wanted = new Set(instances.map(({ uid }) => uid))
    for (const [uid, { server }] of listeners) {
      if (wanted.has(uid)) continue
      listeners.delete(uid)
      server.close()
    }
    for (const instance of instances) {
      if (listeners.has(instance.uid)) continue
      await openFor(instance)
    }
  }

  async function openFor(instance: DatabaseInstance): Promise<void> {
    try {
      const listener = await openListener(
        instance,
        settings.port,
        dependencies.certificates,
        (socket, secureContext) => {
          accept(socket, instance, secureContext)
        },
      )
      listeners.set(instance.uid, listener)
      const { host, port } = listener
      if (host !== instance.listener.host || port !== instance.listener.port) {
        await dependencies.instances.recordListener(instance.uid, { host, port })
      }
      dependencies.log.info({ instance: instance.name, host, port }, 'the gateway listens')
    } catch (error) {
      dependencies.log.error(
        { err: error, instance: instance.name },
        'the gateway cannot listen for an instance',
      )
      throw error
    }
  }

  return {
    reconcileListeners() {
      const next = queue.then(reconcile)
      // One that failed must not keep later ones from trying; its caller learns of it.
      queue = next.catch(() => undefined)
      return next
    },
    async stopListening() {
      isStopping = true
      await queue
      for (const { server } of listeners.values()) server.close()
      listeners.clear()
    },
    async stop() {
      const impatience = setTimeout(() => {
        for (const socket of open.keys()) socket.destroy()
      }, DRAIN_LIMIT_MS)
      await Promise.all([...open.values()])
      clearTimeout(impatience)
    },
  }
}
