/** The instances as they were read last, and those that were closed or removed meanwhile. */
import {
  effectiveSessionPolicy,
  effectiveStopped,
  type DatabaseInstance,
  type SessionPolicy,
} from '../../domain/database-instance.ts'
import type { InstanceUid } from '../../domain/ids.ts'

/** The most that login-deadline-seconds may be. */
const LONGEST_LOGIN_MS = 300_000

export type ReasonOfInstance = 'instance_stopped' | 'instance_deleted'

interface ClosedInstance {
  readonly reason: ReasonOfInstance
  /** Of the uptime. */
  readonly since: number
}

export class KnownInstances {
  #known: ReadonlyMap<InstanceUid, DatabaseInstance> = new Map()
  /** Stopped, or going, or gone: those for as long as a login may be under way that found them. */
  #closed: ReadonlyMap<InstanceUid, ClosedInstance> = new Map()

  /** Not as it was at the login: the hosts of a cluster may be others by now. */
  latest(instance: DatabaseInstance): DatabaseInstance {
    return this.#known.get(instance.uid) ?? instance
  }

  policyOf(instance: DatabaseInstance): SessionPolicy {
    return effectiveSessionPolicy(this.latest(instance).settings)
  }

  /** Sessions of an embedded instance end with its cluster; an attached cluster runs on. */
  reasonToEnd({ uid, backend }: DatabaseInstance): ReasonOfInstance | undefined {
    return backend.kind === 'attached' ? this.#closed.get(uid)?.reason : undefined
  }

  /**
   * @param withSessions those that have sessions here
   * @param asOf of the uptime, when they were read
   */
  learn(
    instances: readonly DatabaseInstance[],
    withSessions: ReadonlySet<InstanceUid>,
    asOf: number,
  ): ReadonlyMap<InstanceUid, DatabaseInstance> {
    const here = new Map(instances.map((instance) => [instance.uid, instance]))
    this.#closed = this.#closedAmong(here, withSessions, asOf)
    this.#known = here
    return here
  }

  #closedAmong(
    here: ReadonlyMap<InstanceUid, DatabaseInstance>,
    withSessions: ReadonlySet<InstanceUid>,
    asOf: number,
  ): ReadonlyMap<InstanceUid, ClosedInstance> {
    const next = new Map<InstanceUid, ClosedInstance>()
    for (const { uid, state, settings } of here.values()) {
      if (state === 'DELETING') next.set(uid, { reason: 'instance_deleted', since: asOf })
      else if (effectiveStopped(settings)) next.set(uid, { reason: 'instance_stopped', since: asOf })
    }
    for (const uid of new Set([...this.#known.keys(), ...this.#closed.keys()])) {
      if (here.has(uid)) continue
      const since = this.#known.has(uid) ? asOf : (this.#closed.get(uid)?.since ?? asOf)
      if (withSessions.has(uid) || asOf - since < LONGEST_LOGIN_MS) {
        next.set(uid, { reason: 'instance_deleted', since })
      }
    }
    return next
  }
}

/** Those that take sessions. */
export const openAmong = (instances: readonly DatabaseInstance[]): ReadonlySet<InstanceUid> =>
  new Set(
    instances
      .filter(({ state, settings }) => state !== 'DELETING' && !effectiveStopped(settings))
      .map(({ uid }) => uid),
  )
