/**
 * The settings as the program reads them: numbers, switches and choices, typed by the settings table, and undefined
 * only where the table has no default. So no other code needs a default of its own.
 */
import type { Redacted } from '../domain/redacted.ts'
import type { ValueOfKind } from './kinds.ts'
import type { SettingDefinition, SettingName, SETTINGS } from './settings.ts'

export type SettingSource = 'flag' | 'environment' | 'config file' | 'default'

export interface LoadedSetting<Value> {
  readonly value: Value
  readonly source: SettingSource
}

type ValueOf<Definition extends SettingDefinition> = Definition extends { readonly secret: true }
  ? Redacted<string>
  : Definition extends { readonly kind: 'choice'; readonly choices: readonly (infer Choice)[] }
    ? Choice
    : ValueOfKind<Definition['kind']>

type ValueOrAbsent<Definition extends SettingDefinition> = Definition extends { readonly default: string }
  ? ValueOf<Definition>
  : ValueOf<Definition> | undefined

export type LoadedSettings = {
  readonly [Name in SettingName]: LoadedSetting<ValueOrAbsent<(typeof SETTINGS)[Name]>>
}
