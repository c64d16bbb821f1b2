/** The entry of one setting in the table. */
import type { SettingKind, ValueRules } from '../kinds.ts'

export interface SettingDefinition extends ValueRules {
  /** What a value must look like, and how the program reads it (kinds.ts). */
  readonly kind: SettingKind
  /** Undefined: optional, or computed at start as `fallback` says. */
  readonly default: string | undefined
  /** What happens when it is not set and has no default; for people. */
  readonly fallback?: string
  /** A valid value, for error messages; when left out, the default is used. */
  readonly example?: string
  /** Never shown, and never a flag, because everybody can read the arguments in the process list (behaviour 74). */
  readonly secret?: true
  /** Read again on SIGHUP; everything else needs a restart. */
  readonly reloads?: true
  readonly sentence: string
}
