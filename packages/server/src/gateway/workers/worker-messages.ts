/**
 * What the process that listens and the processes that serve tell one another, over the pipe between them, which
 * nobody else can read, many at a time (gathered-messages.ts): settings with their secrets go this way, and never through arguments or the environment.
 */
import type { Fault } from '../../domain/fault.ts'
import type { FailedLoginsAnswer, FailedLoginsQuestion } from '../../operations/ports/proof.ts'
import type { CounterName } from '../connection-limits.ts'
import type { ConnectionTarget } from '../settings.ts'

/** Buffers do not survive JSON. */
export interface CancelByWire {
  readonly processId: number
  readonly keyHex: string
}

/** What an operator can do something about keeps its next step on the way. */
export type FaultByWire = Pick<Fault, 'code' | 'origin' | 'nextStep'>

/** @template Setup what the composition tells a worker of the rest of the system */
export type ToWorker<Setup> =
  | { readonly kind: 'start'; readonly setup: Setup }
  /** Comes with the socket. */
  | { readonly kind: 'connection'; readonly id: number; readonly target: ConnectionTarget }
  /** The answer to `take`. */
  | { readonly kind: 'taken'; readonly request: number; readonly isTaken: boolean }
  /** The answer to `failed_logins`. */
  | { readonly kind: 'failed_logins'; readonly request: number; readonly answer: FailedLoginsAnswer }
  | { readonly kind: 'cancel'; readonly request: CancelByWire }
  | { readonly kind: 'reload'; readonly setup: Setup }
  | { readonly kind: 'drain'; readonly limitMs: number }
  | { readonly kind: 'hurry' }
  | { readonly kind: 'measure' }

/** @template Snapshot the metrics of a worker, which only the composition can read */
export type FromWorker<Snapshot = unknown> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string; readonly fault?: FaultByWire }
  /** The socket of a connection is here. */
  | { readonly kind: 'received'; readonly id: number }
  /** A connection is over. */
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'take'
      readonly request: number
      readonly counter: CounterName
      readonly key: string
      readonly most: number
    }
  | { readonly kind: 'failed_logins'; readonly request: number; readonly question: FailedLoginsQuestion }
  /** The answer to `measure`. */
  | { readonly kind: 'measured'; readonly snapshot: Snapshot }
  | { readonly kind: 'give_back'; readonly counter: CounterName; readonly key: string }
  | { readonly kind: 'cancel'; readonly request: CancelByWire }
