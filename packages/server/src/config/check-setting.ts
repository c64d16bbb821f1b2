/** The error for a setting whose value cannot be used. It never shows the value of a secret. */
import { Fault } from '../domain/fault.ts'
import { complainOf } from './kinds.ts'
import {
  environmentVariableOf,
  flagOf,
  SETTINGS,
  type SettingDefinition,
  type SettingName,
} from './settings.ts'

/**
 * @param source as people know it, for example `environment`
 * @throws Fault configuration_invalid, with the setting, its source, the bad value unless it is secret, and a good
 * value
 */
export function checkSetting(name: SettingName, value: string, source: string): void {
  const complaint = complainOf(SETTINGS[name], value)
  if (complaint !== undefined) throw badValue(name, value, source, complaint)
}

/** @param complaint a clause, such as `it is empty` */
export function badValue(name: SettingName, value: string, source: string, complaint: string): Fault {
  const definition: SettingDefinition = SETTINGS[name]
  const isSecret = definition.secret === true
  const from = source === 'environment' ? `environment (${environmentVariableOf(name)})` : source
  const ways = isSecret ? environmentVariableOf(name) : `${flagOf(name)} or ${environmentVariableOf(name)}`
  return invalid(
    `The setting ${name} from the ${from}${isSecret ? '' : ` is ${JSON.stringify(value)}`}: ${complaint}.`,
    `Set ${ways} to, for example, ${definition.example ?? definition.default ?? ''}.`,
  )
}

export const invalid = (message: string, nextStep: string): Fault =>
  new Fault({ code: 'configuration_invalid', origin: 'configuration', message, nextStep })
