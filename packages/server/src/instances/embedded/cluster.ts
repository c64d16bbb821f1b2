/**
 * One PostgreSQL cluster on this machine, whatever it is used for: initialised once, started or adopted, stopped,
 * destroyed. Every step can be repeated after a crash at any point. Its directory holds `data` (complete or
 * absent), `log`, `socket` and the marker that says whose cluster this is.
 */
import { chmod, chown, mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '../../domain/fault.ts'
import type { PostgresBinaries } from './binaries.ts'
import { writeConfigurationFiles, type ClusterConfiguration } from './configuration-files.ts'
import { initialiseDataDirectory } from './initialise.ts'
import { readMarker, writeMarker } from './marker.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'
import { findPostmaster, startPostmaster, stopPostmaster, waitForPostmasterExit } from './postmaster.ts'
import { askCluster, waitUntilReady } from './readiness.ts'
import { chooseSocketDirectory } from './socket-directory.ts'

export interface ClusterDefinition {
  /** What the marker in the directory must say; never shared by two clusters. */
  readonly id: string
  readonly directory: string
  readonly binaries: PostgresBinaries
  readonly account: OperatingSystemAccount
  readonly superuser: string
  readonly configuration: ClusterConfiguration
  /** `system_identifier` as recorded elsewhere, when it is known. */
  readonly expectedIdentifier: string | undefined
}

export interface RunningCluster {
  readonly systemIdentifier: string
  readonly pgMajorVersion: number
  readonly socketDirectory: string
}

const dataDirectoryOf = ({ directory }: Pick<ClusterDefinition, 'directory'>) => path.join(directory, 'data')

/**
 * Makes the cluster if there is none, adopts its postmaster if one runs, starts it otherwise.
 * @throws Fault foreign_data_directory, data_directory_lost, disk_full, cluster_start_failed, …
 */
export async function startCluster(definition: ClusterDefinition): Promise<RunningCluster> {
  const { account, directory } = definition
  const data = dataDirectoryOf(definition)
  await makePrivateDirectory(directory, account)
  const marker = await claimDirectory(definition, data)
  await initialiseDataDirectory({ ...definition, data })
  const socketDirectory = await chooseSocketDirectory(directory, account)
  const adopted = await findPostmaster(data)
  if (adopted === undefined) {
    await writeConfigurationFiles({ data, socketDirectory, account, configuration: definition.configuration })
    await startPostmaster({ ...definition, data, socketDirectory, log: path.join(directory, 'log') })
  }
  const running = await waitUntilReady({
    ...definition,
    data,
    socketDirectory,
    log: path.join(directory, 'log'),
  })
  const expected = definition.expectedIdentifier ?? marker.systemIdentifier
  if (expected !== undefined && expected !== running.systemIdentifier) {
    if (adopted === undefined) await stopPostmaster(data)
    throw foreignDirectory(directory, `its system identifier is ${running.systemIdentifier}, not ${expected}`)
  }
  if (marker.systemIdentifier === undefined) {
    await writeMarker(directory, { id: definition.id, systemIdentifier: running.systemIdentifier })
  }
  return { ...running, socketDirectory }
}

/** Whether its postmaster runs and answers. */
export async function isClusterRunning(definition: ClusterDefinition): Promise<boolean> {
  const data = dataDirectoryOf(definition)
  if ((await findPostmaster(data)) === undefined) return false
  const socketDirectory = await chooseSocketDirectory(definition.directory, definition.account)
  return (await askCluster(socketDirectory, definition.superuser)) !== undefined
}

export async function stopCluster(definition: Pick<ClusterDefinition, 'directory'>): Promise<void> {
  await stopPostmaster(dataDirectoryOf(definition))
}

/** Stops it and removes every trace; the directory gets another name first, so that half of it is never a cluster. */
export async function destroyCluster(
  definition: Pick<ClusterDefinition, 'directory' | 'account'>,
): Promise<void> {
  const { directory } = definition
  await stopCluster(definition)
  const doomed = path.join(path.dirname(directory), `.deleting-${path.basename(directory)}`)
  await rm(doomed, { recursive: true, force: true })
  try {
    await rename(directory, doomed)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  await rm(doomed, { recursive: true, force: true })
}

/** @param signal its abort ends the wait early */
export async function waitForClusterExit(
  definition: Pick<ClusterDefinition, 'directory'>,
  signal?: AbortSignal,
): Promise<void> {
  await waitForPostmasterExit(dataDirectoryOf(definition), signal)
}

/** The directory is ours, or becomes ours while it is empty; anything else is refused. */
async function claimDirectory(definition: ClusterDefinition, data: string) {
  const { directory, id } = definition
  const marker = await readMarker(directory, data)
  if (marker.state === 'unclaimed') {
    await writeMarker(directory, { id, systemIdentifier: undefined })
    return { systemIdentifier: undefined }
  }
  if (marker.state === 'foreign')
    throw foreignDirectory(directory, 'it holds a data directory that Lakegate did not make')
  if (marker.id !== id) throw foreignDirectory(directory, `it belongs to ${marker.id}`)
  const known = definition.expectedIdentifier ?? marker.systemIdentifier
  if (known !== undefined && !marker.hasData) {
    throw new Fault({
      code: 'data_directory_lost',
      origin: 'machine',
      message: `The data directory ${data} is gone, but the cluster existed before.`,
      nextStep:
        'Restore it from a backup; Lakegate does not put an empty database in the place of a lost one.',
    })
  }
  return { systemIdentifier: marker.systemIdentifier }
}

function foreignDirectory(directory: string, reason: string): Fault {
  return new Fault({
    code: 'foreign_data_directory',
    origin: 'configuration',
    message: `${directory} is not the directory of this cluster: ${reason}.`,
    nextStep: 'Move what is there away, or choose another data directory with LAKEGATE_DATA_DIR.',
  })
}

export async function makePrivateDirectory(
  directory: string,
  account: OperatingSystemAccount,
): Promise<void> {
  // Parents can be passed through and not listed: the account must get to its own directory.
  await mkdir(path.dirname(directory), { recursive: true, mode: 0o711 })
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if (account.spawnAs !== undefined) await chown(directory, account.uid, account.gid)
  await chmod(directory, 0o700)
}
