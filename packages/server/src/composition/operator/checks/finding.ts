/** What every check is given, and the three things that it may say. */
import type { Finding } from '../../../cli/operator/doctor.ts'
import type { LoadedSettings } from '../../../config/load.ts'
import type { Fault } from '../../../domain/fault.ts'
import type { OperatingSystemAccount } from '../../../instances/embedded/operating-system-account.ts'
import type { SystemDatabase } from '../../../store/system-database.ts'
import type { RunningProcess } from '../running-processes.ts'

export interface CheckContext {
  readonly settings: LoadedSettings
  readonly dataDirectory: string
  readonly now: Date
  /** Servers of this data directory that are alive. */
  readonly running: readonly RunningProcess[]
  /** The account that PostgreSQL runs as, or why there is none. */
  readonly account: OperatingSystemAccount | Fault
  readonly systemDatabase: OpenedForChecks
}

export type OpenedForChecks =
  | { readonly state: 'open'; readonly database: SystemDatabase }
  /** An embedded one that does not run, because Lakegate does not. */
  | { readonly state: 'stopped' }
  | { readonly state: 'failed'; readonly fault: Fault }

export const ok = (check: string, what: string): Finding => ({ check, verdict: 'ok', what })
export const warning = (check: string, what: string, nextStep: string): Finding => ({
  check,
  verdict: 'warning',
  what,
  next_step: nextStep,
})
export const wrong = (check: string, what: string, nextStep: string): Finding => ({
  check,
  verdict: 'wrong',
  what,
  next_step: nextStep,
})
