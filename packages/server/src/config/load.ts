/**
 * Reads the settings, from flag, environment, config file or default, in this order, and remembers the source of each.
 */
import path from 'node:path'
import type { Fault } from '../domain/fault.ts'
import { Redacted } from '../domain/redacted.ts'
import { checkSetting, invalid } from './check-setting.ts'
import { checkTogether } from './check-together.ts'
import { readConfigFile } from './config-file.ts'
import { nearestName } from './nearest-name.ts'
import { readValue } from './kinds.ts'
import type { LoadedSettings, SettingSource } from './loaded-settings.ts'
import {
  environmentVariableOf,
  SETTING_NAMES,
  SETTINGS,
  type SettingDefinition,
  type SettingName,
} from './settings.ts'

export type { LoadedSettings } from './loaded-settings.ts'

export interface SettingInputs {
  readonly flags: Readonly<Record<string, string | undefined>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** From `--config` or `LAKEGATE_CONFIG`; a JSON object of setting names. */
  readonly configFile: string | undefined
}

/** Not a setting itself: it says where the config file is. */
const CONFIG_VARIABLE = 'LAKEGATE_CONFIG'

/**
 * @throws Fault configuration_invalid, with the setting, its source, the bad value unless it is secret, and a good
 * value
 */
export function loadSettings(inputs: SettingInputs): LoadedSettings {
  refuseUnknownVariables(inputs.environment)
  const configFile = inputs.configFile ?? inputs.environment[CONFIG_VARIABLE]
  const fromFile = configFile === undefined ? {} : readConfigFile(configFile)
  for (const name of Object.keys(fromFile)) {
    if (!isSettingName(name))
      throw unknownName(`${name} in the config file ${configFile ?? ''}`, name, SETTING_NAMES)
  }
  const loaded = SETTING_NAMES.map((name) => {
    const candidates: [string | undefined, SettingSource][] = [
      [inputs.flags[name], 'flag'],
      [inputs.environment[environmentVariableOf(name)], 'environment'],
      [fromFile[name], 'config file'],
    ]
    const definition: SettingDefinition = SETTINGS[name]
    const found = candidates.find(([candidate]) => candidate !== undefined)
    const [text, source] = found ?? ([definition.default, 'default'] as const)
    return [name, Object.freeze({ value: valueOf(name, definition, text, source), source })] as const
  })
  const settings = Object.freeze(Object.fromEntries(loaded)) as LoadedSettings
  checkTogether(settings)
  return settings
}

function valueOf(
  name: SettingName,
  definition: SettingDefinition,
  text: string | undefined,
  source: SettingSource,
) {
  if (text === undefined) return undefined
  checkSetting(name, text, source)
  return definition.secret === true ? new Redacted(text) : readValue(definition.kind, text)
}

/** A misspelt variable would silently leave the default in force, so it is refused. */
function refuseUnknownVariables(environment: SettingInputs['environment']): void {
  const known = [CONFIG_VARIABLE, ...SETTING_NAMES.map(environmentVariableOf)]
  for (const name of Object.keys(environment)) {
    if (name.startsWith('LAKEGATE_') && !known.includes(name)) {
      throw unknownName(`${name} in the environment`, name, known)
    }
  }
}

const isSettingName = (name: string): name is SettingName =>
  (SETTING_NAMES as readonly string[]).includes(name)

const unknownName = (what: string, name: string, known: readonly string[]): Fault =>
  invalid(
    `There is no setting ${what}.`,
    `Did you mean ${nearestName(name, known) ?? 'another'}? \`lakegate config\` lists all of them.`,
  )

/** The absolute path of the data directory, with its default worked out. */
export function dataDirectoryOf(
  settings: LoadedSettings,
  system: { readonly isRoot: boolean; readonly home: string; readonly xdgDataHome: string | undefined },
): string {
  const { value } = settings['data-dir']
  if (value !== undefined) return path.resolve(value)
  if (system.isRoot) return '/var/lib/lakegate'
  // XDG Base Directory Specification: a relative or empty path must be ignored.
  const { xdgDataHome } = system
  const isUsable = xdgDataHome !== undefined && path.isAbsolute(xdgDataHome)
  return path.join(isUsable ? xdgDataHome : path.join(system.home, '.local', 'share'), 'lakegate')
}
