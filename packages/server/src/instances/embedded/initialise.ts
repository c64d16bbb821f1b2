/** initdb, so that a crash leaves either a complete data directory or none. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { open, readdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { type Fault } from '../../domain/fault.ts'
import type { PostgresBinaries } from './binaries.ts'
import { explainFailure } from './failure.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'
import { makeAccountDirectory } from './own-directories.ts'
import { isThere } from './own-files.ts'
import { removeTree } from './remove-tree.ts'

const UNFINISHED = '.unfinished'

/**
 * Makes the data directory if there is none. Each attempt uses a new name until the directory is complete: the initdb
 * of a killed Lakegate may still be writing into the directory of its own attempt.
 * @throws Fault disk_full, cluster_initialisation_failed
 */
export async function initialiseDataDirectory(request: {
  readonly data: string
  readonly binaries: PostgresBinaries
  readonly account: OperatingSystemAccount
  readonly superuser: string
  /** As in the cluster's configuration. */
  readonly isDurable: boolean
}): Promise<void> {
  const { data, account } = request
  if (!(await isThere(data))) await makeDataDirectory(request)
  await removeAbandoned(data, account)
}

async function makeDataDirectory(request: Parameters<typeof initialiseDataDirectory>[0]): Promise<void> {
  const { data, account } = request
  const unfinished = `${data}${UNFINISHED}.${randomUUID()}`
  try {
    const spare = request.isDurable ? undefined : await takeSpare(request)
    if (spare === undefined) {
      await makeAccountDirectory(unfinished, account)
      await runInitdb(request, unfinished)
      await rename(unfinished, data)
    } else await rename(spare, data)
  } catch (error) {
    // Otherwise every attempt would fill a full disk further.
    await removeTree(unfinished, account)
    throw error
  }
  // The rename is durable only after fsync of the parent directory (fsync(2)).
  const directory = await open(path.dirname(data), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/**
 * A data directory for the second cluster of a temporary Lakegate, made while the first one is: initdb is most of such a start, and
 * keeps one core busy. Undefined until the first cluster asks for one; resolves to undefined once it is taken, or was not made.
 */
let spare: Promise<string | undefined> | undefined

async function takeSpare(
  request: Parameters<typeof initialiseDataDirectory>[0],
): Promise<string | undefined> {
  const offered = spare
  spare = offered === undefined ? makeSpare(request) : Promise.resolve(undefined)
  return offered
}

async function makeSpare(
  request: Parameters<typeof initialiseDataDirectory>[0],
): Promise<string | undefined> {
  const directory = `${request.data}.spare.${randomUUID()}`
  try {
    await makeAccountDirectory(directory, request.account)
    await runInitdb(request, directory)
    return directory
  } catch {
    // The cluster that wanted it makes its own, and says what is wrong.
    return undefined
  }
}

/** Removes what killed attempts left behind. */
async function removeAbandoned(data: string, account: OperatingSystemAccount): Promise<void> {
  const directory = path.dirname(data)
  const names = await readdir(directory)
  for (const name of names.filter((found) => found.startsWith(`${path.basename(data)}${UNFINISHED}`))) {
    // Works also while an initdb that was left running still creates files: it ends soon, at the latest when it prints
    // its next line into a closed pipe.
    await removeTree(path.join(directory, name), account)
  }
}

async function runInitdb(
  request: {
    readonly binaries: PostgresBinaries
    readonly account: OperatingSystemAccount
    readonly superuser: string
    readonly isDurable: boolean
  },
  data: string,
): Promise<void> {
  const initdb = spawn(
    request.binaries.initdb,
    [
      `--pgdata=${data}`,
      `--username=${request.superuser}`,
      '--auth=peer',
      '--encoding=UTF8',
      // Part of PostgreSQL itself: needs no locale of the machine, and cannot change under existing indexes.
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      '--data-checksums',
      ...(request.isDurable ? [] : ['--no-sync', '--set', 'fsync=off']),
    ],
    {
      ...request.account.spawnAs,
      cwd: data,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let printed = ''
  const collect = (chunk: Buffer) => {
    printed = `${printed}${chunk.toString('utf8')}`.slice(-8192)
  }
  initdb.stdout.on('data', collect)
  initdb.stderr.on('data', collect)
  // `once` rejects when the program could not be started at all.
  const [status] = (await once(initdb, 'close')) as [number | null]
  if (status === 0) return
  throw explainFailure(
    'cluster_initialisation_failed',
    'initdb could not make the cluster',
    printed,
  ) satisfies Fault
}
