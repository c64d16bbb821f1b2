/**
 * `lakegate detach`: detaches an attached cluster, through REST, and waits until that is done. What Lakegate put into
 * the cluster stays there, unless the operator asks for its removal.
 */
import type { DatabaseInstance, LakegateHttp } from '@lakegate/client'
import { Command } from 'commander'
import { askUntil, pathOfInstance } from './instance-at-server.ts'
import { commandFailed } from './exit-codes.ts'
import { createOutput, withOutput, type OutputFlags } from './output/output.ts'
import { atServer, withServer, type ServerFlags } from './server-connection.ts'

interface Flags extends ServerFlags, OutputFlags {
  readonly removeObjects: boolean
}

/** Detaching a cluster that answers takes a second or two. */
const LIMIT_MS = 30_000

export function detachCommand(): Command {
  return withOutput(withServer(new Command('detach')))
    .description('detach a cluster from Lakegate (docs/attached-instances.md)')
    .argument('<name>', 'name of the database instance')
    .option('--remove-objects', 'remove from the cluster what Lakegate put into it', false)
    .action(detach)
}

async function detach(name: string, flags: Flags): Promise<void> {
  await atServer(flags, async (http) => {
    const path = pathOfInstance(name)
    const instance = await http.request<DatabaseInstance>('GET', path)
    // For an instance of Lakegate's own, the same request would destroy the cluster with all its data.
    if (instance.attached === undefined)
      throw commandFailed(
        `${name} is an instance of Lakegate’s own: nothing was attached.`,
        'To delete it with all its data, use `databricks database delete-database-instance`.',
      )
    await http.request('DELETE', `${path}?purge=true&remove_objects=${String(flags.removeObjects)}`)
    await waitUntilGone(http, instance)
    const output = createOutput(flags)
    if (output.isQuiet) process.stdout.write(`${name}\n`)
    else if (!output.isText(true)) output.showJson({ name, objects_removed: flags.removeObjects })
    else
      process.stdout.write(
        flags.removeObjects
          ? `${name} is detached, and what Lakegate put into the cluster was removed.\n`
          : `${name} is detached; what Lakegate put into the cluster is still there.\n`,
      )
  })
}

/**
 * @throws Fault that says what is wrong, as soon as the instance reports something new, or when it still exists after
 * the time limit
 */
async function waitUntilGone(http: LakegateHttp, before: DatabaseInstance): Promise<void> {
  const isNews = ({ status_message: said }: DatabaseInstance) =>
    said !== undefined && said !== before.status_message
  // Once the instance is gone its name is free, and somebody may have given it to another one: so the uid is compared.
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
