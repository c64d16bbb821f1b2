/** Profiles of ~/.databrickscfg, shared with the Databricks CLI and the SDKs: read as they do, changed without touching the rest. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { LakegateConfigurationError } from '../errors.ts'
import { changeSection, DEFAULT_SECTION, parseIni, removeSection, type Sections } from './ini.ts'

/** Holds no profile but what the CLI remembers: `default_profile`, `auth_storage`. */
export const SETTINGS_SECTION = '__settings__'

/** A section of ~/.databrickscfg. */
export interface Profile {
  readonly name: string
  /** By the names in the file, e.g. `host`, `auth_type`, `client_id`; a secret may be among them. */
  readonly values: ReadonlyMap<string, string>
}

/** Where profiles are: `~` at the beginning stands for the home directory. */
export function pathOfConfigFile(configFile: string | undefined, homeDirectory: string): string {
  const file = configFile === undefined || configFile === '' ? '~/.databrickscfg' : configFile
  return file === '~' || file.startsWith('~/') ? path.join(homeDirectory, file.slice(1)) : file
}

/** Reads the sections of a file of profiles. @returns undefined when there is no such file */
export async function readConfigFile(file: string): Promise<Sections | undefined> {
  const text = await readTextOf(file)
  return text === undefined ? undefined : parseIni(text)
}

/** Every section with a host, in the order of the file. */
export async function listProfiles(file: string): Promise<readonly Profile[]> {
  const sections = (await readConfigFile(file)) ?? new Map<string, ReadonlyMap<string, string>>()
  return [...sections]
    .filter(([name, values]) => name !== SETTINGS_SECTION && values.has('host'))
    .map(([name, values]) => ({ name, values }))
}

/** The profile that is meant where none is named. */
export const defaultProfileOf = (sections: Sections): string => {
  const chosen = sections.get(SETTINGS_SECTION)?.get('default_profile')
  return chosen === undefined || chosen === '' || chosen === SETTINGS_SECTION ? DEFAULT_SECTION : chosen
}

/**
 * Sets keys of a profile, or takes them out where the value is undefined. Comments, other keys and other profiles stay byte for
 * byte. The file is replaced at once and, if it is new, readable for its owner only.
 */
export async function writeProfile(
  file: string,
  profile: string,
  values: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  checkName(profile)
  for (const [key, value] of Object.entries(values)) {
    if (!/^[a-z0-9_]+$/.test(key))
      throw new LakegateConfigurationError(`“${key}” is no key of a profile.`, 'Use letters, digits and _.')
    if (value !== undefined && /[\r\n`]/.test(value))
      throw new LakegateConfigurationError(
        `The value of ${key} contains a line break or a backtick, which ${file} cannot hold.`,
        'Set it in the environment instead.',
      )
  }
  await replaceFile(file, changeSection((await readTextOf(file)) ?? '', profile, values))
}

/** Takes a profile out of the file; without it nothing happens. */
export async function removeProfile(file: string, profile: string): Promise<void> {
  const text = await readTextOf(file)
  if (text !== undefined) await replaceFile(file, removeSection(text, profile))
}

function checkName(profile: string): void {
  if (profile === '' || profile.trim() !== profile || /[\][\r\n]/.test(profile))
    throw new LakegateConfigurationError(
      `“${profile}” cannot be the name of a profile.`,
      'Take a name without brackets, line breaks and blanks at its ends.',
    )
}

async function readTextOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** Writes beside the file and renames: nobody ever reads half of it. A link stays a link, and rights stay as they are. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const target = await realpath(file).catch(() => file)
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
  const before = await stat(target).catch(() => undefined)
  // Root could put a file in the place of a device: DATABRICKS_CONFIG_FILE=/dev/null is how people say «no profiles».
  if (before !== undefined && !before.isFile())
    throw new LakegateConfigurationError(
      `${file} is not a file, so nothing can be kept in it.`,
      'Name a file with DATABRICKS_CONFIG_FILE, or leave that out.',
    )
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (before !== undefined) await chmod(temporary, before.mode & 0o777)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
