/** `lakegate proxy`, as a user starts it, on a free port; for tools that know no tokens (docs/clients). */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { REPOSITORY } from '../house/sources.ts'
import type { ReadyReport } from './lakegate.ts'
import type { TestServicePrincipal } from './service-principal.ts'
import { waitFor } from './wait-for.ts'

const PROGRAM = path.join(REPOSITORY, 'packages/server/dist/main.js')

export interface RunningProxy {
  readonly port: number
  /** Everything that it printed so far. */
  output(): string
  /** As Ctrl-C does. */
  stop(): Promise<void>
}

export interface ProxyStart {
  readonly ready: ReadyReport
  readonly principal: TestServicePrincipal
  /** Behind `lakegate`, from a document: `proxy dev`. */
  readonly words: readonly string[]
  /** The home directory of whoever starts it. */
  readonly directory: string
}

export async function startProxy({ ready, principal, words, directory }: ProxyStart): Promise<RunningProxy> {
  const child = spawn(process.execPath, [PROGRAM, ...words, '--port', '0'], {
    cwd: directory,
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      DATABRICKS_HOST: ready.http_url,
      DATABRICKS_CLIENT_ID: principal.applicationId,
      DATABRICKS_CLIENT_SECRET: principal.secret,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')))
  const port = await waitFor('the proxy to listen', () => {
    if (child.exitCode !== null) throw new Error(`lakegate proxy ended:\n${printed}`)
    const [, found] = /^ *Port +(\d+)$/m.exec(printed) ?? []
    return Promise.resolve(found === undefined ? undefined : Number(found))
  })
  return {
    port,
    output: () => printed,
    async stop() {
      if (child.exitCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGINT')
      await exited
    },
  }
}
