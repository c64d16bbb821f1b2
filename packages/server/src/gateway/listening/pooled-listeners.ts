/** Where the pooled endpoints are: on a second address of each instance, or under a second name of it. */
import type { DatabaseInstance, InstanceListener } from '../../domain/database-instance.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import type { StandInPort } from '../../domain/stand-in-port.ts'
import { choosePooledHost } from './instance-host.ts'
import {
  isSameListener,
  openListener,
  standInsOf,
  warnOfStandIn,
  type ListenersByInstance,
} from './listeners.ts'
import type { ClaimedPlaces } from './own-port.ts'
import type { Serving } from '../serving.ts'
import type { ListeningDependencies, ListeningSettings } from '../settings.ts'

export interface PooledListeners {
  /**
   * A pooled endpoint that cannot be opened is logged; the direct endpoint still serves.
   * @param claimed the places that belong to endpoints
   * @param nameOf set with a domain, where pooled endpoints need no address of their own
   */
  reconcile(
    instances: readonly DatabaseInstance[],
    claimed: ClaimedPlaces,
    nameOf: ((uid: InstanceUid) => InstanceListener) | undefined,
  ): Promise<void>
  standIns(): readonly StandInPort[]
  close(): void
}

export function createPooledListeners(
  { instances: store, log }: ListeningDependencies,
  settings: ListeningSettings,
  serving: Pick<Serving, 'listen'>,
): PooledListeners {
  const open: ListenersByInstance = new Map()

  async function record(
    { uid, pooledListener: before }: DatabaseInstance,
    now: InstanceListener | undefined,
  ): Promise<void> {
    if (!isSameListener(before, now)) await store?.recordPooledListener(uid, now)
  }

  async function openFor(instance: DatabaseInstance, claimed: ClaimedPlaces): Promise<void> {
    const { uid, name, pooledListener: before } = instance
    // On addresses that the operator chose, the direct endpoint has taken the port.
    const port = settings.addresses === undefined ? settings.port : 0
    try {
      const opened = await openListener(
        { instance: name, endpoint: 'pooled', loopback: choosePooledHost(uid), before },
        { ...settings, port },
        claimed,
        (at) => serving.listen(at, { instanceUid: uid, endpoint: 'pooled', certificateHost: at.host }),
      )
      open.set(uid, opened)
      await record(instance, { host: opened.host, port: opened.port, ownPort: opened.ownPort })
      warnOfStandIn(log, opened.standIn)
    } catch (error) {
      log.error({ err: error, instance: instance.name }, 'the gateway cannot open a pooled endpoint')
    }
  }

  return {
    async reconcile(instances, claimed, nameOf) {
      const wanted = new Set(instances.map(({ uid }) => uid))
      for (const [uid, listener] of open) {
        if (wanted.has(uid)) continue
        open.delete(uid)
        listener.close()
      }
      for (const instance of instances) {
        if (!settings.hasPooledEndpoints) await record(instance, undefined)
        else if (nameOf !== undefined) await record(instance, nameOf(instance.uid))
        else if (!open.has(instance.uid)) await openFor(instance, claimed)
      }
    },
    standIns: () => standInsOf(open),
    close() {
      for (const listener of open.values()) listener.close()
      open.clear()
    },
  }
}
