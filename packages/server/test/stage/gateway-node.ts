/** A gateway without a control plane: `lakegate serve --role gateway`, in a process of its own. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { spawnLakegate } from './lakegate.ts'
import { waitFor } from './wait-for.ts'

export interface GatewayNode {
  readonly port: number
  /** Where /healthz, /readyz and /metrics are. */
  readonly healthUrl: string
  readonly process: ChildProcess
  readonly output: () => string
  /** As SIGTERM does; resolves with the exit code. */
  stop(): Promise<number | null>
}

export async function startGatewayNode(
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<GatewayNode> {
  const readyFile = path.join(directory, `gateway-${crypto.randomUUID()}.json`)
  const { child, output } = spawnLakegate(['serve', '--role', 'gateway'], {
    LAKEGATE_GATEWAY_PORT: '0',
    LAKEGATE_GATEWAY_HEALTH_PORT: '0',
    LAKEGATE_READY_FILE: readyFile,
    ...environment,
  })
  const { gateway, health_url: healthUrl } = await waitFor('the ready file of the gateway', async () => {
    if (child.exitCode !== null) throw new Error(`the gateway ended:\n${output()}`)
    const text = await readFile(readyFile, 'utf8').catch(() => undefined)
    return text === undefined
      ? undefined
      : (JSON.parse(text) as { gateway: { port: number }[]; health_url: string })
  })
  const [first] = gateway
  if (first === undefined) throw new Error('the gateway listens nowhere')
  return {
    port: first.port,
    healthUrl,
    process: child,
    output,
    async stop() {
      if (child.exitCode === null) {
        const exited = once(child, 'exit')
        child.kill('SIGTERM')
        await exited
      }
      return child.exitCode
    },
  }
}
