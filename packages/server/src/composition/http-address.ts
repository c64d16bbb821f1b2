/** Where REST and OAuth are served, and the URL that tokens name as their issuer. */
import { httpProxiesOf, publicUrlOf } from '../config/gateway-settings.ts'
import type { LoadedSettings } from '../config/load.ts'
import { Fault } from '../domain/fault.ts'
import { isLoopback } from '../domain/loopback.ts'
import { createBalancers } from '../gateway/listening/client-address.ts'
import { closeConnection } from '../gateway/close-connection.ts'
import { STARTING_PAGE } from '../oauth/pages/starting.ts'
import { openHttpListener, type HttpListener, type HttpSettings } from '../http/listener.ts'
import type { Log } from '../observation/log.ts'

export interface HttpAddress {
  readonly listener: HttpListener
  /** Without a trailing slash. */
  readonly publicUrl: string
  readonly remarks: readonly string[]
}

export async function openHttp(settings: LoadedSettings, log: Pick<Log, 'warn'>): Promise<HttpAddress> {
  const host = hostOf(settings)
  const { value: port, source } = settings['http-port']
  const { listener, remarks } = await open(host, port, {
    isDefault: source === 'default',
    isProxy: createBalancers(httpProxiesOf(settings)).includes,
    onCrowded(address) {
      log.warn(
        { address },
        'there are too many HTTP connections, from this address or in all; more are closed unread',
      )
    },
  })
  const publicUrl = publicUrlOf(settings) ?? ownUrl(settings, listener.port)
  const contradicts =
    isPlainRefused(settings) &&
    publicUrl.startsWith('http:') &&
    settings['forwarded-for-from'].value === undefined &&
    `The public URL ${publicUrl} is of plain HTTP, which is refused from anywhere but this machine. Make LAKEGATE_PUBLIC_URL an https:// URL, list your proxies in LAKEGATE_FORWARDED_FOR_FROM, or set LAKEGATE_PLAIN_HTTP=everywhere.`
  return { listener, publicUrl, remarks: contradicts === false ? remarks : [...remarks, contradicts] }
}

/** The URL of REST and OAuth when the settings name none. */
export function ownUrl(settings: LoadedSettings, port: number): string {
  const host = hostOf(settings)
  const scheme = isPlainRefused(settings) ? 'https' : 'http'
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}

/** Where this machine asks for its health: in clear, which is answered to everybody. */
export function healthUrlOf(settings: LoadedSettings, port: number): string {
  const host = ALL_ADDRESSES.get(hostOf(settings)) ?? hostOf(settings)
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}

/** What listens on all addresses is reached here. */
const ALL_ADDRESSES: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])

const hostOf = (settings: LoadedSettings): string => settings['http-host'].value

function isPlainRefused(settings: LoadedSettings): boolean {
  const host = hostOf(settings)
  const isHere = isLoopback(host) || host === 'localhost'
  return !isHere && settings['plain-http'].value === 'loopback'
}

/** When the default port is taken, another one is used; a port that the settings name must be free. */
async function open(
  host: string,
  port: number,
  { isDefault, ...clients }: { readonly isDefault: boolean } & Pick<HttpSettings, 'isProxy' | 'onCrowded'>,
) {
  try {
    return {
      listener: await openHttpListener(
        { host, port, ...clients, startingPage: STARTING_PAGE },
        closeConnection,
      ),
      remarks: [],
    }
  } catch (error) {
    if (!isDefault || !(error instanceof Fault) || error.code !== 'http_port_taken') throw error
    const listener = await openHttpListener(
      { host, port: 0, ...clients, startingPage: STARTING_PAGE },
      closeConnection,
    )
    return {
      listener,
      remarks: [
        `Port ${String(port)} is in use, so REST and OAuth are on port ${String(listener.port)} this time; LAKEGATE_HTTP_PORT fixes it.`,
      ],
    }
  }
}
