/** docs/settings.md and config/settings.ts say the same: nothing undocumented, no ghosts, no other defaults. */
import { expect, it } from 'vitest'
import { SETTING_KINDS } from '../../src/config/kinds.ts'
import {
  environmentVariableOf,
  flagOf,
  SETTING_NAMES,
  SETTING_SUBJECTS,
  SETTINGS,
  type SettingDefinition,
  type SettingName,
} from '../../src/config/settings.ts'
import { expectRendered, renderTable } from './documented.ts'

function describeDefault({ default: value, fallback }: SettingDefinition): string {
  return value === undefined ? (fallback ?? '').replaceAll('<', '\\<') : `\`${value}\``
}

const rowOf = (name: SettingName): readonly string[] => {
  const definition: SettingDefinition = SETTINGS[name]
  const secret =
    definition.secret === true
      ? ' Secret: never shown, and no flag, because others can read those in the process list.'
      : ''
  return [
    `\`${name}\``,
    definition.secret === true ? '' : `\`${flagOf(name)}\``,
    `\`${environmentVariableOf(name)}\``,
    SETTING_KINDS[definition.kind].values(definition),
    describeDefault(definition),
    definition.sentence + secret + (definition.reloads === true ? ' Read again on SIGHUP.' : ''),
  ]
}

it('docs/settings.md shows every setting, and only those that exist', () => {
  const head = ['Name', 'Flag', 'Variable', 'Values', 'Default', 'Meaning']
  expectRendered(
    'docs/settings.md',
    'settings',
    SETTING_SUBJECTS.map(
      ({ title, names }) => `\n## ${title}\n\n${renderTable(head, names.map(rowOf))}`,
    ).join(''),
  )
})

it('every setting is in one subject', () => {
  expect(SETTING_SUBJECTS.flatMap(({ names }) => names)).toEqual(SETTING_NAMES)
})
