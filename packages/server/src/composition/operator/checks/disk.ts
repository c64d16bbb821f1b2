/** The data directory: whose it is, who could change it, and how much room is left. */
import { lstat, readdir, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import type { Finding } from '../../../cli/operator/doctor.ts'
import { Fault } from '../../../domain/fault.ts'
import { hasCode } from '../../../instances/embedded/error-code.ts'
import { refuseOpenPath } from '../../../instances/embedded/own-directories.ts'
import { isThere } from '../../../instances/embedded/own-files.ts'
import { placesOf } from '../../../instances/embedded/places.ts'
import { masterKeyFileIn } from '../../data-directory.ts'
import { ok, warning, wrong, type CheckContext } from './finding.ts'

const CHECK = 'disk'
const WRITABLE_BY_OTHERS = 0o022
const OF_OTHERS = 0o077

export async function checkDisk(context: CheckContext): Promise<readonly Finding[]> {
  const { dataDirectory } = context
  if (!(await isThere(dataDirectory))) {
    const parent = await nearestThere(dataDirectory)
    return [
      warning(
        CHECK,
        `The data directory ${dataDirectory} is not there; a start would make a new installation in it.`,
        'Mount it, or name the right one with LAKEGATE_DATA_DIR; for a first start nothing has to be done.',
      ),
      await checkSpace(parent),
    ]
  }
  return [
    ...(await checkOwners(context)),
    await checkSpace(dataDirectory),
    ...(await checkInodes(dataDirectory)),
    ...(await checkMasterKeyFile(context)),
  ]
}

async function nearestThere(directory: string): Promise<string> {
  const parent = path.dirname(directory)
  return (await isThere(parent)) || parent === directory ? parent : nearestThere(parent)
}

async function checkOwners({ dataDirectory, account }: CheckContext): Promise<readonly Finding[]> {
  const { uid, mode } = await stat(dataDirectory)
  const own = process.getuid?.() ?? uid
  if (uid !== own)
    return [
      wrong(
        CHECK,
        `The data directory ${dataDirectory} belongs to another account (user id ${String(uid)}) than this command runs as (${String(own)}).`,
        'Run this, and Lakegate, as its owner, or give it to this account (chown).',
      ),
    ]
  if ((mode & WRITABLE_BY_OTHERS) !== 0)
    return [
      wrong(
        CHECK,
        `Other accounts can write into the data directory ${dataDirectory} (mode ${(mode & 0o7777).toString(8)}).`,
        `chmod 711 ${dataDirectory}`,
      ),
    ]
  // Reported by the runtime.
  if (account instanceof Fault) return []
  try {
    await refuseOpenPath(dataDirectory, account)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return [wrong(CHECK, error.message, error.nextStep ?? '')]
  }
  const foreign = await findForeignCluster(dataDirectory, account.uid)
  return foreign === undefined
    ? [ok(CHECK, `${dataDirectory} belongs to this account, and its clusters to ${account.name}.`)]
    : [
        wrong(
          CHECK,
          `${foreign.data} belongs to another account (user id ${String(foreign.uid)}) than PostgreSQL runs as (${account.name}).`,
          `chown -R ${account.name} ${foreign.data}, while nothing runs; or name its account with LAKEGATE_POSTGRES_ACCOUNT.`,
        ),
      ]
}

async function findForeignCluster(
  dataDirectory: string,
  uid: number,
): Promise<{ readonly data: string; readonly uid: number } | undefined> {
  const instances = path.join(dataDirectory, 'instances')
  const names = (await isThere(instances)) ? await readdir(instances) : []
  const clusters = [
    path.join(dataDirectory, 'system'),
    ...names.filter((name) => !name.startsWith('.')).map((name) => path.join(instances, name)),
  ]
  for (const cluster of clusters) {
    const { data } = placesOf(cluster)
    if (!(await isThere(data))) continue
    const found = await lstat(data)
    if (!found.isSymbolicLink() && found.uid !== uid) return { data, uid: found.uid }
  }
  return undefined
}

const MEGABYTE = 1_000_000
/** PostgreSQL needs a segment of its log and the pages of a checkpoint; below, it soon stops. */
const LEAST = 200 * MEGABYTE
const COMFORTABLE = 2_000 * MEGABYTE

async function checkSpace(directory: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory)
  const free = bavail * bsize
  const said = `${String(Math.floor(free / MEGABYTE))} MB are free for ${directory}`
  if (free >= COMFORTABLE) return ok(CHECK, `${said}.`)
  const next =
    'Make room or enlarge the volume; replication slots that nobody reads keep the most (docs/change-data-capture.md).'
  return free < LEAST
    ? wrong(CHECK, `${said}: PostgreSQL stops when it is full.`, next)
    : warning(CHECK, `${said}.`, next)
}

const FEW_FILES = 10_000

async function checkInodes(directory: string): Promise<readonly Finding[]> {
  const { files, ffree } = await statfs(directory)
  // Some file systems have no limit, and say 0.
  if (files === 0 || ffree >= FEW_FILES) return []
  return [
    (ffree < FEW_FILES / 10 ? wrong : warning)(
      CHECK,
      `Only ${String(ffree)} more files can be made for ${directory} (inodes), and a new instance is a thousand.`,
      'Remove files, or move the data directory to a file system with more inodes.',
    ),
  ]
}

async function checkMasterKeyFile({ settings, dataDirectory }: CheckContext): Promise<readonly Finding[]> {
  const file = masterKeyFileIn(settings, dataDirectory)
  try {
    const { mode, uid } = await stat(file)
    const own = process.getuid?.() ?? uid
    if (uid !== own && uid !== 0)
      return [
        wrong(
          CHECK,
          `The master key ${file} belongs to another account (user id ${String(uid)}).`,
          'Give it to the account that runs Lakegate (chown).',
        ),
      ]
    return (mode & OF_OTHERS) === 0
      ? [ok(CHECK, `Only its owner can read ${file}.`)]
      : [warning(CHECK, `Other accounts can read the master key ${file}.`, `chmod 600 ${file}`)]
  } catch (error) {
    // Whether it is missed is a question of the system database.
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
