/**
 * Removes the data directory of `lakegate up --temporary`. What PostgreSQL's account owns in it is removed as that account, which
 * could otherwise lead root to another place; and nothing is taken away below a cluster that still runs.
 */
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { RemoveTemporaryDirectory } from '../cli/up-temporarily.ts'
import { Fault } from '../domain/fault.ts'
import { hasPostmaster } from '../instances/embedded/cluster.ts'
import { chooseAccount } from '../instances/embedded/operating-system-account.ts'
import { isThere } from '../instances/embedded/own-files.ts'
import { removeTree } from '../instances/embedded/remove-tree.ts'
import { ownerOfClusters } from './machine.ts'

export const removeTemporaryDirectory: RemoveTemporaryDirectory = async (settings, directory) => {
  const instances = path.join(directory, 'instances')
  const uids = (await isThere(instances)) ? await readdir(instances) : []
  for (const cluster of [path.join(directory, 'system'), ...uids.map((uid) => path.join(instances, uid))])
    if (await hasPostmaster({ directory: cluster })) throw stillRunning(directory, cluster)
  const account = chooseAccount(settings['postgres-account'].value, await ownerOfClusters(directory))
  await removeTree(directory, account)
}

const stillRunning = (directory: string, cluster: string): Fault =>
  new Fault({
    code: 'temporary_directory_in_use',
    origin: 'machine',
    message: `PostgreSQL still runs in ${cluster}, so ${directory} is left there.`,
    nextStep: 'End that PostgreSQL, and remove the directory.',
  })
