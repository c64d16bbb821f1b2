/** Reads the settings: flag, then environment, then config file, then default, each remembered with its source. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Fault } from '../domain/fault.ts'
import {
  environmentVariableOf,
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  type SettingDefinition,
  type SettingName,
} from './settings.ts'

export type SettingSource = 'flag' | 'environment' | 'config file' | 'default'

export interface LoadedSetting {
  /** Undefined when it is not set and has no default. */
  readonly value: string | undefined
  readonly source: SettingSource
}

export type LoadedSettings = Readonly<Record<SettingName, LoadedSetting>>

export interface SettingInputs {
  readonly flags: Readonly<Record<string, string | undefined>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** From `--config` or `LAKEGATE_CONFIG`; a JSON object of setting names. */
  readonly configFile: string | undefined
}

/** Not a setting itself: it says where the settings are. */
const CONFIG_VARIABLE = 'LAKEGATE_CONFIG'

/** @throws Fault configuration_invalid: names the setting, its source, the bad value unless secret, a good one */
export function loadSettings(inputs: SettingInputs): LoadedSettings {
  const configFile = inputs.configFile ?? inputs.environment[CONFIG_VARIABLE]
  const fromFile = configFile === undefined ? {} : readConfigFile(configFile)
  refuseUnknownVariables(inputs.environment)
  const loaded = SETTING_NAMES.map((name): [SettingName, LoadedSetting] => {
    const candidates: [string | undefined, SettingSource][] = [
      [inputs.flags[name], 'flag'],
      [inputs.environment[environmentVariableOf(name)], 'environment'],
      [fromFile[name], 'config file'],
      [SETTINGS[name].default, 'default'],
    ]
    const [value, source] = candidates.find(([candidate]) => candidate !== undefined) ?? [undefined, 'default' as const]
    if (value !== undefined) checkValue(name, value, source)
    return [name, Object.freeze({ value, source })]
  })
  return Object.freeze(Object.fromEntries(loaded)) as LoadedSettings
}

/** What the tables above say about one value. */
function checkValue(name: SettingName, value: string, source: SettingSource): void {
  const definition: SettingDefinition = SETTINGS[name]
  const reject = (problem: string, good: string) => {
    const shown = definition.secret === true ? '' : ` ${JSON.stringify(value)}`
    throw invalid(
      `The setting ${name} from the ${source}${source === 'environment' ? ` (${environmentVariableOf(name)})` : ''} is${shown}: ${problem}.`,
      `Set ${flagOf(name)} or ${environmentVariableOf(name)} to, for example, ${good}.`,
    )
  }
  switch (definition.kind) {
    case 'text':
      if (value === '' && name !== 'first-instance') reject('it is empty', definition.default ?? 'a value that is not empty')
      return
    case 'choice':
      if (!(definition.choices ?? []).includes(value)) {
        reject(`it must be one of ${(definition.choices ?? []).join(', ')}`, definition.default ?? '')
      }
      return
    case 'port':
      if (!/^\d{1,5}$/.test(value) || Number(value) > 65535) reject('a port is a number from 0 to 65535', definition.default ?? '5432')
      return
    case 'whole_number': {
      const least = definition.least ?? 0
      const most = definition.most ?? Number.MAX_SAFE_INTEGER
      if (!/^\d{1,15}$/.test(value) || Number(value) < least || Number(value) > most) {
        reject(`it must be a whole number from ${String(least)} to ${String(most)}`, definition.default ?? String(least))
      }
      return
    }
  }
}

function readConfigFile(file: string): Readonly<Record<string, string>> {
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw invalid(`The config file ${file} cannot be read: ${problem}.`, 'It must be a JSON object of settings.', cause)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw invalid(`The config file ${file} is not a JSON object.`, 'Write, for example, {"http-port": 8470}.')
  }
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]: [string, unknown]) => {
      if (!isSettingName(name)) throw unknownName(`${name} in the config file ${file}`, name, SETTING_NAMES)
      if (typeof value !== 'string' && typeof value !== 'number') {
        throw invalid(`The setting ${name} in the config file ${file} is neither text nor a number.`, `See docs/settings.md.`)
      }
      return [name, String(value)]
    }),
  )
}

/** A misspelt variable would silently leave the default in force; that is refused. */
function refuseUnknownVariables(environment: SettingInputs['environment']): void {
  const known = [CONFIG_VARIABLE, ...SETTING_NAMES.map(environmentVariableOf)]
  for (const name of Object.keys(environment)) {
    if (name.startsWith('LAKEGATE_') && !known.includes(name)) {
      throw unknownName(`${name} in the environment`, name, known)
    }
  }
}

const isSettingName = (name: string): name is SettingName => (SETTING_NAMES as readonly string[]).includes(name)

function unknownName(what: string, name: string, known: readonly string[]): Fault {
  const nearest = known.toSorted((a, b) => distance(name, a) - distance(name, b))[0]
  return invalid(`There is no setting ${what}.`, `Did you mean ${nearest ?? 'another'}? \`lakegate config\` lists all of them.`)
}

/** Levenshtein's distance, for the suggestion only. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

function invalid(message: string, nextStep: string, cause?: unknown): Fault {
  return new Fault({ code: 'configuration_invalid', origin: 'configuration', message, nextStep, cause })
}

/** A number setting that has a default or was checked to be present. */
export const numberOf = (setting: LoadedSetting): number | undefined =>
  setting.value === undefined ? undefined : Number(setting.value)

/** The data directory, absolute, with its default worked out. */
export function dataDirectoryOf(
  settings: LoadedSettings,
  system: { readonly isRoot: boolean; readonly home: string; readonly xdgDataHome: string | undefined },
): string {
  const { value } = settings['data-dir']
  if (value !== undefined) return path.resolve(value)
  if (system.isRoot) return '/var/lib/lakegate'
  return path.join(system.xdgDataHome ?? path.join(system.home, '.local', 'share'), 'lakegate')
}
