/**
 * Checks of settings that need the machine: whether the files and directories they name exist and can be used. Run at a
 * start, before a port is bound or a process started.
 */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { badValue } from './check-setting.ts'
import type { SettingKind } from './kinds.ts'
import type { LoadedSettings } from './loaded-settings.ts'
import { SETTING_NAMES, SETTINGS } from './settings.ts'

/** @returns what is wrong, a clause; undefined when nothing is */
type Look = (name: string) => Promise<string | undefined>

const LOOKS: Partial<Record<SettingKind, Look>> = {
  file: lookForFile,
  kept_file: async (file) => ((await isThere(file)) ? lookForFile(file) : lookForPlace(file)),
  written_file: async (file) =>
    (await kindOf(file)) === 'directory' ? 'it is a directory' : lookForPlace(file),
  postgresql: lookForPrograms,
}

/** @throws Fault configuration_invalid */
export async function checkOnDisk(settings: LoadedSettings): Promise<void> {
  for (const name of SETTING_NAMES) {
    const look = LOOKS[SETTINGS[name].kind]
    const { value, source } = settings[name]
    if (look === undefined || typeof value !== 'string') continue
    const complaint = await look(value)
    if (complaint !== undefined) throw badValue(name, value, source, complaint)
  }
}

/**
 * Only a regular file is accepted: a pipe can be read only once and blocks the next time, and a device may never end.
 */
async function lookForFile(file: string): Promise<string | undefined> {
  const kind = await kindOf(file)
  if (kind !== 'file') return kind === 'other' ? 'it is not a regular file' : `it ${describe(kind)}`
  return tryAccess(file, constants.R_OK, 'it cannot be read')
}

/** The file is written under another name in the same directory and then renamed, so the directory must be writable. */
async function lookForPlace(file: string): Promise<string | undefined> {
  const directory = path.dirname(path.resolve(file))
  const kind = await kindOf(directory)
  if (kind !== 'directory')
    return `the directory ${directory} ${kind === 'file' || kind === 'other' ? 'is not a directory' : describe(kind)}`
  return tryToWrite(directory)
}

/** Permissions are not enough: the file system may be full, or of a kind that takes no files. */
async function tryToWrite(directory: string): Promise<string | undefined> {
  const probe = path.join(directory, `.lakegate-${randomUUID()}`)
  try {
    await (await open(probe, 'wx', 0o600)).close()
    return undefined
  } catch (error) {
    return `nothing can be written into ${directory} (${codeOf(error)})`
  } finally {
    await rm(probe, { force: true })
  }
}

async function lookForPrograms(directory: string): Promise<string | undefined> {
  for (const program of ['postgres', 'initdb']) {
    const file = path.join(directory, 'bin', program)
    if ((await kindOf(file)) !== 'file') return `there is no ${file}`
    const complaint = await tryAccess(file, constants.X_OK, `${file} cannot be run`)
    if (complaint !== undefined) return complaint
  }
  return undefined
}

async function kindOf(name: string): Promise<string> {
  try {
    const found = await stat(name)
    return found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other'
  } catch (error) {
    return codeOf(error)
  }
}

const isThere = async (name: string): Promise<boolean> => (await kindOf(name)) !== 'ENOENT'

function describe(kind: string): string {
  if (kind === 'directory') return 'is a directory'
  if (kind === 'ENOENT') return 'does not exist'
  return kind === 'EACCES' ? 'cannot be reached (EACCES)' : `cannot be used (${kind})`
}

async function tryAccess(name: string, mode: number, complaint: string): Promise<string | undefined> {
  try {
    await access(name, mode)
    return undefined
  } catch (error) {
    return `${complaint} (${codeOf(error)})`
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)
