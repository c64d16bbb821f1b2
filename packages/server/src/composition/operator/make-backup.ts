/**
 * `lakegate backup`: a base backup of each local instance, and of the system database last. Instances name identities by
 * number, so the system database must know at least those that they name (docs/decisions/0019-backup.md).
 */
import { randomUUID } from 'node:crypto'
import { lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { BackupReport, MakeBackup } from '../../cli/operator/backup.ts'
import { readVersion } from '../../cli/version.ts'
import type { LoadedSettings } from '../../config/load.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { Fault } from '../../domain/fault.ts'
import { parseInstanceUid } from '../../domain/ids.ts'
import { SYSTEM_SUPERUSER } from '../../domain/role.ts'
import { storePieces, verifyArchive, type StoredFile } from '../../instances/backup/archive-files.ts'
import { takeBaseBackup } from '../../instances/backup/base-backup.ts'
import { copyStoppedCluster } from '../../instances/backup/cold-copy.ts'
import { hasPostmaster } from '../../instances/embedded/cluster.ts'
import { readMarker } from '../../instances/embedded/marker.ts'
import { isThere } from '../../instances/embedded/own-files.ts'
import { placesOf } from '../../instances/embedded/places.ts'
import { socketDirectoryOf } from '../../instances/embedded/socket-directory.ts'
import { createKeyEncryption } from '../../keys/key-encryption.ts'
import { loadMasterKey, putMasterKeys } from '../../keys/master-key.ts'
import { createAuditStore } from '../../store/audit-records.ts'
import { createInstanceStore } from '../../store/instances.ts'
import { compareMigrations } from '../../store/migrate.ts'
import type { SystemDatabase } from '../../store/system-database.ts'
import { dataDirectoryHere, masterKeyFileIn } from '../data-directory.ts'
import {
  BACKUP_FORMAT,
  BACKUP_MANIFEST,
  directoryOf,
  KEY_IN_BACKUP,
  type BackupManifest,
  type ClusterInBackup,
} from './backup-manifest.ts'
import { fingerprintOf } from './key-fingerprint.ts'
import { addressOfRunningSystemDatabase, onSystemDatabase } from './reach-installation.ts'
import { whoHere } from './who-here.ts'

export const makeBackup: MakeBackup = async (settings, request, progress) => {
  const dataDirectory = dataDirectoryHere(settings)
  const isExternal = settings['database-url'].value !== undefined
  if (isExternal && !request.withoutSystemDatabase) throw externalSystemDatabase()
  const target = path.resolve(request.directory)
  await refuseTarget(target, dataDirectory)
  const keyFile = masterKeyFileIn(settings, dataDirectory)
  const masterKeys = await loadMasterKey(keyFile)
  const fingerprint = fingerprintOf(createKeyEncryption(masterKeys))
  const sources = await findClusters(settings, dataDirectory)

  const unfinished = `${target}.unfinished-${randomUUID()}`
  await mkdir(unfinished, { mode: 0o700 })
  try {
    const clusters: ClusterInBackup[] = []
    const remarks = [...sources.remarks]
    for (const source of sources.clusters) {
      const stored = await progress.step(`Backing up ${source.name}`, () =>
        unlessDeleted(settings, source, () => storeCluster(source, dataDirectory, unfinished)),
      )
      if (stored === undefined)
        remarks.push(`${source.name} was deleted meanwhile, and is not in the backup.`)
      else clusters.push(stored)
    }
    remarks.push(...(await describeMissed(settings, sources.clusters)))
    const keyInBackup = path.join(unfinished, KEY_IN_BACKUP)
    if (request.withMasterKey) await putMasterKeys(keyInBackup, masterKeys)
    await progress.step('Verifying', async () => {
      for (const cluster of clusters) await verifyCluster(unfinished, cluster)
      // A rotation meanwhile would leave what the last cluster holds under another key than the first.
      for (const file of [keyFile, ...(request.withMasterKey ? [keyInBackup] : [])])
        await verifyKey(file, fingerprint)
    })
    await finish(unfinished, target, {
      format: BACKUP_FORMAT,
      lakegate_version: readVersion(),
      made_at: new Date().toISOString(),
      platform: `${process.platform}-${process.arch}`,
      system_database: isExternal ? 'external' : 'included',
      ...(sources.lastMigration === undefined ? {} : { last_migration: sources.lastMigration }),
      master_key: { fingerprint, included: request.withMasterKey },
      clusters,
    })
    return describe(target, clusters, { file: keyFile, isIncluded: request.withMasterKey }, remarks)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

const describe = (
  directory: string,
  clusters: readonly ClusterInBackup[],
  masterKey: BackupReport['masterKey'],
  remarks: readonly string[],
): BackupReport => ({
  directory,
  clusters: clusters.map(({ name, files }) => ({
    name,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
  })),
  masterKey,
  remarks,
})

interface ClusterToStore {
  readonly kind: 'system' | 'instance'
  readonly id: string
  readonly name: string
}

interface FoundClusters {
  readonly clusters: readonly ClusterToStore[]
  readonly remarks: readonly string[]
  readonly lastMigration: string | undefined
}

const SYSTEM: ClusterToStore = { kind: 'system', id: 'system', name: 'system database' }

/** The instances first, the system database last. */
async function findClusters(settings: LoadedSettings, dataDirectory: string): Promise<FoundClusters> {
  const isExternal = settings['database-url'].value !== undefined
  const system = isExternal ? [] : [SYSTEM]
  if ((await addressOfRunningSystemDatabase(settings)) === undefined) {
    // Nothing runs: the directories tell which clusters there are.
    if (!(await isThere(placesOf(path.join(dataDirectory, 'system')).data))) throw nothingThere(dataDirectory)
    const uids = await directoriesOfInstances(dataDirectory)
    const instances = uids.map((id): ClusterToStore => ({ kind: 'instance', id, name: `instance ${id}` }))
    return { clusters: [...instances, ...system], remarks: [], lastMigration: undefined }
  }
  return onSystemDatabase(settings, async (database) => {
    const listed = await listInstances(database)
    const found = await Promise.all(
      listed.map(async (one) => ({ one, isHere: await hasData(dataDirectory, one) })),
    )
    await recordBackup(database, listed.length)
    return {
      clusters: [...found.filter(({ isHere }) => isHere).map(({ one }) => one), ...system],
      remarks: found
        .filter(({ isHere }) => !isHere)
        .map(({ one }) => `${one.name} is not in the backup: its data directory is not on this machine.`),
      lastMigration: (await compareMigrations(database)).last,
    }
  })
}

async function directoriesOfInstances(dataDirectory: string): Promise<readonly string[]> {
  const parent = path.join(dataDirectory, 'instances')
  if (!(await isThere(parent))) return []
  const uids = (await readdir(parent)).filter((name) => parseInstanceUid(name) !== undefined)
  const found = await Promise.all(
    uids.map(async (id) => ((await hasData(dataDirectory, { kind: 'instance', id })) ? id : undefined)),
  )
  return found.filter((id) => id !== undefined)
}

const hasData = (dataDirectory: string, cluster: Pick<ClusterToStore, 'kind' | 'id'>): Promise<boolean> =>
  isThere(path.join(placesOf(path.join(dataDirectory, directoryOf(cluster))).data, 'PG_VERSION'))

/** Those whose cluster was complete once; of the others there is nothing to lose. */
const listInstances = async (database: SystemDatabase): Promise<readonly ClusterToStore[]> =>
  (await createInstanceStore(database).listAll())
    .filter(isLocal)
    .map(({ uid, name }) => ({ kind: 'instance', id: uid, name: `instance ${name}` }))

const isLocal = ({ backend, state, systemIdentifier }: DatabaseInstance): boolean =>
  backend.kind === 'embedded' && state !== 'DELETING' && systemIdentifier !== undefined

const recordBackup = (database: SystemDatabase, instances: number): Promise<void> =>
  createAuditStore(database).appendRecords([
    {
      at: new Date(),
      entry: {
        event: 'make_backup',
        outcome: 'admitted',
        detail: `of ${String(instances)} instances, ${whoHere()}`,
      },
    },
  ])

/** Instances that were made after the list was read: the system database in the backup knows them. */
async function describeMissed(
  settings: LoadedSettings,
  known: readonly ClusterToStore[],
): Promise<readonly string[]> {
  if ((await addressOfRunningSystemDatabase(settings)) === undefined) return []
  const listed = await onSystemDatabase(settings, listInstances)
  return listed
    .filter(({ id }) => !known.some((one) => one.id === id))
    .map(({ name }) => `${name} was made while the backup was taken, and is not in it: take another one.`)
}

/** @returns undefined when the instance was deleted, which is why it could not be read */
async function unlessDeleted<Result>(
  settings: LoadedSettings,
  { kind, id }: ClusterToStore,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    if (kind === 'system' || (await addressOfRunningSystemDatabase(settings)) === undefined) throw error
    const listed = await onSystemDatabase(settings, listInstances)
    if (listed.some((one) => one.id === id)) throw error
    return undefined
  }
}

async function storeCluster(
  source: ClusterToStore,
  dataDirectory: string,
  backup: string,
): Promise<ClusterInBackup> {
  const { kind, id, name } = source
  const directory = path.join(dataDirectory, directoryOf(source))
  const { data, marker: markerFile } = placesOf(directory)
  const { uid } = await lstat(data)
  const marker = await readMarker(markerFile, [uid, process.getuid?.() ?? uid])
  const to = path.join(backup, directoryOf(source))
  await mkdir(to, { recursive: true, mode: 0o700 })
  const pieces = (await hasPostmaster({ directory }))
    ? takeBaseBackup({ socketDirectory: socketDirectoryOf(directory), superuser: SYSTEM_SUPERUSER })
    : copyStoppedCluster(data, uid)
  let files: readonly StoredFile[]
  try {
    files = await storePieces(to, pieces)
  } catch (error) {
    await rm(to, { recursive: true, force: true })
    throw error
  }
  return {
    ...{ kind, id, name },
    ...(marker.state === 'read' && marker.systemIdentifier !== undefined
      ? { system_identifier: marker.systemIdentifier }
      : {}),
    postgres_major: Number.parseInt(await readFile(path.join(data, 'PG_VERSION'), 'utf8'), 10),
    files: files.map((file) => ({ name: file.name, size: file.size, sha256: file.checksum })),
  }
}

async function verifyCluster(backup: string, cluster: ClusterInBackup): Promise<void> {
  try {
    await verifyArchive(path.join(backup, directoryOf(cluster)))
  } catch (cause) {
    throw new Fault({
      code: 'backup_failed',
      origin: 'machine',
      message: `The backup of ${cluster.name} cannot be read as it was written: ${cause instanceof Error ? cause.message : String(cause)}.`,
      nextStep: 'Check the disk that it is written to, and run the command again.',
      retryable: true,
      cause,
    })
  }
}

async function verifyKey(file: string, fingerprint: string): Promise<void> {
  if (fingerprintOf(createKeyEncryption(await loadMasterKey(file))) === fingerprint) return
  throw new Fault({
    code: 'backup_failed',
    origin: 'machine',
    message: `The master key in ${file} is not the one with which the backup began.`,
    nextStep: 'Run the command again when nobody rotates the key.',
    retryable: true,
  })
}

/** The manifest is written last, and the backup gets its name when everything is on the disk. */
async function finish(unfinished: string, target: string, manifest: BackupManifest): Promise<void> {
  const file = await open(path.join(unfinished, BACKUP_MANIFEST), 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(manifest, undefined, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  for (const cluster of manifest.clusters) await syncDirectory(path.join(unfinished, directoryOf(cluster)))
  if (manifest.clusters.some(({ kind }) => kind === 'instance'))
    await syncDirectory(path.join(unfinished, 'instances'))
  await syncDirectory(unfinished)
  await rename(unfinished, target)
  await syncDirectory(path.dirname(target))
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function refuseTarget(target: string, dataDirectory: string): Promise<void> {
  if (`${target}/`.startsWith(`${dataDirectory}/`))
    throw badTarget(target, 'it is in the data directory, and would be lost with it')
  if (await isThere(target)) throw badTarget(target, 'it exists already')
  const parent = path.dirname(target)
  const found = await lstat(parent).catch(() => undefined)
  if (found === undefined) throw badTarget(target, `there is no directory ${parent}`)
}

const badTarget = (target: string, problem: string): Fault =>
  new Fault({
    code: 'backup_directory_unusable',
    origin: 'configuration',
    message: `The backup cannot be put into ${target}: ${problem}.`,
    nextStep: 'Name a new directory, in one that exists and that only this account can read.',
  })

const nothingThere = (dataDirectory: string): Fault =>
  new Fault({
    code: 'installation_missing',
    origin: 'configuration',
    message: `There is nothing to back up in ${dataDirectory}.`,
    nextStep: 'Name the data directory of the installation with LAKEGATE_DATA_DIR.',
  })

const externalSystemDatabase = (): Fault =>
  new Fault({
    code: 'system_database_external',
    origin: 'configuration',
    message:
      'The system database is an external one (LAKEGATE_DATABASE_URL), which Lakegate does not back up.',
    nextStep:
      'Run the command with --without-system-database, and then, as the last step, back up that database by its own means (pg_dump, or what its provider offers).',
  })
