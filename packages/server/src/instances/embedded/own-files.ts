/**
 * Writes files in our own directories, and reads files that the account that runs PostgreSQL wrote, never through a
 * link. A file is written under a new name and then renamed, which replaces whatever is there and follows no link.
 */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { hasCode } from './error-code.ts'

/** Each writer uses a name of its own: two Lakegates may start at the same moment with one data directory. */
const newName = (file: string): string => `${file}.${randomUUID()}`
const NEW_NAME = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** No write takes that long: such a file was left by a Lakegate that was killed. */
const LEFT_BEHIND_MILLISECONDS = 3_600_000

/**
 * Writes the file completely or not at all: its contents are on the disk before it gets its name.
 * @param access.group whose members may read it; left out: only we may
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
 * Writes a file that everybody may read, completely or not at all, because PostgreSQL may be reading it. An existing
 * file with this content is left as it is. The file is made again at each start, so nothing waits for the disk.
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

/** Leaves alone files that another Lakegate is writing at this moment. */
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

/** Creates an empty file under that name; what was there is removed, and if it was a link, its target stays. */
export async function openNewFile(file: string): Promise<FileHandle> {
  await rm(file, { force: true })
  return open(file, 'wx', 0o600)
}

/**
 * Reads the last bytes of a regular file, at most `most`. Undefined when the name does not exist, is a link or a pipe,
 * or is a hard link to a file of another owner.
 * @param owners the accounts to which the file may belong
 */
export async function readEnd(
  file: string,
  most: number,
  owners: readonly number[],
): Promise<string | undefined> {
  let handle: FileHandle
  try {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
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

/** Whether anything exists under that name; a link counts wherever it leads. */
export const isThere = (file: string): Promise<boolean> =>
  lstat(file).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false
      throw error
    },
  )
