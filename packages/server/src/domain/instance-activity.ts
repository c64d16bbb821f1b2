/** What one gateway process did for an instance during some seconds, as it reports it to every control plane. */
import type { InstanceUid } from './ids.ts'

/** Length of a slot; slots are counted from the epoch, so that a slot number means the same in all processes. */
export const SLOT_SECONDS = 10

export const slotAt = (instant: Date): number => Math.floor(instant.getTime() / (SLOT_SECONDS * 1000))
export const beginOfSlot = (slot: number): Date => new Date(slot * SLOT_SECONDS * 1000)

export interface InstanceActivity {
  readonly instanceUid: InstanceUid
  /** The load at the moment of the report. */
  readonly now: InstanceLoad
  /** Since the previous report. */
  readonly loginsAdmitted: number
  /** By the name of the refusal, `backend` or `internal_error`. */
  readonly loginsRefused: ReadonlyMap<string, number>
  /** Of the admitted logins, by bucket (login-times.ts). */
  readonly loginTimes: ReadonlyMap<number, number>
  readonly bytesFromClient: number
  readonly bytesToClient: number
}

export interface InstanceLoad {
  readonly openSessions: number
  /** Of these sessions, those at the pooled endpoint. */
  readonly pooledSessions: number
  readonly pooledBackendsInUse: number
  readonly pooledClientsWaiting: number
}

export interface ActivityReport {
  /** Id of the process, under which it also answers questions about open sessions. */
  readonly gatewayId: string
  /** The slot that has just ended. */
  readonly slot: number
  /** Instances at which something happened or a session is open. */
  readonly instances: readonly InstanceActivity[]
}

/** One slot of one instance, over all gateways; or several slots merged. */
export interface ActivityPoint extends InstanceLoad {
  readonly at: Date
  readonly loginsAdmitted: number
  readonly loginsRefused: Readonly<Record<string, number>>
  readonly loginMillisecondsP50: number | undefined
  readonly loginMillisecondsP99: number | undefined
  readonly bytesFromClient: number
  readonly bytesToClient: number
}
