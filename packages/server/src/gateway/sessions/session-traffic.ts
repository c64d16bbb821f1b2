/**
 * How many sessions are open, and how many bytes have passed since the process started, including sessions that are
 * over.
 */
import type { InstanceUid } from '../../domain/ids.ts'
import type { ListedSession } from './listed-session.ts'

export interface SessionTotals {
  readonly open: number
  readonly bytesFromClient: number
  readonly bytesToClient: number
}

const NOTHING: SessionTotals = { open: 0, bytesFromClient: 0, bytesToClient: 0 }

export class SessionTraffic {
  #ended = NOTHING
  /** By instance; deleted instances are removed. */
  readonly #endedOf = new Map<InstanceUid, SessionTotals>()

  /** Adds the traffic of a session that is over. */
  ended(session: ListedSession): void {
    const { uid } = session.admission.instance
    this.#ended = withTraffic(this.#ended, session)
    this.#endedOf.set(uid, withTraffic(this.#endedOf.get(uid) ?? NOTHING, session))
  }

  totals(open: readonly ListedSession[]): SessionTotals {
    return open.reduce(withOpen, this.#ended)
  }

  /** For instances that have sessions, and existing ones that had some. */
  totalsByInstance(open: readonly ListedSession[]): ReadonlyMap<InstanceUid, SessionTotals> {
    const all = new Map(this.#endedOf)
    for (const session of open) {
      const { uid } = session.admission.instance
      all.set(uid, withOpen(all.get(uid) ?? NOTHING, session))
    }
    return all
  }

  forgetAllBut(instances: ReadonlyMap<InstanceUid, unknown>): void {
    for (const uid of this.#endedOf.keys()) if (!instances.has(uid)) this.#endedOf.delete(uid)
  }
}

const withTraffic = (
  { open, bytesFromClient, bytesToClient }: SessionTotals,
  { link }: ListedSession,
): SessionTotals => ({
  open,
  bytesFromClient: bytesFromClient + link.bytesFromClient(),
  bytesToClient: bytesToClient + link.bytesToClient(),
})

const withOpen = (totals: SessionTotals, session: ListedSession): SessionTotals => ({
  ...withTraffic(totals, session),
  open: totals.open + 1,
})
