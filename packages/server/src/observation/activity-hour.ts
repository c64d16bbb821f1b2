/**
 * One hour of one instance. 360 points of 44 bytes take 15,840 bytes, and each refusal name that occurred another
 * 1,440. A day of an instance that is busy in every hour is 25 of them: 396 kB.
 */
import {
  beginOfSlot,
  SLOT_SECONDS,
  type ActivityPoint,
  type InstanceActivity,
  type InstanceLoad,
} from '../domain/instance-activity.ts'

export const SLOTS_OF_HOUR = 3600 / SLOT_SECONDS

/**
 * Counts within ten seconds are whole numbers far below 2^24, up to which a 32-bit float is exact; byte counts are not.
 */
const COLUMNS = ['open', 'pooled', 'inUse', 'waiting', 'admitted', 'p50', 'p99'] as const
type Column = (typeof COLUMNS)[number]

export class ActivityHour {
  readonly #small = new Float32Array(SLOTS_OF_HOUR * COLUMNS.length)
  readonly #bytes = new Float64Array(SLOTS_OF_HOUR * 2)
  readonly #refused = new Map<string, Uint32Array>()

  /** Adds counts; they may arrive in several parts, and late. */
  add(slot: number, activity: InstanceActivity): void {
    const at = slot % SLOTS_OF_HOUR
    this.#set('admitted', at, this.#get('admitted', at) + activity.loginsAdmitted)
    this.#bytes[at * 2] = (this.#bytes[at * 2] ?? 0) + activity.bytesFromClient
    this.#bytes[at * 2 + 1] = (this.#bytes[at * 2 + 1] ?? 0) + activity.bytesToClient
    for (const [reason, count] of activity.loginsRefused) {
      const counts = this.#refused.get(reason) ?? new Uint32Array(SLOTS_OF_HOUR)
      counts[at] = (counts[at] ?? 0) + count
      this.#refused.set(reason, counts)
    }
  }

  /** @param p50 undefined, like `p99`, when there was no login */
  complete(slot: number, load: InstanceLoad, p50: number | undefined, p99: number | undefined): void {
    const at = slot % SLOTS_OF_HOUR
    this.#set('open', at, load.openSessions)
    this.#set('pooled', at, load.pooledSessions)
    this.#set('inUse', at, load.pooledBackendsInUse)
    this.#set('waiting', at, load.pooledClientsWaiting)
    this.#set('p50', at, p50 ?? 0)
    this.#set('p99', at, p99 ?? 0)
  }

  pointOf(slot: number): ActivityPoint {
    const at = slot % SLOTS_OF_HOUR
    const refused: Record<string, number> = {}
    for (const [reason, counts] of this.#refused) {
      const count = counts[at] ?? 0
      if (count > 0) refused[reason] = count
    }
    const p50 = this.#get('p50', at)
    const p99 = this.#get('p99', at)
    return {
      at: beginOfSlot(slot),
      openSessions: this.#get('open', at),
      pooledSessions: this.#get('pooled', at),
      pooledBackendsInUse: this.#get('inUse', at),
      pooledClientsWaiting: this.#get('waiting', at),
      loginsAdmitted: this.#get('admitted', at),
      loginsRefused: refused,
      loginMillisecondsP50: p50 === 0 ? undefined : p50,
      loginMillisecondsP99: p99 === 0 ? undefined : p99,
      bytesFromClient: this.#bytes[at * 2] ?? 0,
      bytesToClient: this.#bytes[at * 2 + 1] ?? 0,
    }
  }

  #get(column: Column, at: number): number {
    return this.#small[at * COLUMNS.length + COLUMNS.indexOf(column)] ?? 0
  }

  #set(column: Column, at: number, value: number): void {
    this.#small[at * COLUMNS.length + COLUMNS.indexOf(column)] = value
  }
}

export const quietPoint = (slot: number): ActivityPoint => ({
  at: beginOfSlot(slot),
  openSessions: 0,
  pooledSessions: 0,
  pooledBackendsInUse: 0,
  pooledClientsWaiting: 0,
  loginsAdmitted: 0,
  loginsRefused: {},
  loginMillisecondsP50: undefined,
  loginMillisecondsP99: undefined,
  bytesFromClient: 0,
  bytesToClient: 0,
})
