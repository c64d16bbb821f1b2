/** What the supervisor remembers of one instance while the process lives; nothing of it is needed after a crash. */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { InstanceUid } from '../domain/ids.ts'

export interface Attention {
  readonly uid: InstanceUid
  /** Whether a step is due. */
  isDue: boolean
  /** The steps in progress; they run until none is due any more. */
  steps: Promise<void> | undefined
  isStepping: boolean
  retryTimer: NodeJS.Timeout | undefined
  /** Number of failures in a row. */
  failures: number
  /** The cluster that was started or adopted, until its exit is noticed. */
  watch: { readonly since: Date; readonly instance: DatabaseInstance } | undefined
  isSettled: boolean
}

export const newAttention = (uid: InstanceUid): Attention => ({
  uid,
  isDue: false,
  steps: undefined,
  isStepping: false,
  retryTimer: undefined,
  failures: 0,
  watch: undefined,
  isSettled: false,
})
