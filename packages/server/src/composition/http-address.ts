/** Where REST and OAuth are served, and the URL that tokens name as their issuer. */
import { publicUrlOf } from '../config/gateway-settings.ts'
import { numberOf, type LoadedSettings } from '../config/load.ts'
import { Fault } from '../domain/fault.ts'
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
  return { listener, publicUrl: publicUrlOf(settings) ?? ownUrl(host, listener.port), remarks }
}

/** Where REST and OAuth are as long as nobody says another URL. */
export const ownUrl = (host: string, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`

/** A default port that is taken stops nobody from starting; one that was asked for does. */
async function open(host: string, port: number, isDefault: boolean) {
  try {
    return { listener: await openHttpListener({ host, port }), remarks: [] }
  } catch (error) {
    if (!isDefault || !(error instanceof Fault) || error.code !== 'http_port_taken') throw error
    const listener = await openHttpListener({ host, port: 0 })
    return {
      listener,
      remarks: [
        `Port ${String(port)} is in use, so REST and OAuth are on port ${String(listener.port)} this time; LAKEGATE_HTTP_PORT fixes it.`,
      ],
    }
  }
}
