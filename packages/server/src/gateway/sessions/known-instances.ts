/** The instances as they were last read, and those that have been stopped or deleted since. */
import {
  effectiveSessionPolicy,
  effectiveStopped,
  type DatabaseInstance,
  type SessionPolicy,
} from '../../domain/database-instance.ts'
import type { InstanceUid } from '../../domain/ids.ts'

/** The maximum of login-deadline-seconds. */
const LONGEST_LOGIN_MS = 300_000

export type ReasonOfInstance = 'instance_stopped' | 'instance_deleted'

interface ClosedInstance {
  readonly reason: ReasonOfInstance
  /** Uptime in milliseconds. */
  readonly since: number
}

export class KnownInstances {
  #known: ReadonlyMap<InstanceUid, DatabaseInstance> = new Map()
  /**
   * Instances that are stopped, being deleted, or deleted. Deleted ones are remembered while they have sessions here,
   * or a login that found them may be under way.
   */
  #closed: ReadonlyMap<InstanceUid, ClosedInstance> = new Map()

  /** The instance as it is now, not as it was at the login: a cluster may have other hosts by now. */
  latest(instance: DatabaseInstance): DatabaseInstance {
    return this.#known.get(instance.uid) ?? instance
  }

  policyOf(instance: DatabaseInstance): SessionPolicy {
    return effectiveSessionPolicy(this.latest(instance).settings)
  }

  /**
   * Sessions of an embedded instance end with its cluster; an attached cluster keeps running, so the gateway ends them.
   */
  reasonToEnd({ uid, backend }: DatabaseInstance): ReasonOfInstance | undefined {
    return backend.kind === 'attached' ? this.#closed.get(uid)?.reason : undefined
  }

  /**
   * @param withSessions instances that have sessions here
   * @param asOf the uptime at which the instances were read
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

/** The instances that accept sessions. */
export const openAmong = (instances: readonly DatabaseInstance[]): ReadonlySet<InstanceUid> =>
  new Set(
    instances
      .filter(({ state, settings }) => state !== 'DELETING' && !effectiveStopped(settings))
      .map(({ uid }) => uid),
  )
