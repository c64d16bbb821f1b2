/**
 * `lakegate detach`: takes an attached cluster from behind the gateway, through REST, and waits until that is done. What
 * Lakegate put into the cluster stays there, unless the operator says otherwise.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { LakegateApiError, type DatabaseInstance, type LakegateHttp } from '@lakegate/client'
import { Command } from 'commander'
import { atServer, commandFailed, withServer, type ServerFlags } from './server-connection.ts'

interface Flags extends ServerFlags {
  readonly removeObjects: boolean
}

const ASK_AGAIN_MS = 250
/** Half a minute: a cluster that answers is done with in a second or two. */
const QUESTIONS = 120

export function detachCommand(): Command {
  return withServer(new Command('detach'))
    .description('take an attached cluster from behind the gateway (docs/attached-instances.md)')
    .argument('<name>', 'name of the database instance')
    .option('--remove-objects', 'take out of the cluster what Lakegate put into it', false)
    .action(detach)
}

async function detach(name: string, flags: Flags): Promise<void> {
  await atServer(flags, async (http) => {
    const path = `/api/2.0/database/instances/${encodeURIComponent(name)}`
    const instance = await http.request<DatabaseInstance>('GET', path)
    // The same request that detaches this cluster would destroy that one, with everything in it.
    if (instance.attached === undefined)
      throw commandFailed(
        `${name} is an instance of Lakegate’s own: nothing was attached.`,
        'To delete it with all its data, use `databricks database delete-database-instance`.',
      )
    await http.request('DELETE', `${path}?purge=true&remove_objects=${String(flags.removeObjects)}`)
    await waitUntilGone(http, path, instance)
    process.stdout.write(
      flags.removeObjects
        ? `${name} is detached, and what Lakegate put into the cluster is taken out.\n`
        : `${name} is detached; what Lakegate put into the cluster is still there.\n`,
    )
  })
}

/** @throws Fault with what is in the way, as soon as the instance says something new, or is not gone in time */
async function waitUntilGone(http: LakegateHttp, path: string, before: DatabaseInstance): Promise<void> {
  for (let question = 1; ; question += 1) {
    const now = await find(http, path)
    // Its name is free when it is gone, and somebody may have taken it.
    if (now?.uid !== before.uid) return
    const isNews = now.status_message !== undefined && now.status_message !== before.status_message
    if (isNews || question >= QUESTIONS)
      throw commandFailed(
        `${now.name} is still ${now.state}: ${now.status_message ?? 'nobody has said why.'}`,
        'Lakegate goes on trying. `lakegate detach` without --remove-objects leaves everything in the cluster.',
      )
    await pause(ASK_AGAIN_MS)
  }
}

async function find(http: LakegateHttp, path: string): Promise<DatabaseInstance | undefined> {
  try {
    return await http.request<DatabaseInstance>('GET', path)
  } catch (error) {
    if (error instanceof LakegateApiError && error.status === 404) return undefined
    throw error
  }
}
