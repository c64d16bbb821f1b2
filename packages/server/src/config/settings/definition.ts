/** What the table of settings says of one of them. */
import type { SettingKind, ValueRules } from '../kinds.ts'

export interface SettingDefinition extends ValueRules {
  /** What a value must look like, and what it is in the program (kinds.ts). */
  readonly kind: SettingKind
  /** Undefined: optional, or computed at start as `fallback` says. */
  readonly default: string | undefined
  /** What happens when it is not set and has no default; for people. */
  readonly fallback?: string
  /** A good value, for error messages; where left out, the default is one. */
  readonly example?: string
  /** Never shown, and never a flag: arguments are in the process list for everybody to read (behaviour 74). */
  readonly secret?: true
  /** Read again on SIGHUP; everything else needs a restart. */
  readonly reloads?: true
  readonly sentence: string
}
