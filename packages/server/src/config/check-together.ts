/** Rules that involve several settings. Pure. */
import type { Fault } from '../domain/fault.ts'
import { readExtensionRules, type BadExtensionSetting } from '../policy/extensions.ts'
import { badValue, invalid } from './check-setting.ts'
import { entriesOf } from './kinds.ts'
import type { LoadedSettings } from './loaded-settings.ts'
import { environmentVariableOf, type SettingName } from './settings.ts'

const ALL_ADDRESSES = ['0.0.0.0', '::']

/** @throws Fault configuration_invalid */
export function checkTogether(settings: LoadedSettings): void {
  refuseSomeOf(settings, ['tls-certificate-file', 'tls-key-file'])
  refuseSomeOf(settings, ['http-certificate-file', 'http-key-file'])
  refuseSomeOf(settings, [
    'sign-in-provider-issuer',
    'sign-in-provider-client-id',
    'sign-in-provider-client-secret-file',
  ])
  refuseUnreachableInstances(settings)
  refusePlainProvider(settings)
  refuseExtensions(settings)
  if (settings.metrics.value === 'bearer' && settings['metrics-token-file'].value === undefined)
    throw invalid(
      'metrics is "bearer", and metrics-token-file names no file that holds a token.',
      `Set ${environmentVariableOf('metrics-token-file')} to a file that Lakegate may read and that holds the token alone.`,
    )
}

function refuseSomeOf(settings: LoadedSettings, names: readonly SettingName[]): void {
  const given = names.find((name) => settings[name].value !== undefined)
  const missing = names.find((name) => settings[name].value === undefined)
  if (given === undefined || missing === undefined) return
  throw invalid(
    `The setting ${given} is set (${settings[given].source}), but ${missing} is not.`,
    `Set ${environmentVariableOf(missing)} too, or none of ${names.join(', ')}.`,
  )
}

/** Clients would be told to connect to such an address (0.0.0.0 or ::), which is not the address of a host. */
function refuseUnreachableInstances(settings: LoadedSettings): void {
  const { value, source } = settings['gateway-host']
  if (value === undefined || settings['gateway-domain'].value !== undefined) return
  if (entriesOf(value).some((address) => ALL_ADDRESSES.includes(address)))
    throw badValue(
      'gateway-host',
      value,
      source,
      'all addresses can be listened on only together with gateway-domain',
    )
}

function refusePlainProvider(settings: LoadedSettings): void {
  const { value, source } = settings['sign-in-provider-issuer']
  if (value === undefined || settings['private-identity-providers'].value === 'allow') return
  if (new URL(value).protocol !== 'https:')
    throw badValue(
      'sign-in-provider-issuer',
      value,
      source,
      'plain HTTP is spoken only with private-identity-providers=allow',
    )
}

/** The two lists depend on each other, so they are checked together. */
function refuseExtensions(settings: LoadedSettings): void {
  const rules = readExtensionRules(settings.extensions.value, settings['dangerous-extensions'].value ?? '')
  if ('problem' in rules) throw badExtensions(rules)
}

export const badExtensions = ({ setting, problem }: BadExtensionSetting): Fault =>
  invalid(
    `The setting ${setting} cannot be used: ${problem}.`,
    `Change ${environmentVariableOf(setting)}. Name dangerous extensions that owners of databases may create nevertheless in ${environmentVariableOf('dangerous-extensions')}; docs/extensions.md says what is.`,
  )

/**
 * The settings that one half of Lakegate needs when it runs beside others.
 * @throws Fault configuration_invalid
 */
export function checkServes(settings: LoadedSettings, role: 'control' | 'gateway'): void {
  const needs: readonly (readonly [SettingName, string])[] = [
    ['database-url', 'control planes and gateways share a system database'],
    ...(role === 'gateway'
      ? ([
          ['gateway-domain', 'several gateways tell instances apart by name'],
          ['public-url', 'it is part of the issuer of every token'],
        ] as const)
      : []),
  ]
  for (const [name, reason] of needs) {
    if (settings[name].value === undefined)
      throw invalid(
        `The setting ${name} is not set, and lakegate serve --role ${role} needs it: ${reason}.`,
        `Set ${environmentVariableOf(name)} to the same for all of them.`,
      )
  }
}
