/**
 * The file of the master key: one key a line, in base64. It holds one; two or more while a rotation is under way: the
 * first encrypts, all of them decrypt. So whatever is killed in the midst of a rotation, what there is can be read.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { link, open, realpath, rename, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '../domain/fault.ts'
import { Redacted } from '../domain/redacted.ts'
import type { MasterKeys } from './key-encryption.ts'

const MASTER_KEY_BYTES = 32
/** The new one, and that of a rotation or two which were not finished. */
const MOST_KEYS = 4
/** Far more than that many keys. */
const LONGEST_FILE = 4096

/** Rights of the group and of everybody. */
const OF_OTHERS = 0o077
/** Of those, all but the group's to read. */
const TOO_OPEN = 0o037

/**
 * Reads the master key.
 * @throws Fault master_key_lost when there is none, master_key_unusable
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
 * Reads the master key; makes it, with mode 0600, when there is none and there may be a new one. Two starts that race end
 * with one key: the file appears whole under its name by link(2), which fails when the name is taken.
 * @param mayMake whether nothing was encrypted under a key yet
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
      // Not before it is known for one of ours: root could close any file of the machine by one wrong setting.
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
 * A key that root gives to the account of Lakegate, or that is mounted to be read only, keeps its mode: its group may read it.
 * @throws Error when others may read or change it, and that cannot be taken from them
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

/** @throws Error when it holds something else than keys */
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

const notKeys = () => new Error(`it must hold ${String(MASTER_KEY_BYTES)} bytes in base64`)

const makeMasterKey = (): Redacted<Uint8Array> => new Redacted<Uint8Array>(randomBytes(MASTER_KEY_BYTES))

/**
 * The first step of a rotation: puts a new key before the one that there is. The file of before stays beside it, because
 * backups made until now open with it.
 * @returns the file's keys from now on, and where the old file is
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
 * The last step of a rotation: the key that encrypts is the only one.
 * @throws Fault master_key_unusable when the file cannot be written
 */
export async function dropFormerMasterKeys(file: string, [current]: MasterKeys): Promise<void> {
  const target = await realpath(file)
  await write(target, [current], (unfinished) => rename(unfinished, target))
}

/** Whole, mode 0600, and on the disk when this resolves (fsync(2): so is its name when the directory is). */
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
