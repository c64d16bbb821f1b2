/**
 * One PostgreSQL cluster on this machine, whatever it is used for: initialised once, started or adopted, stopped,
 * destroyed. Every step can be repeated after a crash at any point.
 */
import { rename } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '../../domain/fault.ts'
import { claimDirectory, foreign } from './claim-directory.ts'
import type { ClusterDefinition } from './cluster-definition.ts'
import { writeConfigurationFiles } from './configuration-files.ts'
import { hasCode } from './error-code.ts'
import { initialiseDataDirectory } from './initialise.ts'
import { writeMarker } from './marker.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'
import { makeAccountDirectory, makeOwnDirectory } from './own-directories.ts'
import { isThere } from './own-files.ts'
import { placesOf } from './places.ts'
import { findPostmaster, startPostmaster, stopPostmaster, waitForPostmasterExit } from './postmaster.ts'
import { askCluster, waitUntilReady } from './readiness.ts'
import { removeTree } from './remove-tree.ts'
import {
  makeSocketDirectory,
  removeFarSocketDirectory,
  socketDirectoryOf,
  socketIn,
} from './socket-directory.ts'

export interface RunningCluster {
  readonly systemIdentifier: string
  readonly pgMajorVersion: number
  readonly socketDirectory: string
}

/**
 * Makes the cluster if there is none, adopts its postmaster if it is running, otherwise starts it.
 * @throws Fault foreign_data_directory, data_directory_lost, disk_full, cluster_start_failed, …
 */
export async function startCluster(definition: ClusterDefinition): Promise<RunningCluster> {
  try {
    return await start(definition)
  } catch (error) {
    // For example a stale mount, an unreadable disk, or a file where a directory was.
    if (error instanceof Error && !(error instanceof Fault) && 'syscall' in error)
      throw unusable(definition.directory, error)
    throw error
  }
}

async function start(definition: ClusterDefinition): Promise<RunningCluster> {
  const { account, directory } = definition
  const places = placesOf(directory)
  const { systemIdentifier: expected, isInMarker } = await claimDirectory(definition)
  await initialiseDataDirectory({
    ...definition,
    data: places.data,
    isDurable: definition.configuration.isDurable ?? true,
  })
  const socketDirectory = socketDirectoryOf(directory)
  const adopted = await adopt(places.data, socketDirectory)
  if (!adopted) {
    await makeOwnDirectory(places.configuration, account)
    await makeAccountDirectory(places.serverLog, account)
    await makeSocketDirectory(directory, account)
    await writeConfigurationFiles({
      places,
      socketDirectory,
      account,
      configuration: definition.configuration,
    })
    await startPostmaster({ ...definition, places, socketDirectory })
  }
  const running = await waitUntilReady({ ...definition, places, socketDirectory })
  if (expected !== undefined && expected !== running.systemIdentifier) {
    if (!adopted) await stopPostmaster(places.data)
    throw foreign(directory, `its system identifier is ${running.systemIdentifier}, not ${expected}`)
  }
  if (!isInMarker) {
    await writeMarker(places.marker, { id: definition.id, systemIdentifier: running.systemIdentifier })
  }
  return { ...running, socketDirectory }
}

/** A postmaster whose socket somebody removed cannot be reached: it is restarted. */
async function adopt(data: string, socketDirectory: string): Promise<boolean> {
  if ((await findPostmaster(data)) === undefined) return false
  if (await isThere(socketIn(socketDirectory))) return true
  await stopPostmaster(data)
  return false
}

/** Whether its postmaster runs and answers. */
export async function isClusterRunning(
  definition: Pick<ClusterDefinition, 'directory' | 'superuser'>,
): Promise<boolean> {
  if ((await findPostmaster(placesOf(definition.directory).data)) === undefined) return false
  return (await askCluster(socketDirectoryOf(definition.directory), definition.superuser)) !== undefined
}

/** Whether a postmaster runs in it, whoever started it. */
export const hasPostmaster = async ({ directory }: Pick<ClusterDefinition, 'directory'>): Promise<boolean> =>
  (await findPostmaster(placesOf(directory).data)) !== undefined

export async function stopCluster({
  directory,
  configuration,
}: Pick<ClusterDefinition, 'directory'> & Partial<ClusterDefinition>): Promise<void> {
  await stopPostmaster(placesOf(directory).data)
  // Its data will be removed.
  if (configuration?.isDurable === false) await removeFarSocketDirectory(directory)
}

/**
 * Stops it and removes every trace. The directory is renamed first, so that a half-removed one is never taken for a
 * cluster.
 */
export async function destroyCluster(
  definition: Pick<ClusterDefinition, 'directory' | 'account'>,
): Promise<void> {
  const { directory, account } = definition
  await stopCluster(definition)
  const doomed = path.join(path.dirname(directory), `.deleting-${path.basename(directory)}`)
  await removeTree(doomed, account)
  await removeFarSocketDirectory(directory)
  try {
    await makeOwnDirectoryIfThere(directory, account)
    await rename(directory, doomed)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  await removeTree(doomed, account)
}

/** Resolves when its postmaster has ended, or when its socket is gone, because then nobody can reach it either. */
export async function waitForClusterExit(
  { directory }: Pick<ClusterDefinition, 'directory'>,
  /** Aborting it ends the wait early. */
  signal?: AbortSignal,
): Promise<void> {
  await waitForPostmasterExit(placesOf(directory).data, socketIn(socketDirectoryOf(directory)), signal)
}

/** An earlier version gave it to the account, which could otherwise change it during the removal. */
async function makeOwnDirectoryIfThere(directory: string, account: OperatingSystemAccount): Promise<void> {
  if (await isThere(directory)) await makeOwnDirectory(directory, account)
}

function unusable(directory: string, cause: Error): Fault {
  return new Fault({
    code: 'cluster_directory_unusable',
    origin: 'machine',
    message: `The directory ${directory} of a cluster cannot be used: ${cause.message}.`,
    nextStep: 'Make sure that its volume is mounted and intact, and that Lakegate may use it.',
    retryable: true,
    cause,
  })
}
