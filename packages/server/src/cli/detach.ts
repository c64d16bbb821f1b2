/**
 * `lakegate detach`: takes an attached cluster from behind the gateway, through REST, and waits until that is done. What
 * Lakegate put into the cluster stays there, unless the operator says otherwise.
 */
import type { DatabaseInstance, LakegateHttp } from '@lakegate/client'
import { Command } from 'commander'
import { askUntil, pathOfInstance } from './instance-at-server.ts'
import { atServer, commandFailed, withServer, type ServerFlags } from './server-connection.ts'

interface Flags extends ServerFlags {
  readonly removeObjects: boolean
}

/** A cluster that answers is done with in a second or two. */
const LIMIT_MS = 30_000

export function detachCommand(): Command {
  return withServer(new Command('detach'))
    .description('take an attached cluster from behind the gateway (docs/attached-instances.md)')
    .argument('<name>', 'name of the database instance')
    .option('--remove-objects', 'take out of the cluster what Lakegate put into it', false)
    .action(detach)
}

async function detach(name: string, flags: Flags): Promise<void> {
  await atServer(flags, async (http) => {
    const path = pathOfInstance(name)
    const instance = await http.request<DatabaseInstance>('GET', path)
    // The same request that detaches this cluster would destroy that one, with everything in it.
    if (instance.attached === undefined)
      throw commandFailed(
        `${name} is an instance of Lakegate’s own: nothing was attached.`,
        'To delete it with all its data, use `databricks database delete-database-instance`.',
      )
    await http.request('DELETE', `${path}?purge=true&remove_objects=${String(flags.removeObjects)}`)
    await waitUntilGone(http, instance)
    process.stdout.write(
      flags.removeObjects
        ? `${name} is detached, and what Lakegate put into the cluster was removed.\n`
        : `${name} is detached; what Lakegate put into the cluster is still there.\n`,
    )
  })
}

/** @throws Fault with what is in the way, as soon as the instance says something new, or is not gone in time */
async function waitUntilGone(http: LakegateHttp, before: DatabaseInstance): Promise<void> {
  const isNews = ({ status_message: said }: DatabaseInstance) =>
    said !== undefined && said !== before.status_message
  // Its name is free when it is gone, and somebody may have taken it.
  const isGone = (now: DatabaseInstance | undefined) => now?.uid !== before.uid
  const now = await askUntil(
    http,
    before.name,
    LIMIT_MS,
    (found) => isGone(found) || (found !== undefined && isNews(found)),
  )
  if (now === undefined || isGone(now)) return
  throw commandFailed(
    `${now.name} is still ${now.state}: ${now.status_message ?? 'no reason was given.'}`,
    'Lakegate goes on trying. `lakegate detach` without --remove-objects leaves everything in the cluster.',
  )
}
