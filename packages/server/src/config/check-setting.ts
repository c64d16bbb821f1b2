/** What the table of settings says about one value. Its error never shows the value of a secret. */
import { Fault } from '../domain/fault.ts'
import {
  environmentVariableOf,
  flagOf,
  SETTINGS,
  type SettingDefinition,
  type SettingName,
} from './settings.ts'

/**
 * @param source as people know it, for example `environment`
 * @throws Fault configuration_invalid: names the setting, its source, the bad value unless secret, a good one
 */
export function checkSetting(name: SettingName, value: string, source: string): void {
  const definition: SettingDefinition = SETTINGS[name]
  const complaint = findFault(definition, value)
  if (complaint === undefined) return
  const isSecret = definition.secret === true
  const from = source === 'environment' ? `environment (${environmentVariableOf(name)})` : source
  const ways = isSecret ? environmentVariableOf(name) : `${flagOf(name)} or ${environmentVariableOf(name)}`
  throw new Fault({
    code: 'configuration_invalid',
    origin: 'configuration',
    message: `The setting ${name} from the ${from}${isSecret ? '' : ` is ${JSON.stringify(value)}`}: ${complaint}.`,
    nextStep: `Set ${ways} to, for example, ${definition.example ?? definition.default ?? ''}.`,
  })
}

/** @returns what is wrong with the value, or undefined */
function findFault(definition: SettingDefinition, value: string): string | undefined {
  const { choices = [], least = 0, most = Number.MAX_SAFE_INTEGER } = definition
  switch (definition.kind) {
    case 'text':
      if (value === '' && definition.mayBeEmpty !== true) return 'it is empty'
      // No path, name or URL has one, and PostgreSQL and the operating system would cut the text there.
      return value.includes('\0') ? 'it has a zero byte in it' : undefined
    case 'choice':
      return choices.includes(value) ? undefined : `it must be one of ${choices.join(', ')}`
    case 'port':
      return /^\d{1,5}$/.test(value) && Number(value) <= 65535
        ? undefined
        : 'a port is a number from 0 to 65535'
    case 'whole_number':
      return /^\d{1,15}$/.test(value) && Number(value) >= least && Number(value) <= most
        ? undefined
        : `it must be a whole number from ${String(least)} to ${String(most)}`
  }
}
