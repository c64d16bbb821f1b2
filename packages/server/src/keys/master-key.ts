/**
 * The file of the master key: one base64 key per line. It normally holds one key, and two or more during a rotation:
 * the first encrypts, all decrypt. So whenever a rotation is interrupted, everything can still be decrypted.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { link, open, realpath, rename, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '../domain/fault.ts'
import { Redacted } from '../domain/redacted.ts'
import type { MasterKeys } from './key-encryption.ts'

const MASTER_KEY_BYTES = 32
/** The new key, the former one, and those of a rotation or two that were not finished. */
const MOST_KEYS = 4
/** Far more than this many keys need. */
const LONGEST_FILE = 4096

/** Mode bits of group and others. */
const OF_OTHERS = 0o077
/** Of these, all except reading by the group. */
const TOO_OPEN = 0o037

/**
 * Reads the master key.
 * @throws Fault master_key_lost when the file does not exist, master_key_unusable
 */
export async function loadMasterKey(file: string): Promise<MasterKeys> {
  const existing = await readMasterKey(file)
  if (existing !== undefined) return existing
  throw new Fault({
    code: 'master_key_lost',
    origin: 'configuration',
    message: `The master key file ${file} is not there, and without it nothing that the system database keeps encrypted can be read.`,
    nextStep:
      'Put it back from its backup, or name the file that belongs to this system database with LAKEGATE_MASTER_KEY_FILE. No other key can take its place.',
  })
}

/**
 * Reads the master key; creates it with mode 0600 when there is none and a new one is allowed. When two starts race,
 * both use the same key: the complete file gets its name by link(2), which fails when the name is taken.
 * @param mayMake whether nothing has been encrypted with a key yet
 * @throws Fault master_key_lost, master_key_unusable
 */
export async function loadOrMakeMasterKey(
  file: string,
  mayMake: () => Promise<boolean>,
): Promise<MasterKeys> {
  const existing = await readMasterKey(file)
  if (existing !== undefined) return existing
  if (!(await mayMake())) return loadMasterKey(file)
  await write(file, [makeMasterKey()], (unfinished) =>
    link(unfinished, file).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }),
  )
  const created = await readMasterKey(file)
  if (created === undefined) throw unusable(file, 'it disappeared while it was made')
  return created
}

async function readMasterKey(file: string): Promise<MasterKeys | undefined> {
  try {
    const handle = await open(file, 'r')
    try {
      const found = await handle.stat()
      if (!found.isFile()) throw new Error('it is not a file')
      if (found.uid !== 0 && found.uid !== process.getuid?.())
        throw new Error(`it belongs to another account (user id ${String(found.uid)})`)
      if (found.size > LONGEST_FILE) throw notKeys()
      const keys = parse(await handle.readFile('utf8'))
      // Only after the file has proved to be a key file: with a wrong setting, a process running as root could change
      // the mode of any file.
      await closeToOthers(handle)
      return keys
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw unusable(file, error instanceof Error ? error.message : String(error), error)
  }
}

/**
 * A key file whose mode cannot be changed, because root gave it to Lakegate's account or it is mounted read-only, may
 * stay readable for its group.
 * @throws Error when other accounts may read or change it, and its mode cannot be changed
 */
async function closeToOthers(handle: FileHandle): Promise<void> {
  const { mode } = await handle.stat()
  if ((mode & OF_OTHERS) === 0) return
  try {
    await handle.chmod(0o600)
  } catch (cause) {
    if ((mode & TOO_OPEN) === 0) return
    const octal = (mode & 0o777).toString(8).padStart(4, '0')
    throw new Error(`its mode ${octal} lets other accounts read or change it, and cannot be changed`, {
      cause,
    })
  }
}

/** @throws Error when it contains anything but keys */
function parse(text: string): MasterKeys {
  const [current, ...former] = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => Buffer.from(line, 'base64'))
  const keys = current === undefined ? [] : [current, ...former]
  if (current === undefined || keys.length > MOST_KEYS || keys.some((key) => key.length !== MASTER_KEY_BYTES))
    throw notKeys()
  return [new Redacted<Uint8Array>(current), ...former.map((key) => new Redacted<Uint8Array>(key))]
}

class NotKeys extends Error {}
const notKeys = () => new NotKeys(`it must hold ${String(MASTER_KEY_BYTES)} bytes in base64`)

/**
 * Whether a file was not usable because what was read from it are no keys. Any other file could not be read, and may hold the
 * right one.
 */
export const holdsNoKeys = (error: Fault): boolean => error.cause instanceof NotKeys

const makeMasterKey = (): Redacted<Uint8Array> => new Redacted<Uint8Array>(randomBytes(MASTER_KEY_BYTES))

/**
 * Puts keys into a new file, and replaces none.
 * @throws Fault master_key_unusable, whose cause has the code EEXIST when the name is taken
 */
export const putMasterKeys = (file: string, keys: MasterKeys): Promise<void> =>
  write(file, keys, (unfinished) => link(unfinished, file))

/**
 * The first step of a rotation: puts a new key before the existing ones. The old file is kept next to it, because
 * backups made so far need it.
 * @returns the keys of the file from now on, and the path of the old file
 * @throws Fault master_key_unusable when the file cannot be written
 */
export async function addMasterKey(
  file: string,
  former: MasterKeys,
  now: Date,
): Promise<{ readonly masterKeys: MasterKeys; readonly keptAt: string }> {
  const target = await realpath(file)
  const keptAt = `${target}.until-${now.toISOString().replaceAll(':', '-').replace(/\.\d+/, '')}`
  const masterKeys: MasterKeys = [makeMasterKey(), ...former]
  await write(target, masterKeys, async (unfinished) => {
    await link(target, keptAt)
    await rename(unfinished, target)
  })
  return { masterKeys, keptAt }
}

/**
 * Makes room for a new key where the file holds one that fits nothing, or no key at all. The file is kept beside it: it
 * may be that of another installation.
 * @returns its path from now on; undefined when there is none
 */
export async function moveUnfitMasterKey(file: string, now: Date): Promise<string | undefined> {
  const keptAt = `${file}.unfit-${now.toISOString().replaceAll(':', '-').replace(/\.\d+/, '')}`
  try {
    await rename(file, keptAt)
    return keptAt
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw unusable(file, error instanceof Error ? error.message : String(error), error)
  }
}

/**
 * The last step of a rotation: removes all keys but the one that encrypts.
 * @throws Fault master_key_unusable when the file cannot be written
 */
export async function dropFormerMasterKeys(file: string, [current]: MasterKeys): Promise<void> {
  const target = await realpath(file)
  await write(target, [current], (unfinished) => rename(unfinished, target))
}

/**
 * Writes the complete file with mode 0600. When this resolves, the file and its name are on disk (fsync(2) of the file
 * and its directory).
 */
async function write(
  file: string,
  keys: MasterKeys,
  putInPlace: (unfinished: string) => Promise<void>,
): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`
  try {
    const handle = await open(unfinished, 'wx', 0o600)
    try {
      await handle.writeFile(keys.map((key) => `${Buffer.from(key.reveal()).toString('base64')}\n`).join(''))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await putInPlace(unfinished)
    const directory = await open(path.dirname(file), 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  } catch (cause) {
    throw unusable(file, cause instanceof Error ? cause.message : String(cause), cause)
  } finally {
    await rm(unfinished, { force: true })
  }
}

function unusable(file: string, problem: string, cause?: unknown): Fault {
  return new Fault({
    code: 'master_key_unusable',
    origin: 'configuration',
    message: `The master key file ${file} cannot be used: ${problem}.`,
    nextStep: 'Put the right file back, or name it with LAKEGATE_MASTER_KEY_FILE.',
    cause,
  })
}
