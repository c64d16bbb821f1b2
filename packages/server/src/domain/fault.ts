/** Where the cause of a fault lies; the label of metrics and the log level follow from it. */
export type FaultOrigin =
  'client' | 'client_gone' | 'limit' | 'store' | 'instance' | 'configuration' | 'machine'

/**
 * Something outside the program failed: the system database is down, a backend is unreachable, a disk is full. Created
 * in adapters; never used for an expected "no", which is a `Refusal`, nor for our own bugs.
 */
export class Fault extends Error {
  readonly code: string
  readonly origin: FaultOrigin
  /** True when the same request may succeed later without anybody changing anything. */
  readonly retryable: boolean
  /** What the operator or the caller can do next; a full sentence. */
  readonly nextStep: string | undefined

  constructor(fault: {
    code: string
    origin: FaultOrigin
    message: string
    retryable?: boolean
    nextStep?: string
    cause?: unknown
  }) {
    super(fault.message, fault.cause === undefined ? undefined : { cause: fault.cause })
    this.name = 'Fault'
    this.code = fault.code
    this.origin = fault.origin
    this.retryable = fault.retryable ?? false
    this.nextStep = fault.nextStep
  }
}
