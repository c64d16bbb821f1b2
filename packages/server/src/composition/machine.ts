/** What is decided once about this machine before anything starts: directories, accounts, programs. */
import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { badExtensions } from '../config/check-together.ts'
import type { LoadedSettings } from '../config/load.ts'
import { Fault } from '../domain/fault.ts'
import { findBinaries, type PostgresBinaries } from '../instances/embedded/binaries.ts'
import { chooseAccount, type OperatingSystemAccount } from '../instances/embedded/operating-system-account.ts'
import { hasCode } from '../instances/embedded/error-code.ts'
import { canChange, refuseOpenPath } from '../instances/embedded/own-directories.ts'
import { placesOf } from '../instances/embedded/places.ts'
import { offerExtensions } from '../instances/embedded/offer-extensions.ts'
import { findShareDirectory } from '../instances/embedded/share-directory.ts'
import { installExtensionFiles } from '../instances/extension.ts'
import { readExtensionRules } from '../policy/extensions.ts'
import { dataDirectoryHere } from './data-directory.ts'

/** Accounts that may not list the data directory may still pass through it. */
const CLOSED = 0o711
/**
 * Marks of an installation. A start that was killed before it made one of these left a directory whose mode is CLOSED
 * already.
 */
const MARKS: readonly string[] = ['master.key', 'ca.pem', 'system', 'instances']
/** Exists at the root of a volume of its own. */
const LOST_AND_FOUND = 'lost+found'

export interface Machine {
  readonly dataDirectory: string
  readonly account: OperatingSystemAccount
  readonly binaries: PostgresBinaries
  readonly extensionDirectory: string
  /** Libraries that local instances load when they start. */
  readonly preloadLibraries: readonly string[]
  /** False when the data directory is removed at the stop (`lakegate up --temporary`). */
  readonly isDurable: boolean
}

/** @throws Fault when the data directory, the account or PostgreSQL cannot be used */
export async function prepareMachine(settings: LoadedSettings, isDurable = true): Promise<Machine> {
  const dataDirectory = dataDirectoryHere(settings)
  await mkdirOrFault(dataDirectory)
  const account = chooseAccount(settings['postgres-account'].value, await ownerOfClusters(dataDirectory))
  await closeDataDirectory(dataDirectory, account)
  const binaries = await findBinaries({
    directory: settings['postgres-binaries'].value,
    copyTo: path.join(dataDirectory, 'postgresql'),
    account,
  })
  const extensionDirectory = await installExtensionFiles(path.join(dataDirectory, 'share'))
  const preloadLibraries = await offerOperatorsExtensions(settings, { binaries, account, extensionDirectory })
  return { dataDirectory, account, binaries, extensionDirectory, preloadLibraries, isDurable }
}

/** @throws Fault configuration_invalid */
async function offerOperatorsExtensions(
  settings: LoadedSettings,
  {
    binaries,
    account,
    extensionDirectory,
  }: Omit<Machine, 'dataDirectory' | 'preloadLibraries' | 'isDurable'>,
): Promise<readonly string[]> {
  const rules = readExtensionRules(settings.extensions.value, settings['dangerous-extensions'].value ?? '')
  if ('problem' in rules) throw badExtensions(rules)
  const offered = await offerExtensions({
    shareDirectory: findShareDirectory(binaries, account),
    directory: extensionDirectory,
    rules,
  })
  if ('problem' in offered) throw badExtensions(offered)
  return offered.preloadLibraries
}

async function mkdirOrFault(directory: string): Promise<void> {
  try {
    await makeWithParents(directory)
  } catch (cause) {
    throw unusable(directory, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

/**
 * Creates one directory after the other: Node's own `recursive` never ends where the system reports ENOENT for a
 * directory that exists (below /proc, for example).
 */
async function makeWithParents(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined)
  if (found?.isDirectory() === true) return
  const parent = path.dirname(directory)
  if (parent !== directory) await makeWithParents(parent)
  try {
    await mkdir(directory, { mode: 0o711 })
  } catch (error) {
    // Another start made it at the same moment.
    if (!hasCode(error, 'EEXIST') || !(await stat(directory)).isDirectory()) throw error
  }
}

/**
 * Its subdirectories are closed one by one. The account that runs PostgreSQL must be able to pass through the data
 * directory, but can change nothing in it or on the path to it.
 */
async function closeDataDirectory(directory: string, account: OperatingSystemAccount): Promise<void> {
  await refuseOpenPath(path.dirname(directory), account)
  try {
    // Where the path is a symbolic link, its target is the directory to close.
    const before = await stat(directory)
    if (account.spawnAs !== undefined) {
      if (before.uid !== process.getuid?.())
        throw new Error(`it belongs to another account (user id ${String(before.uid)}) than Lakegate runs as`)
      // A directory that everybody may write, as volumes of containers are, is accepted as long as that account has
      // made nothing in it.
      if (canChange(account, before)) await refuseEntriesOf(directory, account)
    }
    if ((before.mode & 0o7777) !== CLOSED) {
      await refuseForeignFiles(directory)
      await chmod(directory, CLOSED)
    }
  } catch (cause) {
    throw unusable(directory, cause instanceof Error ? cause.message : String(cause), cause)
  }
  await refuseOpenPath(directory, account)
}

/**
 * A directory that is used for something else, such as /etc, was named by mistake: its users need its present mode.
 * @throws Error when it holds files, and none of them is a mark of Lakegate
 */
async function refuseForeignFiles(directory: string): Promise<void> {
  const entries = (await readdir(directory)).filter((name) => name !== LOST_AND_FOUND)
  const [first, ...more] = entries
  if (first === undefined || entries.some((name) => MARKS.includes(name))) return
  const others = more.length === 0 ? '' : ` and ${String(more.length)} more`
  throw new Error(
    `it holds ${first}${others}, nothing of Lakegate, and its mode would have to be changed to 0711 (run chmod 711 if it is the right directory)`,
  )
}

async function refuseEntriesOf(directory: string, { name, uid }: OperatingSystemAccount): Promise<void> {
  for (const entry of await readdir(directory)) {
    if ((await lstat(path.join(directory, entry))).uid === uid)
      throw new Error(`${name}, which PostgreSQL runs as, could write into it and made ${entry} there`)
  }
}

const unusable = (directory: string, problem: string, cause: unknown): Fault =>
  new Fault({
    code: 'data_directory_unusable',
    origin: 'configuration',
    message: `The data directory ${directory} cannot be used: ${problem}.`,
    nextStep:
      'Name a directory that belongs to the account that runs Lakegate, with --data-dir or LAKEGATE_DATA_DIR.',
    cause,
  })

/** @returns the user id that owns the clusters of an earlier start; undefined when there are none */
export async function ownerOfClusters(dataDirectory: string): Promise<number | undefined> {
  const instances = await orNothing(readdir(path.join(dataDirectory, 'instances')), dataDirectory)
  const clusters = [
    path.join(dataDirectory, 'system'),
    ...(instances ?? []).map((name) => path.join(dataDirectory, 'instances', name)),
  ]
  for (const cluster of clusters) {
    const found = await orNothing(lstat(placesOf(cluster).data), dataDirectory)
    if (found !== undefined) return found.uid
  }
  return undefined
}

/**
 * Undefined only on ENOENT. Any other error hides an existing cluster, and we would choose the wrong account for it.
 * @throws Fault data_directory_unusable
 */
async function orNothing<Found>(look: Promise<Found>, directory: string): Promise<Found | undefined> {
  try {
    return await look
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined
    throw unusable(directory, cause instanceof Error ? cause.message : String(cause), cause)
  }
}
