/** Settings of the gateway, and of HTTP, that are lists or names, checked and taken apart. */
import { isIP } from 'node:net'
import { Fault } from '../domain/fault.ts'
import type { LoadedSettings } from './load.ts'
import { environmentVariableOf, SETTINGS, type SettingDefinition, type SettingName } from './settings.ts'

const DOMAIN_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** A name of an instance below it must be at most 253 bytes (RFC 1035 §2.3.4). */
const LONGEST_DOMAIN = 190
const ALL_ADDRESSES = ['0.0.0.0', '::']

/** @throws Fault configuration_invalid */
export function gatewayDomainOf(settings: LoadedSettings): string | undefined {
  const domain = settings['gateway-domain'].value?.toLowerCase()
  const isName =
    domain === undefined ||
    (domain.length <= LONGEST_DOMAIN &&
      isIP(domain) === 0 &&
      domain.split('.').every((label) => DOMAIN_LABEL.test(label)))
  if (!isName) throw invalid('gateway-domain', domain, 'it is not a domain name')
  return domain
}

/** @throws Fault configuration_invalid */
export function gatewayAddressesOf(settings: LoadedSettings): readonly string[] | undefined {
  const addresses = settings['gateway-host'].value?.split(',').map((address) => address.trim())
  for (const address of addresses ?? []) {
    if (isIP(address) === 0) throw invalid('gateway-host', address, 'it is not an IP address')
    // Its clients would be told to connect to it.
    if (gatewayDomainOf(settings) === undefined && ALL_ADDRESSES.includes(address))
      throw invalid(
        'gateway-host',
        address,
        'all addresses can be listened on only together with gateway-domain',
      )
  }
  return addresses
}

/** @throws Fault configuration_invalid */
export const balancersOf = (settings: LoadedSettings): readonly string[] =>
  rangesOf(settings, 'proxy-protocol-from')

/** @throws Fault configuration_invalid */
export const httpProxiesOf = (settings: LoadedSettings): readonly string[] =>
  rangesOf(settings, 'forwarded-for-from')

function rangesOf(
  settings: LoadedSettings,
  name: 'proxy-protocol-from' | 'forwarded-for-from',
): readonly string[] {
  const ranges = (settings[name].value ?? '').split(',').map((range) => range.trim())
  return ranges.filter((range) => {
    if (range === '') return false
    const [address = '', bits, ...more] = range.split('/')
    const most = isIP(address) === 6 ? 128 : 32
    const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
    if (isIP(address) === 0 || !isRange || more.length > 0)
      throw invalid(name, range, 'it is not an address or a CIDR range')
    return true
  })
}

function invalid(name: SettingName, value: string | undefined, complaint: string): Fault {
  const definition: SettingDefinition = SETTINGS[name]
  return new Fault({
    code: 'configuration_invalid',
    origin: 'configuration',
    message: `The setting ${name} has ${JSON.stringify(value)} in it: ${complaint}.`,
    nextStep: `Set ${environmentVariableOf(name)} to, for example, ${definition.example ?? ''}.`,
  })
}
