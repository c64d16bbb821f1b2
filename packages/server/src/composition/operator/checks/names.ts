/** Whether this machine finds the hosts that the settings and attached clusters name. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Finding } from '../../../cli/operator/doctor.ts'
import { gatewayDomainOf, publicUrlOf } from '../../../config/gateway-settings.ts'
import { createInstanceStore } from '../../../store/instances.ts'
import { compareMigrations } from '../../../store/migrate.ts'
import { ok, warning, wrong, type CheckContext } from './finding.ts'

const CHECK = 'names'
const LIMIT_MS = 5_000

interface Host {
  readonly name: string
  /** Who looks it up. */
  readonly of: string
  /** Whether Lakegate itself has to find it, or only its clients. */
  readonly isNeededHere: boolean
}

export async function checkNames(context: CheckContext): Promise<readonly Finding[]> {
  const hosts = (await listHosts(context)).filter(({ name }) => isIP(name) === 0 && name !== 'localhost')
  if (hosts.length === 0) return [ok(CHECK, 'Nothing is named that would have to be looked up.')]
  return Promise.all(hosts.map(checkHost))
}

async function listHosts({ settings, systemDatabase }: CheckContext): Promise<readonly Host[]> {
  const url = publicUrlOf(settings)
  const domain = gatewayDomainOf(settings)
  const issuer = settings['sign-in-provider-issuer'].value
  const database = settings['database-url'].value
  return [
    ...(url === undefined ? [] : [{ name: hostOf(url), of: 'public-url', isNeededHere: false }]),
    ...(domain === undefined
      ? []
      : [{ name: `instance-0.${domain}`, of: 'gateway-domain', isNeededHere: false }]),
    ...(issuer === undefined
      ? []
      : [{ name: hostOf(issuer), of: 'sign-in-provider-issuer', isNeededHere: true }]),
    ...(database === undefined
      ? []
      : hostsIn(database.reveal()).map((name) => ({ name, of: 'database-url', isNeededHere: true }))),
    ...(systemDatabase.state === 'open' ? await listAttachedHosts(systemDatabase.database) : []),
  ]
}

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '')

/** Nothing but the host of a URL that holds a password; a socket has none. */
function hostsIn(url: string): readonly string[] {
  if (!URL.canParse(url)) return []
  const name = hostOf(url)
  return name === '' ? [] : [name]
}

async function listAttachedHosts(
  database: Parameters<typeof createInstanceStore>[0],
): Promise<readonly Host[]> {
  const { last, unknown } = await compareMigrations(database)
  if (last === undefined || unknown.length > 0) return []
  return (await createInstanceStore(database).listAll()).flatMap(({ name, backend }) =>
    backend.kind === 'attached'
      ? backend.cluster.hosts.map(({ host }) => ({
          name: host,
          of: `the attached cluster ${name}`,
          isNeededHere: true,
        }))
      : [],
  )
}

async function checkHost({ name, of, isNeededHere }: Host): Promise<Finding> {
  const shown = name.replace(/^instance-0\./, '*.')
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error('no answer in time'))
    }, LIMIT_MS)
  })
  try {
    const { address } = await Promise.race([lookup(name), late])
    return ok(CHECK, `${shown} (${of}) is ${address}.`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return (isNeededHere ? wrong : warning)(
      CHECK,
      `${shown} (${of}) is not found from this machine (${code}).`,
      isNeededHere
        ? 'Correct the name, or the name servers of this machine.'
        : `Point it at Lakegate in DNS${of === 'gateway-domain' ? ` (a wildcard record ${shown})` : ''}; if only clients elsewhere use it, make sure that they find it.`,
    )
  } finally {
    clearTimeout(timer)
  }
}
