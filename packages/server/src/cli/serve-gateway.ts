/** `lakegate serve --role gateway`: logins and sessions alone, until it is told to stop. */
import type { LoadedSettings } from '../config/load.ts'
import { runUntilStopped, type RunningServer, type Start } from './up.ts'

export interface RunningGatewayNode extends RunningServer {
  readonly addresses: readonly { readonly host: string; readonly port: number }[]
  readonly domain: string
  readonly healthUrl: string
}

export type StartGateway = Start<RunningGatewayNode>

export async function serveGateway(read: () => LoadedSettings, start: StartGateway): Promise<void> {
  await runUntilStopped(read, start, ({ addresses, domain, healthUrl }) => {
    const places = addresses.map(({ host, port }) => `  ${host} port ${String(port)}`).join('\n')
    return `\nThe gateway is ready for the instances below ${domain}, on\n${places}\nIts health (/healthz, /readyz, /metrics) is at ${healthUrl}\n`
  })
}
