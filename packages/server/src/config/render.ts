/** The output of `lakegate config`: every setting, its value and where it comes from. */
import { Redacted } from '../domain/redacted.ts'
import { writeValue } from './kinds.ts'
import type { LoadedSettings } from './loaded-settings.ts'
import { SETTING_SUBJECTS, SETTINGS, type SettingDefinition, type SettingName } from './settings.ts'

/**
 * The values, for people, that a start uses for settings that are left out; as far as they are known before a start.
 */
export type ResolvedSettings = Partial<Record<SettingName, string>>

/** @returns one line per setting, by subject, aligned; of a secret it says only that it is set */
export function renderSettings(settings: LoadedSettings, resolved: ResolvedSettings): string {
  const subjects = SETTING_SUBJECTS.map(({ title, names }) => ({
    title,
    rows: names.map((name) => rowOf(name, settings, resolved)),
  }))
  const width = (column: 0 | 1) =>
    Math.max(...subjects.flatMap(({ rows }) => rows.map((row) => row[column].length)))
  const [nameWidth, valueWidth] = [width(0), Math.min(width(1), WIDEST_VALUE)]
  return subjects
    .map(({ title, rows }) => {
      const lines = rows.map(([name, value, source]) =>
        `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${source}`.trimEnd(),
      )
      return `# ${title}\n${lines.join('\n')}\n`
    })
    .join('\n')
}

/** The same for programs: without `value` where there is none, or where it is a secret. */
interface SettingAnswer {
  readonly name: SettingName
  readonly value?: string
  readonly is_set: boolean
  readonly source: string
}

/** @returns every setting, by subject */
export function answerSettings(
  settings: LoadedSettings,
  resolved: ResolvedSettings,
): readonly SettingAnswer[] {
  return SETTING_SUBJECTS.flatMap(({ names }) => names).map((name) => {
    const definition: SettingDefinition = SETTINGS[name]
    const { value, source } = settings[name]
    if (value instanceof Redacted) return { name, is_set: true, source }
    if (value !== undefined) return { name, value: writeValue(value), is_set: true, source }
    const derived = resolved[name]
    return derived === undefined
      ? { name, is_set: false, source: definition.fallback ?? '' }
      : { name, value: derived, is_set: true, source: 'derived' }
  })
}

/** So that one long path does not push all other sources out of the terminal. */
const WIDEST_VALUE = 36

function rowOf(
  name: SettingName,
  settings: LoadedSettings,
  resolved: ResolvedSettings,
): readonly [string, string, string] {
  const definition: SettingDefinition = SETTINGS[name]
  const { value, source } = settings[name]
  if (value instanceof Redacted) return [name, '(set)', source]
  if (value !== undefined) return [name, value === '' ? '(empty)' : writeValue(value), source]
  const derived = resolved[name]
  return derived === undefined ? [name, '(not set)', definition.fallback ?? ''] : [name, derived, 'derived']
}
