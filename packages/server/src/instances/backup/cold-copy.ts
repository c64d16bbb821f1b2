/** A copy of a cluster that does not run, in the same form as a base backup of one that does. */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '../../domain/fault.ts'
import { findPostmaster } from '../embedded/postmaster.ts'
import type { BackupPiece } from './base-backup.ts'
import { renderPostgresManifest, type ManifestFile } from './postgres-manifest.ts'
import { TAR_END, tarHeader, tarPadding } from './tar.ts'

const CHUNK = 256 * 1024
/** They tell of the postmaster that ran last. */
const LEFT_OUT = ['postmaster.pid', 'postmaster.opts']

/**
 * @param data the data directory
 * @param owner the account that owns everything in it
 * @throws Fault cluster_started_meanwhile, data_directory_unusable
 */
export async function* copyStoppedCluster(data: string, owner: number): AsyncGenerator<BackupPiece> {
  const before = await stateOf(data)
  const files = new Map<string, ManifestFile>()
  for await (const piece of copyDirectory(data, '', owner, files)) yield { of: 'archive', bytes: piece }
  yield { of: 'archive', bytes: TAR_END }
  // Each start and each stop writes pg_control.
  const after = await stateOf(data)
  if (before !== after || (await findPostmaster(data)) !== undefined) throw startedMeanwhile(data)
  yield { of: 'manifest', bytes: Buffer.from(renderPostgresManifest(undefined, files), 'utf8') }
}

async function stateOf(data: string): Promise<string> {
  const { mtimeMs, ino } = await lstat(path.join(data, 'global', 'pg_control'))
  return `${String(ino)} ${String(mtimeMs)}`
}

async function* copyDirectory(
  data: string,
  below: string,
  owner: number,
  files: Map<string, ManifestFile>,
): AsyncGenerator<Buffer> {
  const names = (await readdir(path.join(data, below))).sort()
  for (const name of names) {
    const relative = below === '' ? name : `${below}/${name}`
    if (LEFT_OUT.includes(relative)) continue
    const found = await lstat(path.join(data, relative))
    if (found.isDirectory()) {
      yield tarHeader(relative, { size: 0, isDirectory: true })
      yield* copyDirectory(data, relative, owner, files)
    } else if (found.isFile()) yield* copyFile(data, relative, owner, files)
    else throw unusable(data, `${relative} is neither a file nor a directory`)
  }
}

async function* copyFile(
  data: string,
  relative: string,
  owner: number,
  files: Map<string, ManifestFile>,
): AsyncGenerator<Buffer> {
  const handle = await open(
    path.join(data, relative),
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  )
  try {
    const { uid, size } = await handle.stat()
    // The account that owns the directory could have put a file of somebody else there (attack 64).
    if (uid !== owner) throw unusable(data, `${relative} belongs to another account (user id ${String(uid)})`)
    const hash = createHash('sha256')
    yield tarHeader(relative, { size, isDirectory: false })
    for (let left = size; left > 0;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(left, CHUNK)))
      if (bytesRead === 0) throw startedMeanwhile(data)
      left -= bytesRead
      const chunk = buffer.subarray(0, bytesRead)
      hash.update(chunk)
      yield chunk
    }
    yield tarPadding(size)
    files.set(relative, { size, checksum: hash.digest('hex') })
  } finally {
    await handle.close()
  }
}

const startedMeanwhile = (data: string): Fault =>
  new Fault({
    code: 'cluster_started_meanwhile',
    origin: 'instance',
    message: `PostgreSQL was started in ${data} while it was copied.`,
    nextStep: 'Run the command again.',
    retryable: true,
  })

const unusable = (data: string, problem: string): Fault =>
  new Fault({
    code: 'data_directory_unusable',
    origin: 'machine',
    message: `The data directory ${data} cannot be backed up: ${problem}.`,
    nextStep: 'Look who made that, and remove it if PostgreSQL did not.',
  })
