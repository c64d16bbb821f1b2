/**
 * What the process that starts workers and its workers tell one another, over the pipe between them (pipe.ts), which nobody
 * else can read: settings with their secrets go this way, and never through arguments or the environment.
 *
 * ```
 * main process                         worker
 *      ── start (setup) ────────────────▶   builds what serves
 *      ◀──────────────────── ready / failed ──
 *      ── listen? (address) ────────────▶   takes connections there from now on: on a socket that comes along, or on one
 *                                           of its own, of which the kernel gives each worker its part (SO_REUSEPORT)
 *      ◀─────────────────────── listening ──
 *             connections come to the worker; nothing is said of any of them, except
 *      ◀──── lease? (places of a key) ───   when it holds none: first of an address, a role, an instance
 *      ── granted (how many) ───────────▶
 *      ── recall? (places of a key) ────▶   when another needs the last ones
 *      ◀──────────────────── returned ────
 *      ◀──── give_back (places) ─────────   that nobody used for a while
 *      ◀──── failed_logins? ─────────────   a wrong password, or a right one where there were wrong ones
 *      ── watch? (network) ─────────────▶   the first wrong password from there: ask from now on
 *      ◀──── cancel ──── cancel ─────────▶   a key of another worker's session
 *      ── measure? / reload / unlisten / drain / end_drain ─▶
 * ```
 *
 * `?` is a question: its answer carries its number. A worker that is alone (the pipe is closed) grants itself what it asks
 * for, takes no new connections, and ends with its last session. A worker that ends gives back all that it held.
 */
import type { Fault } from '../../domain/fault.ts'
import type { FailedLoginsAnswer, FailedLoginsQuestion } from '../../operations/ports/proof.ts'
import type { CancelRequest } from '../../protocol/startup.ts'
import type { CounterName } from '../connection-limits.ts'
import type { Address } from '../listening/address.ts'
import type { ConnectionTarget } from '../settings.ts'

/** Buffers do not survive JSON. */
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

/** What an operator can do something about keeps its next step on the way. */
export type FaultByWire = Pick<Fault, 'code' | 'origin' | 'nextStep'>

export interface PlacesOfKey {
  readonly counter: CounterName
  readonly key: string
}

/** What the system says of an address. */
export interface ListenFailure {
  readonly code?: string
  readonly message: string
}

/** Passwords that come from this network are judged by the main process until then. */
export interface WatchedNetwork {
  readonly network: string
  /** Milliseconds of the epoch. */
  readonly until: number
}

/** @template Setup what the composition tells a worker of the rest of the system */
export type NoticeToWorker<Setup> =
  | { readonly kind: 'start'; readonly setup: Setup; readonly watched: readonly WatchedNetwork[] }
  | { readonly kind: 'unlisten'; readonly listener: number }
  | { readonly kind: 'cancel'; readonly request: CancelByWire }
  | { readonly kind: 'reload'; readonly setup: Setup }
  | { readonly kind: 'drain'; readonly limitMs: number }
  | { readonly kind: 'end_drain' }

/** What the main process asks a worker, and what each answer is. */
export interface AskedOfWorker {
  /** Comes with the socket, unless the worker is to open the address itself. The answer: why it cannot, if so. */
  listen: [
    question: { readonly listener: number; readonly address: Address; readonly target: ConnectionTarget },
    answer: ListenFailure | null,
  ]
  /** How many it gives back. */
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

/** What a worker asks the main process. */
export interface AskedOfMain {
  /** How many places are granted; 0: the limit is reached. */
  lease: [question: PlacesOfKey & { readonly most: number }, answer: number]
  failed_logins: [question: FailedLoginsQuestion, answer: FailedLoginsAnswer]
}
