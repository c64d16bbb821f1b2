/** docs/settings.md and config/settings.ts say the same: nothing undocumented, no ghosts, no other defaults. */
import { it } from 'vitest'
import {
  environmentVariableOf,
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  type SettingDefinition,
} from '../../src/config/settings.ts'
import { expectRendered, renderTable } from './documented.ts'

function describeDefault({ default: value, fallback }: SettingDefinition): string {
  return value === undefined ? (fallback ?? '').replaceAll('<', '\\<') : `\`${value}\``
}

function describeValues({ kind, choices, least, most }: SettingDefinition): string {
  switch (kind) {
    case 'text':
      return 'text'
    case 'port':
      return '0–65535'
    case 'choice':
      return (choices ?? []).map((choice) => `\`${choice}\``).join(', ')
    case 'whole_number':
      return `${String(least)}–${String(most)}`
  }
}

it('docs/settings.md shows every setting, and only those that exist', () => {
  const rows = SETTING_NAMES.map((name) => {
    const definition: SettingDefinition = SETTINGS[name]
    const secret =
      definition.secret === true
        ? ' Secret: never shown, and no flag, because others can read those in the process list.'
        : ''
    return [
      `\`${name}\``,
      definition.secret === true ? '' : `\`${flagOf(name)}\``,
      `\`${environmentVariableOf(name)}\``,
      describeValues(definition),
      describeDefault(definition),
      definition.sentence + secret + (definition.reloads === true ? ' Read again on SIGHUP.' : ''),
    ]
  })
  expectRendered(
    'docs/settings.md',
    'settings',
    renderTable(['Name', 'Flag', 'Variable', 'Values', 'Default', 'Meaning'], rows),
  )
})
