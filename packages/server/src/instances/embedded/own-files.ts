/**
 * Files in directories of ours, and reading what the account that runs PostgreSQL wrote: never through a link. A file is
 * written under a new name and renamed, which puts it in the place of whatever is there and follows nothing.
 */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { hasCode } from './error-code.ts'

/** Each writer has a name of its own: two Lakegates may start at the same moment upon one data directory. */
const newName = (file: string): string => `${file}.${randomUUID()}`
const NEW_NAME = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Nobody writes a file of ours for that long: it was left by a Lakegate that was killed. */
const LEFT_BEHIND_MILLISECONDS = 3_600_000

/**
 * Whole or not at all, and on the disk before it counts.
 * @param access.group whose members may read it; left out: nobody but us may
 */
export async function writeOwnFile(
  file: string,
  content: string,
  access: { readonly group?: number } = {},
): Promise<void> {
  const unfinished = newName(file)
  try {
    const handle = await open(unfinished, 'wx', 0o600)
    try {
      if (access.group !== undefined) {
        await handle.chown(process.getuid?.() ?? -1, access.group)
        await handle.chmod(0o640)
      }
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

/**
 * For everybody to read; whole or not at all, since PostgreSQL may be reading it. What is there already stays as it is.
 * It is made anew at each start, so nothing waits for the disk.
 */
export async function writeReadableFile(file: string, content: string): Promise<void> {
  if (await isReadableFile(file, content)) return
  const unfinished = newName(file)
  try {
    const handle = await open(unfinished, 'wx', 0o600)
    try {
      await handle.writeFile(content)
      await handle.chmod(0o644)
    } finally {
      await handle.close()
    }
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

async function isReadableFile(file: string, content: string): Promise<boolean> {
  try {
    const found = await lstat(file)
    return found.isFile() && (found.mode & 0o777) === 0o644 && (await readFile(file, 'utf8')) === content
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Leaves alone what another Lakegate is writing at this moment. */
export async function removeFiles(directory: string, isOther: (file: string) => boolean): Promise<void> {
  for (const name of await readdir(directory)) {
    const file = path.join(directory, name)
    if (NEW_NAME.test(name) ? await isLeftBehind(file) : isOther(name)) await rm(file, { force: true })
  }
}

const isLeftBehind = (file: string): Promise<boolean> =>
  lstat(file).then(
    (found) => Date.now() - found.mtimeMs > LEFT_BEHIND_MILLISECONDS,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) return false
      throw error
    },
  )

/** An empty file under that name, new: what was there is gone, wherever it led to. */
export async function openNewFile(file: string): Promise<FileHandle> {
  await rm(file, { force: true })
  return open(file, 'wx', 0o600)
}

/**
 * The last bytes of a regular file, at most `most`. Undefined when there is none of that name: nothing, a link, a pipe, or a
 * file of somebody else that was linked to.
 * @param owners whose file it may be
 */
export async function readEnd(
  file: string,
  most: number,
  owners: readonly number[],
): Promise<string | undefined> {
  let handle: FileHandle
  try {
    // A pipe that nobody writes to would be waited for.
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'ENXIO')) return undefined
    throw error
  }
  try {
    const found = await handle.stat()
    if (!found.isFile() || !owners.includes(found.uid)) return undefined
    const length = Math.min(found.size, most)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, found.size - length)
    return buffer.subarray(0, bytesRead).toString('utf8')
  } finally {
    await handle.close()
  }
}

/** Whatever it is; a link is there wherever it leads to. */
export const isThere = (file: string): Promise<boolean> =>
  lstat(file).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false
      throw error
    },
  )
