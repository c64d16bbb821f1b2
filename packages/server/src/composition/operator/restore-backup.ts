/**
 * `lakegate restore`: unpacks a backup into an empty data directory, lets PostgreSQL recover each cluster, and leaves
 * everything stopped. A backup that does not recover is refused here, not on the day of the next start.
 */
import { randomUUID } from 'node:crypto'
import { lchown, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import type { RestoreBackup, RestoreRequest } from '../../cli/operator/backup.ts'
import { wrongUsage } from '../../cli/exit-codes.ts'
import { readVersion } from '../../cli/version.ts'
import type { LoadedSettings } from '../../config/load.ts'
import { Fault } from '../../domain/fault.ts'
import { SYSTEM_SUPERUSER } from '../../domain/role.ts'
import { unpackArchive, verifyArchive, verifyStoredFile } from '../../instances/backup/archive-files.ts'
import { askVersion } from '../../instances/embedded/binaries.ts'
import { destroyCluster, startCluster, stopCluster } from '../../instances/embedded/cluster.ts'
import { hasCode } from '../../instances/embedded/error-code.ts'
import { writeMarker } from '../../instances/embedded/marker.ts'
import { makeOwnDirectory } from '../../instances/embedded/own-directories.ts'
import { isThere } from '../../instances/embedded/own-files.ts'
import { placesOf } from '../../instances/embedded/places.ts'
import { removeTree } from '../../instances/embedded/remove-tree.ts'
import type { OperatingSystemAccount } from '../../instances/embedded/operating-system-account.ts'
import { createKeyEncryption } from '../../keys/key-encryption.ts'
import { loadMasterKey, putMasterKeys } from '../../keys/master-key.ts'
import { createAuditStore } from '../../store/audit-records.ts'
import { skipIdentityNumbers } from '../../store/identity-numbers.ts'
import { createInstanceStore } from '../../store/instances.ts'
import { listMigrations } from '../../store/migrate.ts'
import { tryMasterKey } from '../../store/sealed-columns.ts'
import type { SystemDatabase } from '../../store/system-database.ts'
import { dataDirectoryHere, masterKeyFileIn } from '../data-directory.ts'
import { prepareMachine, type Machine } from '../machine.ts'
import { openProcessLog } from '../process-log.ts'
import { startSystemDatabase } from '../system-database.ts'
import {
  directoryOf,
  incomplete,
  KEY_IN_BACKUP,
  newer,
  readBackupManifest,
  type BackupManifest,
  type ClusterInBackup,
} from './backup-manifest.ts'
import { fingerprintOf } from './key-fingerprint.ts'
import { whoHere } from './who-here.ts'

/** More than are given out between a backup and its restore. */
const SKIPPED_NUMBERS = 1_000_000

export const restoreBackup: RestoreBackup = async (settings, request, progress) => {
  const backup = path.resolve(request.backup)
  const dataDirectory = dataDirectoryHere(settings)
  const manifest = await readBackupManifest(backup)
  await refuseOtherVersion(backup, manifest)
  const before = await refuseFullDirectory(dataDirectory)
  const keySource = await findKey(settings, request, backup, manifest)
  const keyFile = path.resolve(masterKeyFileIn(settings, dataDirectory))
  const putsKey = keySource !== undefined && keySource !== keyFile
  if (putsKey && (await isThere(keyFile))) throw keyInTheWay(keyFile)
  await progress.step('Verifying the backup', () => verify(backup, manifest))

  const made: Made = { dataDirectory, before, machine: undefined, keyFile: undefined }
  const remarks: string[] = []
  try {
    const machine = await prepareMachine(settings)
    made.machine = machine
    refuseOtherPostgres(manifest, machine)
    for (const cluster of manifest.clusters)
      await progress.step(`Unpacking ${cluster.name}`, () => unpack(backup, cluster, machine))
    if (putsKey) {
      await putKey(keySource, keyFile)
      made.keyFile = keyFile
    }
    const instances = manifest.clusters.filter(({ kind }) => kind === 'instance')
    for (const cluster of instances)
      await progress.step(`Recovering ${cluster.name}`, () => recover(cluster, machine))
    if (manifest.system_database === 'included')
      remarks.push(
        ...(await progress.step('Recovering the system database', () =>
          completeSystemDatabase(settings, machine, manifest, keySource === undefined ? undefined : keyFile),
        )),
      )
    else
      remarks.push(
        'The system database is an external one: restore it by its own means, to a moment after this backup was taken.',
      )
  } catch (error) {
    throw await undo(made, error)
  }
  if (keySource === undefined)
    remarks.push('The master key is not there: run `lakegate keys replace-lost` before you start.')
  return {
    dataDirectory,
    madeAt: new Date(manifest.made_at),
    clusters: manifest.clusters.map(({ name }) => name),
    remarks,
  }
}

async function refuseOtherVersion(backup: string, manifest: BackupManifest): Promise<void> {
  const known = await listMigrations()
  if (manifest.last_migration !== undefined && !known.includes(manifest.last_migration))
    throw newer(backup, manifest.lakegate_version)
  const here = `${process.platform}-${process.arch}`
  if (manifest.platform === here) return
  throw new Fault({
    code: 'backup_of_another_platform',
    origin: 'configuration',
    message: `The backup ${backup} was made on ${manifest.platform}, and this machine is ${here}: the files of PostgreSQL differ.`,
    nextStep: `Restore it on a machine of that kind, or dump its databases there and restore the dumps here (docs/operating.md).`,
  })
}

/** The programs that come along are of one major version, with which the files must have been written. */
function refuseOtherPostgres(manifest: BackupManifest, { binaries, account }: Machine): void {
  const asked = askVersion(binaries, account)
  if ('problem' in asked) return
  const postgresMajor = Number.parseInt(asked.version, 10)
  const other = manifest.clusters.find((cluster) => cluster.postgres_major !== postgresMajor)
  if (other === undefined) return
  throw new Fault({
    code: 'backup_of_another_postgres',
    origin: 'configuration',
    message: `${other.name} is of PostgreSQL ${String(other.postgres_major)}, and the programs here are of PostgreSQL ${String(postgresMajor)}.`,
    nextStep: `Restore with Lakegate ${manifest.lakegate_version}, or name the programs of that version with LAKEGATE_POSTGRES_BINARIES.`,
  })
}

/** A volume of its own has this directory. */
const LOST_AND_FOUND = 'lost+found'
/** What every start makes anew where it is missing; a start that was refused leaves it, and no data is in it. */
const MADE_ANEW: readonly string[] = ['share', 'postgresql']

/** @returns what is in it that is no installation; undefined when it does not exist */
async function refuseFullDirectory(dataDirectory: string): Promise<readonly string[] | undefined> {
  if (!(await isThere(dataDirectory))) return undefined
  const names = await readdir(dataDirectory)
  const first = names.find((name) => name !== LOST_AND_FOUND && !MADE_ANEW.includes(name))
  if (first === undefined) return names
  throw new Fault({
    code: 'data_directory_in_use',
    origin: 'configuration',
    message: `The data directory ${dataDirectory} is not empty: ${first} is in it.`,
    nextStep:
      'Name an empty or a new directory with LAKEGATE_DATA_DIR, or stop Lakegate and move what is there away; nothing was changed.',
  })
}

/** @returns the file to take the master key from; undefined when it is lost */
async function findKey(
  settings: LoadedSettings,
  { keyFile, withoutMasterKey }: RestoreRequest,
  backup: string,
  { master_key }: BackupManifest,
): Promise<string | undefined> {
  const configured = settings['master-key-file'].value
  const candidates = [
    ...(keyFile === undefined ? [] : [path.resolve(keyFile)]),
    ...(master_key.included ? [path.join(backup, KEY_IN_BACKUP)] : []),
    ...(configured !== undefined && (await isThere(configured)) ? [path.resolve(configured)] : []),
  ]
  const [file] = candidates
  if (file === undefined) {
    if (withoutMasterKey) return undefined
    throw wrongUsage(
      'The backup does not include the master key.',
      'Name the file with --key-file. If it is lost, restore with --without-master-key.',
    )
  }
  const found = fingerprintOf(createKeyEncryption(await loadMasterKey(file)))
  if (found === master_key.fingerprint) return file
  throw new Fault({
    code: 'master_key_does_not_fit',
    origin: 'configuration',
    message: `The master key in ${file} is not the one of this backup.`,
    nextStep:
      'Name the key of the time of the backup with --key-file; a rotation leaves the former one beside the new one (master.key.until-…).',
  })
}

async function verify(backup: string, { clusters }: BackupManifest): Promise<void> {
  for (const cluster of clusters) {
    const directory = path.join(backup, directoryOf(cluster))
    try {
      for (const { name, size, sha256 } of cluster.files)
        await verifyStoredFile(directory, { name, size, checksum: sha256 })
      await verifyArchive(directory)
    } catch (cause) {
      throw incomplete(backup, `${cluster.name}: ${cause instanceof Error ? cause.message : String(cause)}`)
    }
  }
}

async function unpack(
  backup: string,
  cluster: ClusterInBackup,
  { dataDirectory, account }: Machine,
): Promise<void> {
  const directory = path.join(dataDirectory, directoryOf(cluster))
  if (cluster.kind === 'instance') await makeOwnDirectory(path.dirname(directory), account)
  await makeOwnDirectory(directory, account)
  const places = placesOf(directory)
  // Nobody else can enter it until everything in it is complete and given to the account.
  const unfinished = `${places.data}.unfinished.${randomUUID()}`
  await mkdir(unfinished, { mode: 0o700 })
  await unpackArchive(path.join(backup, directoryOf(cluster)), unfinished)
  await giveAway(unfinished, account)
  await rename(unfinished, places.data)
  await writeMarker(places.marker, { id: cluster.id, systemIdentifier: cluster.system_identifier })
}

/** The account cannot have put a link into it: it could not enter the directory until now. */
async function giveAway(directory: string, account: OperatingSystemAccount): Promise<void> {
  if (account.spawnAs === undefined) return
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  for (const entry of entries) await lchown(path.join(entry.parentPath, entry.name), account.uid, account.gid)
  await lchown(directory, account.uid, account.gid)
}

/** Never replaces a file, not even one that was made a moment ago. */
async function putKey(from: string, to: string): Promise<void> {
  try {
    await putMasterKeys(to, await loadMasterKey(from))
  } catch (error) {
    if (error instanceof Fault && hasCode(error.cause, 'EEXIST')) throw keyInTheWay(to)
    throw error
  }
}

const keyInTheWay = (file: string): Fault =>
  new Fault({
    code: 'master_key_in_the_way',
    origin: 'configuration',
    message: `There is another file in ${file}, where the master key of the backup belongs.`,
    nextStep:
      'If it is needed no more, move it away; otherwise name another file with LAKEGATE_MASTER_KEY_FILE. Nothing was changed.',
  })

/** PostgreSQL replays the write-ahead log of the backup, and is stopped again. */
async function recover(cluster: ClusterInBackup, machine: Machine): Promise<void> {
  const directory = path.join(machine.dataDirectory, directoryOf(cluster))
  await startCluster({
    id: cluster.id,
    directory,
    binaries: machine.binaries,
    account: machine.account,
    superuser: SYSTEM_SUPERUSER,
    expectedIdentifier: cluster.system_identifier,
    configuration: {
      maxConnections: 100,
      sharedBuffersMegabytes: 64,
      extensionDirectory: machine.extensionDirectory,
      preloadLibraries: machine.preloadLibraries,
      // A higher wal_level than the slots of the cluster need does no harm. A slot that a checkpoint here found beyond the
      // limit would be lost for its consumer, whatever limit the cluster runs with.
      replication: { isLogical: true, slotMegabytes: 'unlimited' },
    },
  })
  await stopCluster({ directory })
}

/** @returns remarks for the operator */
async function completeSystemDatabase(
  settings: LoadedSettings,
  machine: Machine,
  manifest: BackupManifest,
  keyFile: string | undefined,
): Promise<readonly string[]> {
  const lost = (missing: string) =>
    Promise.resolve(incomplete(machine.dataDirectory, `${missing} is not there`))
  const system = await startSystemDatabase(machine, undefined, lost, openProcessLog(settings))
  try {
    if (keyFile !== undefined)
      await tryMasterKey(system.database, createKeyEncryption(await loadMasterKey(keyFile)))
    await skipIdentityNumbers(system.database, SKIPPED_NUMBERS)
    await createAuditStore(system.database).appendRecords([
      {
        at: new Date(),
        entry: {
          event: 'restore_backup',
          outcome: 'admitted',
          detail: `of ${manifest.made_at}, made by Lakegate ${manifest.lakegate_version}, by ${readVersion()}, ${whoHere()}`,
        },
      },
    ])
    return await describeMissing(system.database, manifest)
  } finally {
    await system.stop()
  }
}

async function describeMissing(
  database: SystemDatabase,
  { clusters }: BackupManifest,
): Promise<readonly string[]> {
  const instances = await createInstanceStore(database).listAll()
  return instances
    .filter(
      ({ uid, backend, systemIdentifier }) =>
        backend.kind === 'embedded' &&
        systemIdentifier !== undefined &&
        !clusters.some(({ id }) => id === uid),
    )
    .map(
      ({ name }) =>
        `The instance ${name} is not in the backup: it will report data_directory_lost. Delete it, or restore its directory from elsewhere.`,
    )
}

/** What a restore has made so far. */
interface Made {
  readonly dataDirectory: string
  /** What was in the data directory before; undefined when it did not exist. */
  readonly before: readonly string[] | undefined
  machine: Machine | undefined
  /** Undefined until the master key was put there. */
  keyFile: string | undefined
}

/**
 * A restore that failed leaves nothing that a start could take for an installation, and can be run again.
 * @returns why it failed, and what is left where that could not be removed
 */
async function undo(made: Made, failure: unknown): Promise<unknown> {
  const problems: string[] = []
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (problem) {
      problems.push(problem instanceof Error ? problem.message : String(problem))
    }
  }
  const { dataDirectory, before, machine, keyFile } = made
  if (machine !== undefined) await removeFromDataDirectory(machine, before ?? [], attempt)
  if (keyFile !== undefined) await attempt(() => rm(keyFile, { force: true }))
  if (before === undefined) await attempt(() => removeIfEmpty(dataDirectory))
  const [problem] = problems
  if (problem === undefined) return failure
  const { message, nextStep } = failure instanceof Fault ? failure : { message: String(failure) }
  return new Fault({
    code: 'restore_not_undone',
    origin: 'machine',
    message: `${message} And what the restore had made until then could not be removed: ${problem}`,
    nextStep: `Remove what is in ${dataDirectory} before you start anything there.${nextStep === undefined ? '' : ` ${nextStep}`}`,
    cause: failure,
  })
}

/** The cluster of the system database, those of the instances, and what every start makes. */
async function removeFromDataDirectory(
  { dataDirectory, account }: Machine,
  before: readonly string[],
  attempt: (work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const instances = path.join(dataDirectory, 'instances')
  const uids = (await isThere(instances)) ? await readdir(instances) : []
  const clusters = [path.join(dataDirectory, 'system'), ...uids.map((uid) => path.join(instances, uid))]
  for (const directory of clusters) await attempt(() => destroyCluster({ directory, account }))
  await attempt(() => removeIfEmpty(instances))
  for (const name of MADE_ANEW.filter((one) => !before.includes(one)))
    await attempt(() => removeTree(path.join(dataDirectory, name), account))
}

async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory)
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
  }
}
