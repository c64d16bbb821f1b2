/**
 * Counts what this process does for each instance between two reports. Bounded by the number of existing instances and
 * of refusal names: requests for an instance that does not exist add nothing.
 */
import type { InstanceActivity, InstanceLoad } from '../domain/instance-activity.ts'
import { bucketOfLoginTime } from '../domain/login-times.ts'
import type { InstanceUid } from '../domain/ids.ts'

export interface ActivityCounter {
  loginAdmitted(uid: InstanceUid, milliseconds: number): void
  /** Not counted for an unknown instance. */
  loginRefused(uid: InstanceUid, reason: string): void
  /** Sets the existing instances; counts of all others are dropped. */
  know(uids: ReadonlySet<InstanceUid>): void
  /** @returns the counts since the last call, together with the present load */
  take(present: ReadonlyMap<InstanceUid, PresentActivity>): readonly InstanceActivity[]
}

/** Values that are read rather than counted here: the bytes since the process started come from the sockets. */
export interface PresentActivity {
  readonly now: InstanceLoad
  readonly bytesFromClient: number
  readonly bytesToClient: number
}

interface Counted {
  admitted: number
  readonly refused: Map<string, number>
  readonly times: Map<number, number>
}

const NOTHING: InstanceLoad = {
  openSessions: 0,
  pooledSessions: 0,
  pooledBackendsInUse: 0,
  pooledClientsWaiting: 0,
}

export function createActivityCounter(): ActivityCounter {
  let known: ReadonlySet<InstanceUid> = new Set()
  let counted = new Map<InstanceUid, Counted>()
  let before: ReadonlyMap<InstanceUid, PresentActivity> = new Map()

  function of(uid: InstanceUid): Counted {
    const own = counted.get(uid) ?? { admitted: 0, refused: new Map(), times: new Map() }
    counted.set(uid, own)
    return own
  }

  return {
    loginAdmitted(uid, milliseconds) {
      const own = of(uid)
      own.admitted += 1
      addTo(own.times, bucketOfLoginTime(milliseconds))
    },
    loginRefused(uid, reason) {
      if (known.has(uid)) addTo(of(uid).refused, reason)
    },
    know(uids) {
      known = uids
      for (const uid of counted.keys()) if (!uids.has(uid)) counted.delete(uid)
    },
    take(present) {
      const found: InstanceActivity[] = []
      for (const uid of new Set([...counted.keys(), ...present.keys()])) {
        const own = counted.get(uid)
        const [is, was] = [present.get(uid), before.get(uid)]
        const activity: InstanceActivity = {
          instanceUid: uid,
          now: is?.now ?? NOTHING,
          loginsAdmitted: own?.admitted ?? 0,
          loginsRefused: own?.refused ?? new Map(),
          loginTimes: own?.times ?? new Map(),
          bytesFromClient: since(is?.bytesFromClient, was?.bytesFromClient),
          bytesToClient: since(is?.bytesToClient, was?.bytesToClient),
        }
        if (!isNothing(activity)) found.push(activity)
      }
      counted = new Map()
      before = present
      return found
    },
  }
}

export function addTo<Key>(counts: Map<Key, number>, key: Key, count = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

/** After an instance was forgotten, its byte counts start again from zero. */
const since = (now = 0, before = 0): number => (now < before ? now : now - before)

const isNothing = ({
  now,
  loginsAdmitted,
  loginsRefused,
  bytesFromClient,
  bytesToClient,
}: InstanceActivity) =>
  loginsAdmitted + loginsRefused.size + bytesFromClient + bytesToClient === 0 &&
  Object.values(now).every((value) => value === 0)
