/**
 * The messages between the process that starts workers and its workers, over the pipe between them (pipe.ts), which no
 * other process can read: settings with their secrets are sent this way, and never through arguments or the
 * environment.
 *
 * ```
 * main process                         worker
 *      ── start (setup) ────────────────▶   builds what it serves with
 *      ◀──────────────────── ready / failed ──
 *      ── listen? (address) ────────────▶   accepts connections there from now on: on a socket sent along, or
 *                                           on one of its own, where the kernel distributes connections (SO_REUSEPORT)
 *      ◀─────────────────────── listening ──
 *             connections come to the worker; the main process hears of none of them, except
 *      ◀──── lease? (places of a key) ───   when the worker holds none: e.g. the first connection of an address or role
 *      ── granted (how many) ───────────▶
 *      ── recall? (places of a key) ────▶   when another worker needs the last ones
 *      ◀──────────────────── returned ────
 *      ◀──── give_back (places) ─────────   that were not used for a while
 *      ◀──── failed_logins? ─────────────   after a wrong password, or a right one from a network with wrong ones
 *      ── watch? (network) ─────────────▶   after the first wrong password from there: ask from now on
 *      ◀──── cancel ──── cancel ─────────▶   the key belongs to a session of another worker
 *      ── measure? / reload / unlisten / drain / end_drain ─▶
 * ```
 *
 * `?` marks a question; its answer carries the number of the question. When the pipe is closed, a worker grants itself
 * the places that it asks for, accepts no new connections, and ends with its last session. A worker that ends gives
 * back all places that it held.
 */
import type { Fault } from '../../domain/fault.ts'
import type { FailedLoginsAnswer, FailedLoginsQuestion } from '../../operations/ports/proof.ts'
import type { CancelRequest } from '../../protocol/startup.ts'
import type { CounterName } from '../connection-limits.ts'
import type { Address } from '../listening/address.ts'
import type { ConnectionTarget } from '../settings.ts'

/** Buffers cannot be sent as JSON. */
export interface CancelByWire {
  readonly processId: number
  readonly keyHex: string
}

export const toWire = ({ processId, key }: CancelRequest): CancelByWire => ({
  processId,
  keyHex: key.toString('hex'),
})

export const fromWire = ({ processId, keyHex }: CancelByWire): CancelRequest => ({
  kind: 'cancel_request',
  processId,
  key: Buffer.from(keyHex, 'hex'),
})

/** A fault that an operator can fix keeps its next step when it is sent. */
export type FaultByWire = Pick<Fault, 'code' | 'origin' | 'nextStep'>

export interface PlacesOfKey {
  readonly counter: CounterName
  readonly key: string
}

/** The system's error for an address. */
export interface ListenFailure {
  readonly code?: string
  readonly message: string
}

/** Until then, the main process judges passwords from this network. */
export interface WatchedNetwork {
  readonly network: string
  /** Milliseconds of the epoch. */
  readonly until: number
}

/** @template Setup what the composition passes to a worker about the rest of the system */
export type NoticeToWorker<Setup> =
  | { readonly kind: 'start'; readonly setup: Setup; readonly watched: readonly WatchedNetwork[] }
  | { readonly kind: 'unlisten'; readonly listener: number }
  | { readonly kind: 'cancel'; readonly request: CancelByWire }
  | { readonly kind: 'reload'; readonly setup: Setup }
  | { readonly kind: 'drain'; readonly limitMs: number }
  | { readonly kind: 'end_drain' }

/** What the main process asks a worker, with the type of each answer. */
export interface AskedOfWorker {
  /**
   * Comes with the socket, unless the worker is to open the address itself. The answer is null, or why it cannot
   * listen.
   */
  listen: [
    question: { readonly listener: number; readonly address: Address; readonly target: ConnectionTarget },
    answer: ListenFailure | null,
  ]
  /** The answer is how many places it gives back. */
  recall: [question: PlacesOfKey, answer: number]
  watch: [question: WatchedNetwork, answer: true]
  /** The metrics of a worker, which only the composition can read. */
  measure: [question: null, answer: unknown]
}

export type NoticeFromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string; readonly fault?: FaultByWire }
  | (PlacesOfKey & { readonly kind: 'give_back'; readonly count: number })
  | { readonly kind: 'cancel'; readonly request: CancelByWire }

/** What a worker asks the main process, with the type of each answer. */
export interface AskedOfMain {
  /** The answer is how many places are granted; 0: the limit is reached. */
  lease: [question: PlacesOfKey & { readonly most: number }, answer: number]
  failed_logins: [question: FailedLoginsQuestion, answer: FailedLoginsAnswer]
}
