/** What one gateway process did for an instance within some seconds, as it tells every control plane. */
import type { InstanceUid } from './ids.ts'

/** Length of a slot; slots are counted from the epoch, so that all processes mean the same by a number. */
export const SLOT_SECONDS = 10

export const slotAt = (instant: Date): number => Math.floor(instant.getTime() / (SLOT_SECONDS * 1000))
export const beginOfSlot = (slot: number): Date => new Date(slot * SLOT_SECONDS * 1000)

export interface InstanceActivity {
  readonly instanceUid: InstanceUid
  /** As it is when it is told. */
  readonly now: InstanceLoad
  /** Since it was told before. */
  readonly loginsAdmitted: number
  /** By name of the refusal, `backend` or `internal_error`. */
  readonly loginsRefused: ReadonlyMap<string, number>
  /** Of those admitted, by bucket (login-times.ts). */
  readonly loginTimes: ReadonlyMap<number, number>
  readonly bytesFromClient: number
  readonly bytesToClient: number
}

export interface InstanceLoad {
  readonly openSessions: number
  /** Of these, at the pooled endpoint. */
  readonly pooledSessions: number
  readonly pooledBackendsInUse: number
  readonly pooledClientsWaiting: number
}

export interface ActivityReport {
  /** The process, by the id under which it answers questions about open sessions. */
  readonly gatewayId: string
  /** That has just ended. */
  readonly slot: number
  /** Those at which something happened or is open. */
  readonly instances: readonly InstanceActivity[]
}

/** One slot of one instance, over all gateways; or several slots that were put together. */
export interface ActivityPoint extends InstanceLoad {
  readonly at: Date
  readonly loginsAdmitted: number
  readonly loginsRefused: Readonly<Record<string, number>>
  readonly loginMillisecondsP50: number | undefined
  readonly loginMillisecondsP99: number | undefined
  readonly bytesFromClient: number
  readonly bytesToClient: number
}
