/** The answer of `lakegate config`: every setting, its value and where it comes from. */
import type { LoadedSettings } from './load.ts'
import { SETTING_NAMES, SETTINGS, type SettingDefinition } from './settings.ts'

/** @returns one line a setting, aligned; secrets are only said to be set */
export function renderSettings(settings: LoadedSettings): string {
  const rows = SETTING_NAMES.map((name) => {
    const definition: SettingDefinition = SETTINGS[name]
    const { value, source } = settings[name]
    if (value === undefined) return [name, '(not set)', definition.fallback ?? '']
    // A secret is Redacted, and this is how it prints.
    return [name, String(value), source]
  })
  const width = (column: number) => Math.max(...rows.map((row) => (row[column] ?? '').length))
  const [nameWidth, valueWidth] = [width(0), width(1)]
  return rows
    .map(([name = '', value = '', source = '']) =>
      `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${source}`.trimEnd(),
    )
    .join('\n')
}
