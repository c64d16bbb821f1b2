/** Changes a file of the person that may hold secrets: whole or not at all, and readable by nobody else. */
import { randomUUID } from 'node:crypto'
import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { commandFailed } from '../exit-codes.ts'

/** @throws CommandFailure where there is something else than a file, and what the file system throws */
export async function changePrivateFile(file: string, change: (before: string) => string): Promise<void> {
  // A link stays a link: people keep such files elsewhere.
  const target = await realpath(file).catch(() => file)
  const found = await stat(target).catch(() => undefined)
  // Root could put a file in the place of a device.
  if (found !== undefined && !found.isFile())
    throw commandFailed(`${file} is not a file, so nothing can be kept in it.`, 'Name a file.')
  const before = await readFile(target, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  })
  const unfinished = `${target}.${randomUUID()}`
  try {
    await writeFile(unfinished, change(before), { mode: 0o600, flag: 'wx' })
    await rename(unfinished, target)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}
