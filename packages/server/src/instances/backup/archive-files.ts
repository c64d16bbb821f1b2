/** The two files of one cluster in a backup: written as the pieces come, read again to verify, and unpacked to restore. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { BackupPiece } from './base-backup.ts'
import { createManifestCheck, parsePostgresManifest } from './postgres-manifest.ts'
import { readTar, type TarEntry } from './tar.ts'

const ARCHIVE = 'base.tar'
const MANIFEST = 'backup_manifest'
const NAMES = { archive: ARCHIVE, manifest: MANIFEST } as const

/** A file of a backup as its own manifest records it. */
export interface StoredFile {
  readonly name: string
  readonly size: number
  /** SHA-256, hexadecimal. */
  readonly checksum: string
}

/** Writes both files into a directory that exists, and has them on the disk when it resolves. */
export async function storePieces(
  directory: string,
  pieces: AsyncIterable<BackupPiece>,
): Promise<readonly StoredFile[]> {
  const files = {
    archive: await openFile(directory, NAMES.archive),
    manifest: await openFile(directory, NAMES.manifest),
  }
  try {
    for await (const { of, bytes } of pieces) await files[of].append(bytes)
    return [await files.archive.finish(), await files.manifest.finish()]
  } finally {
    await files.archive.close()
    await files.manifest.close()
  }
}

async function openFile(directory: string, name: string) {
  const handle: FileHandle = await open(path.join(directory, name), 'wx', 0o600)
  const hash: Hash = createHash('sha256')
  let size = 0
  return {
    async append(bytes: Buffer) {
      hash.update(bytes)
      size += bytes.length
      await handle.writeFile(bytes)
    },
    async finish(): Promise<StoredFile> {
      await handle.sync()
      return { name, size, checksum: hash.digest('hex') }
    },
    close: () => handle.close(),
  }
}

/** @throws Error saying what is wrong with the file */
export async function verifyStoredFile(
  directory: string,
  { name, size, checksum }: StoredFile,
): Promise<void> {
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of createReadStream(path.join(directory, name)) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    length += chunk.length
  }
  if (length !== size || hash.digest('hex') !== checksum)
    throw new Error(`${name} is not what it was when the backup was made`)
}

/**
 * Reads the archive as a restore does, and compares every file with PostgreSQL's manifest.
 * @throws Error saying what is wrong
 */
export const verifyArchive = (directory: string): Promise<void> =>
  walkArchive(directory, async ({ content }, take) => {
    for await (const chunk of content) take(chunk)
  })

/**
 * Unpacks the archive, and verifies it meanwhile.
 * @param into an empty directory that nobody else can enter
 * @throws Error saying what is wrong
 */
export const unpackArchive = (directory: string, into: string): Promise<void> =>
  walkArchive(directory, async (entry, take, isSyncedByPostgres) => {
    const target = path.join(into, entry.path)
    if (entry.isDirectory) {
      await mkdir(target, { mode: 0o700, recursive: true })
      return
    }
    const handle = await open(target, 'wx', 0o600)
    try {
      for await (const chunk of entry.content) {
        take(chunk)
        await handle.writeFile(chunk)
      }
      if (!isSyncedByPostgres) await handle.sync()
    } finally {
      await handle.close()
    }
  })

async function walkArchive(
  directory: string,
  visit: (
    entry: TarEntry,
    take: (chunk: Buffer) => void,
    /** Recovery begins with an fsync of every file (PostgreSQL, recovery_init_sync_method). */
    isSyncedByPostgres: boolean,
  ) => Promise<void>,
): Promise<void> {
  const manifest = parsePostgresManifest(await readFile(path.join(directory, MANIFEST), 'utf8'))
  const check = createManifestCheck(manifest)
  const archive = createReadStream(path.join(directory, ARCHIVE), { highWaterMark: 1024 * 1024 })
  for await (const entry of readTar(archive as AsyncIterable<Buffer>)) {
    const hash = createHash('sha256')
    await visit(entry, (chunk) => hash.update(chunk), manifest.walRanges.length > 0)
    if (!entry.isDirectory) check.file(entry.path, { size: entry.size, checksum: hash.digest('hex') })
  }
  check.end()
}
