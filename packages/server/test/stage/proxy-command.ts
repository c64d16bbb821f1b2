/** A `lakegate proxy` that runs, and clients at it. */
import pg from 'pg'
import type { Somebody, StartedCommand } from './connect-command.ts'
import { waitFor } from './wait-for.ts'

export interface RunningProxy extends StartedCommand {
  readonly port: number
  /** A client of it, not yet connected. */
  client(login?: {
    readonly user?: string
    readonly password?: string
    readonly database?: string
  }): pg.Client
  stop(): Promise<number | null>
}

export async function startProxy(
  somebody: Somebody,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningProxy> {
  const command = somebody.start(['proxy', 'dev', ...words], { environment })
  await waitFor('the proxy', () => {
    if (command.child.exitCode !== null) throw new Error(`the proxy ended: ${command.stderr()}`)
    return command.stdout().includes('Ctrl-C stops it')
  })
  const [, user = ''] = /User +(\S+)/.exec(command.stdout()) ?? []
  const port = Number(/Port +(\d+)/.exec(command.stdout())?.[1] ?? 0)
  return {
    ...command,
    port,
    client(login = {}) {
      const client = new pg.Client({
        host: '127.0.0.1',
        port,
        user: login.user ?? user,
        database: login.database ?? 'databricks_postgres',
        password: login.password ?? 'anything',
      })
      // What ends it is asserted by who asked.
      client.on('error', () => undefined)
      return client
    },
    async stop() {
      command.child.kill('SIGINT')
      return (await command.ended).status
    },
  }
}
