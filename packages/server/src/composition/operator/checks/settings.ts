/** Settings that name what is not there, and settings that contradict one another; each rule has a name. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Finding } from '../../../cli/operator/doctor.ts'
import {
  gatewayAddressesOf,
  gatewayDomainOf,
  httpProxiesOf,
  publicUrlOf,
} from '../../../config/gateway-settings.ts'
import type { LoadedSettings } from '../../../config/load.ts'
import { checkOnDisk } from '../../../config/on-disk.ts'
import { Fault } from '../../../domain/fault.ts'
import { isLoopback } from '../../../domain/loopback.ts'
import { masterKeyFileIn } from '../../data-directory.ts'
import { ok, warning, wrong, type CheckContext } from './finding.ts'

const CHECK = 'settings'

export async function checkSettings(context: CheckContext): Promise<readonly Finding[]> {
  const onDisk = await checkFiles(context.settings)
  const found = [...RULES.flatMap((rule) => rule(context) ?? []), ...(await checkTwoMasterKeys(context))]
  return [...onDisk, ...(found.length === 0 ? [ok(CHECK, 'No setting contradicts another.')] : found)]
}

async function checkFiles(settings: LoadedSettings): Promise<readonly Finding[]> {
  try {
    await checkOnDisk(settings)
    return [ok(CHECK, 'Every file and directory that the settings name can be used.')]
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return [wrong(CHECK, error.message, error.nextStep ?? '')]
  }
}

type Rule = (context: CheckContext) => Finding | undefined

/** A setting that is smaller than another one which it is meant to be part of. */
const isMoreThanWhole =
  (
    rule: string,
    part: 'connections-per-role' | 'pool-size' | 'pool-idle-seconds' | 'failed-logins-per-role',
    whole:
      | 'connections-per-instance'
      | 'pool-size-per-instance'
      | 'pool-lifetime-seconds'
      | 'failed-logins-per-address',
  ): Rule =>
  ({ settings }) => {
    const [of, in_] = [settings[part].value, settings[whole].value]
    return of <= in_
      ? undefined
      : warning(
          CHECK,
          `${rule}: ${part} is ${String(of)}, more than ${whole} (${String(in_)}), and so is never reached.`,
          `Lower ${part}, or raise ${whole}.`,
        )
  }

const RULES: readonly Rule[] = [
  isMoreThanWhole('role_above_instance', 'connections-per-role', 'connections-per-instance'),
  isMoreThanWhole('pool_above_instance', 'pool-size', 'pool-size-per-instance'),
  isMoreThanWhole('pool_idle_above_lifetime', 'pool-idle-seconds', 'pool-lifetime-seconds'),
  isMoreThanWhole('role_above_address', 'failed-logins-per-role', 'failed-logins-per-address'),
  idleAboveLifetime,
  plainPublicUrl,
  domainOnLoopback,
  publicUrlOfThisMachine,
  unusedMetricsToken,
  unusedAccount,
  twoSystemDatabases,
  unusedProviderName,
]

function idleAboveLifetime({ settings }: CheckContext): Finding | undefined {
  const idle = settings['session-idle-seconds'].value
  const lifetime = settings['session-lifetime-seconds'].value
  return lifetime === 0 || (idle !== 0 && idle <= lifetime)
    ? undefined
    : warning(
        CHECK,
        `idle_above_lifetime: session-idle-seconds is ${idle === 0 ? '0 (no limit)' : String(idle)}, but every session ends after session-lifetime-seconds (${String(lifetime)}).`,
        'Lower session-idle-seconds, or raise session-lifetime-seconds.',
      )
}

/** Clients elsewhere are told a URL whose scheme is refused to them. */
function plainPublicUrl({ settings }: CheckContext): Finding | undefined {
  const url = publicUrlOf(settings)
  const isRefused = settings['plain-http'].value === 'loopback' && httpProxiesOf(settings).length === 0
  if (url === undefined || !url.startsWith('http:') || !isRefused || isOfThisMachine(url)) return undefined
  return wrong(
    CHECK,
    `plain_public_url: public-url is ${url}, and plain HTTP is refused from anywhere but this machine.`,
    'Make LAKEGATE_PUBLIC_URL an https:// URL, list your proxies in LAKEGATE_FORWARDED_FOR_FROM, or set LAKEGATE_PLAIN_HTTP=everywhere.',
  )
}

function domainOnLoopback({ settings }: CheckContext): Finding | undefined {
  const domain = gatewayDomainOf(settings)
  const addresses = gatewayAddressesOf(settings) ?? ['127.0.0.1']
  if (domain === undefined || domain === 'localhost' || !addresses.every(isLoopback)) return undefined
  return warning(
    CHECK,
    `domain_on_loopback: instances are below ${domain}, and the gateway listens on ${addresses.join(', ')} only, which other machines do not reach.`,
    'Set LAKEGATE_GATEWAY_HOST to an address of this machine (0.0.0.0 for all), unless a balancer runs here.',
  )
}

function publicUrlOfThisMachine({ settings }: CheckContext): Finding | undefined {
  const url = publicUrlOf(settings)
  const host = settings['http-host'].value
  if (url === undefined || !isOfThisMachine(url) || isLoopback(host) || host === 'localhost') return undefined
  return warning(
    CHECK,
    `public_url_of_this_machine: REST listens on ${host} for other machines, and public-url sends them to ${url}, which is themselves.`,
    'Set LAKEGATE_PUBLIC_URL to the name under which others reach this machine; if only containers or tunnels of this machine come, it is right.',
  )
}

function isOfThisMachine(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return host === 'localhost' || isLoopback(host)
}

function unusedMetricsToken({ settings }: CheckContext): Finding | undefined {
  return settings['metrics-token-file'].value === undefined || settings.metrics.value === 'bearer'
    ? undefined
    : warning(
        CHECK,
        `unused_metrics_token: metrics-token-file is set, and metrics is “${settings.metrics.value}”, which asks for no token.`,
        'Set LAKEGATE_METRICS=bearer, or leave the file out.',
      )
}

function unusedAccount({ settings, account }: CheckContext): Finding | undefined {
  const wanted = settings['postgres-account'].value
  return wanted === undefined || account instanceof Fault || account.name === wanted
    ? undefined
    : warning(
        CHECK,
        `unused_account: postgres-account is ${wanted}, and PostgreSQL runs as ${account.name}: ${account.spawnAs === undefined ? 'only root can choose' : 'its clusters belong to that account'}.`,
        account.spawnAs === undefined
          ? 'Start Lakegate as root, or leave LAKEGATE_POSTGRES_ACCOUNT out.'
          : 'Give the clusters to the other account while nothing runs (docs/operating.md), or leave the setting out.',
      )
}

function twoSystemDatabases({ settings, dataDirectory }: CheckContext): Finding | undefined {
  const embedded = path.join(dataDirectory, 'system', 'data')
  return settings['database-url'].value === undefined || !existsSync(embedded)
    ? undefined
    : warning(
        CHECK,
        `two_system_databases: database-url names an external system database, and an embedded one is in ${embedded}, which is not used.`,
        'Make sure that the external one is the right one. Then move the other away.',
      )
}

function unusedProviderName({ settings }: CheckContext): Finding | undefined {
  const { value: issuer } = settings['sign-in-provider-issuer']
  const { source } = settings['sign-in-provider-name']
  return issuer !== undefined || source === 'default'
    ? undefined
    : warning(
        CHECK,
        'provider_without_issuer: sign-in-provider-name is set, and there is no sign-in-provider-issuer.',
        'Set LAKEGATE_SIGN_IN_PROVIDER_ISSUER and the others, or leave the name out.',
      )
}

/** The one that is not named may be the right one. */
async function checkTwoMasterKeys({ settings, dataDirectory }: CheckContext): Promise<readonly Finding[]> {
  const used = masterKeyFileIn(settings, dataDirectory)
  const other = path.join(dataDirectory, 'master.key')
  if (used === other) return []
  const [one, two] = await Promise.all([used, other].map((file) => readFile(file, 'utf8').catch(() => '')))
  return one === '' || two === '' || one === two
    ? []
    : [
        warning(
          CHECK,
          `two_master_keys: master-key-file names ${used}, and there is another key in ${other}, which is not used.`,
          'See which of them fits (“system database” below), and move the other away.',
        ),
      ]
}
