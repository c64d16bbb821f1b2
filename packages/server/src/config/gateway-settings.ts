/** Parses settings of the gateway and of HTTP that are lists or names; they were validated when they were loaded. */
import { entriesOf } from './kinds.ts'
import type { LoadedSettings } from './loaded-settings.ts'

export const gatewayDomainOf = (settings: LoadedSettings): string | undefined =>
  settings['gateway-domain'].value?.toLowerCase()

export function gatewayAddressesOf(settings: LoadedSettings): readonly string[] | undefined {
  const { value } = settings['gateway-host']
  return value === undefined ? undefined : entriesOf(value)
}

export const balancersOf = (settings: LoadedSettings): readonly string[] =>
  rangesOf(settings, 'proxy-protocol-from')

export const httpProxiesOf = (settings: LoadedSettings): readonly string[] =>
  rangesOf(settings, 'forwarded-for-from')

/** @returns without a trailing slash; undefined when it is derived from where REST and OAuth are served */
export function publicUrlOf(settings: LoadedSettings): string | undefined {
  const { value } = settings['public-url']
  return value === undefined ? undefined : new URL(value).origin
}

function rangesOf(
  settings: LoadedSettings,
  name: 'proxy-protocol-from' | 'forwarded-for-from',
): readonly string[] {
  const { value } = settings[name]
  return value === undefined ? [] : entriesOf(value)
}
