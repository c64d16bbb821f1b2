/**
 * The addresses of the gateway: one for every instance, or one for all; `serving` opens them and serves their
 * connections.
 */
import type { DatabaseInstance, InstanceListener } from '../../domain/database-instance.ts'
import type { StandInPort } from '../../domain/stand-in-port.ts'
import { certificateHostOf, hostOfInstance, pooledHostOfInstance } from '../handshake/instance-route.ts'
import {
  isSameListener,
  loopbackOf,
  openListener,
  openSharedListener,
  standInsOf,
  warnOfStandIn,
  type ListenersByInstance,
  type OpenListener,
} from './listeners.ts'
import { claimedBy, type ClaimedPlaces } from './own-port.ts'
import { createPooledListeners } from './pooled-listeners.ts'
import type { Serving } from '../serving.ts'
import type { ListeningDependencies, ListeningSettings } from '../settings.ts'

export interface Gateway {
  /** Opens and closes listeners until there is one for each existing instance. Calls are queued. */
  reconcileListeners(): Promise<void>
  /** Where all instances are reached, when there is a domain. */
  sharedAddresses(): readonly { readonly host: string; readonly port: number }[]
  /** Endpoints that do not listen on their own port. */
  standIns(): readonly StandInPort[]
  /** Accepts no new connections; sessions go on. */
  stopListening(): Promise<void>
}

const DEFAULT_SHARED_ADDRESS = '127.0.0.1'

export function createGateway(
  dependencies: ListeningDependencies,
  settings: ListeningSettings,
  serving: Pick<Serving, 'listen'>,
): Gateway {
  const { instances, log } = dependencies
  const { domain } = settings
  const listeners: ListenersByInstance = new Map()
  const shared: OpenListener[] = []
  const pooledListeners = createPooledListeners(dependencies, settings, serving)
  let queue: Promise<void> = Promise.resolve()
  let isStopping = false

  async function reconcile(): Promise<void> {
    if (isStopping) return
    if (domain !== undefined) await listenForAll(domain)
    if (instances === undefined) return
    const wanted = (await instances.listAll()).filter(({ state }) => state !== 'DELETING')
    const uids = new Set(wanted.map(({ uid }) => uid))
    for (const [uid, listener] of listeners) {
      if (uids.has(uid)) continue
      listeners.delete(uid)
      listener.close()
    }
    const port = shared[0]?.port
    const claimed = claimedBy(wanted)
    for (const instance of wanted) {
      if (domain !== undefined) await record(instance, { host: hostOfInstance(instance.uid, domain), port })
      else if (!listeners.has(instance.uid)) await openFor(instance, claimed)
    }
    await pooledListeners.reconcile(
      wanted,
      claimed,
      domain === undefined ? undefined : (uid) => ({ host: pooledHostOfInstance(uid, domain), port }),
    )
  }

  async function listenForAll(name: string): Promise<void> {
    if (shared.length > 0) return
    const certificateHost = certificateHostOf(name)
    for (const address of settings.addresses ?? [DEFAULT_SHARED_ADDRESS]) {
      // The second address gets the same port as the first, also when any free port will do.
      const port = settings.port === 0 ? (shared[0]?.port ?? 0) : settings.port
      const listener = await openSharedListener(address, port, (at) =>
        serving.listen(at, { instanceUid: undefined, certificateHost }),
      )
      shared.push(listener)
      log.info({ domain: name, host: address, port: listener.port }, 'the gateway listens')
    }
  }

  async function openFor(instance: DatabaseInstance, claimed: ClaimedPlaces): Promise<void> {
    try {
      const listener = await openListener(
        {
          instance: instance.name,
          endpoint: 'direct',
          loopback: loopbackOf(instance),
          before: instance.listener,
        },
        settings,
        claimed,
        (at) => serving.listen(at, { instanceUid: instance.uid, certificateHost: at.host }),
      )
      listeners.set(instance.uid, listener)
      const { host, port, ownPort } = listener
      await record(instance, { host, port, ownPort })
      log.info({ instance: instance.name, host, port }, 'the gateway listens')
      warnOfStandIn(log, listener.standIn)
    } catch (error) {
      log.error({ err: error, instance: instance.name }, 'the gateway cannot listen for an instance')
      throw error
    }
  }

  /** What the API reports as read_write_dns. */
  async function record({ uid, listener: before }: DatabaseInstance, now: InstanceListener): Promise<void> {
    if (!isSameListener(before, now)) await instances?.recordListener(uid, now)
  }

  return {
    reconcileListeners() {
      const next = queue.then(reconcile)
      // A failed run must not keep later ones from running; its own caller gets the error.
      queue = next.catch(() => undefined)
      return next
    },
    sharedAddresses: () => shared.map(({ host, port }) => ({ host, port })),
    standIns: () => [...standInsOf(listeners), ...pooledListeners.standIns()],
    async stopListening() {
      isStopping = true
      await queue
      for (const listener of [...listeners.values(), ...shared]) listener.close()
      listeners.clear()
      pooledListeners.close()
      shared.length = 0
    },
  }
}
