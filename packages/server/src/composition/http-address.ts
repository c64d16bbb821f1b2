/** Where REST and OAuth are served, and the URL that tokens name as their issuer. */
import { numberOf, type LoadedSettings } from '../config/load.ts'
import { Fault } from '../domain/fault.ts'
import { isLoopback } from '../domain/loopback.ts'
import { closeConnection } from '../gateway/close-connection.ts'
import { openHttpListener, type HttpListener } from '../http/listener.ts'

export interface HttpAddress {
  readonly listener: HttpListener
  /** Without a slash at the end. */
  readonly publicUrl: string
  readonly remarks: readonly string[]
}

export async function openHttp(settings: LoadedSettings): Promise<HttpAddress> {
  const host = settings['http-host'].value ?? '127.0.0.1'
  const wanted = settings['http-port']
  const port = numberOf(wanted) ?? 0
  const { listener, remarks } = await open(host, port, wanted.source === 'default')
  const isHere = isLoopback(host) || host === 'localhost'
  const isPlainRefused = !isHere && settings['plain-http'].value === 'loopback'
  const own = `${isPlainRefused ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${String(listener.port)}`
  const publicUrl = readPublicUrl(settings) ?? own
  const contradicts =
    isPlainRefused &&
    publicUrl.startsWith('http:') &&
    settings['forwarded-for-from'].value === undefined &&
    `The public URL ${publicUrl} is of plain HTTP, which is refused from anywhere but this machine. Make LAKEGATE_PUBLIC_URL an https:// URL, list your proxies in LAKEGATE_FORWARDED_FOR_FROM, or set LAKEGATE_PLAIN_HTTP=everywhere.`
  return { listener, publicUrl, remarks: contradicts === false ? remarks : [...remarks, contradicts] }
}

/** A default port that is taken stops nobody from starting; one that was asked for does. */
async function open(host: string, port: number, isDefault: boolean) {
  try {
    return { listener: await openHttpListener({ host, port }, closeConnection), remarks: [] }
  } catch (error) {
    if (!isDefault || !(error instanceof Fault) || error.code !== 'http_port_taken') throw error
    const listener = await openHttpListener({ host, port: 0 }, closeConnection)
    return {
      listener,
      remarks: [
        `Port ${String(port)} is in use, so REST and OAuth are on port ${String(listener.port)} this time; LAKEGATE_HTTP_PORT fixes it.`,
      ],
    }
  }
}

/** @throws Fault configuration_invalid */
export function readPublicUrl(settings: LoadedSettings): string | undefined {
  const text = settings['public-url'].value
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isOrigin = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
  if (url === undefined || !isOrigin || !['http:', 'https:'].includes(url.protocol)) {
    throw new Fault({
      code: 'configuration_invalid',
      origin: 'configuration',
      message: `The setting public-url is ${JSON.stringify(text)}: it must be a URL of http or https without a path.`,
      nextStep: 'Set LAKEGATE_PUBLIC_URL to, for example, https://lakegate.example.com.',
    })
  }
  return url.origin
}
