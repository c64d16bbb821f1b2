/**
 * Ownership of directories when root runs PostgreSQL as another account. «Our» directories are those in which that
 * account can change nothing; every directory of the account lies directly in one of ours. So a path to one of our
 * directories never leads through a link that the account made. Owner and mode are changed only through a descriptor
 * that was opened without following a link, and only on a directory that was just made here or is known to be the
 * account's.
 */
import { constants } from 'node:fs'
import {
  chmod,
  lchown,
  lstat,
  mkdir,
  open,
  readlink,
  realpath,
  rmdir,
  stat,
  type FileHandle,
} from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '../../domain/fault.ts'
import { hasCode } from './error-code.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'

/** The attributes of a directory or link that decide who may change it. */
interface Standing {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

const WRITABLE_BY_OTHERS = 0o022
const WRITABLE_BY_GROUP = 0o020
const WRITABLE_BY_ALL = 0o002
/** In such a directory only the owner of an entry, or of the directory, may rename or remove the entry. */
const STICKY = 0o1000
const MOST_LINKS = 40

const own = (): { readonly uid: number; readonly gid: number } => ({
  uid: process.getuid?.() ?? -1,
  gid: process.getgid?.() ?? -1,
})

/**
 * Makes a directory that others may pass through but in which they can do nothing. If an earlier version gave it to the
 * account, ownership is taken back.
 * @throws Fault directory_of_another_account
 */
export async function makeOwnDirectory(directory: string, account: OperatingSystemAccount): Promise<void> {
  await makeNew(directory)
  const handle = await openDirectory(await followOwnLink(directory, account))
  try {
    const { uid } = await handle.stat()
    if (uid !== own().uid && uid !== account.uid) throw ofAnotherAccount(directory, uid)
    if (uid !== own().uid) await handle.chown(own().uid, own().gid)
    await handle.chmod(account.spawnAs === undefined ? 0o700 : 0o711)
  } finally {
    await handle.close()
  }
}

/** Whether the account can pass through it, following links. A start may have been killed before it set the mode. */
export async function isPassable(directory: string, account: OperatingSystemAccount): Promise<boolean> {
  const { uid, gid, mode } = await stat(directory)
  const executable = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
  return (mode & executable) !== 0
}

/**
 * Makes a directory that only the account can enter.
 * @throws Fault directory_of_another_account when something else exists under that name, a link for example, or a
 * directory of the account into which others can write
 */
export async function makeAccountDirectory(
  directory: string,
  account: OperatingSystemAccount,
): Promise<void> {
  for (;;) {
    const isNew = await makeNew(directory)
    const handle = await openDirectory(directory)
    try {
      const { uid, mode } = await handle.stat()
      if (isNew && uid === own().uid) await handle.chown(account.uid, account.gid)
      else if (uid === account.uid) {
        // Other accounts could have put anything into it.
        if ((mode & WRITABLE_BY_OTHERS) !== 0) throw openToOthers(directory)
      } else if (uid !== own().uid) throw ofAnotherAccount(directory, uid)
      if (isNew || uid === account.uid) {
        await handle.chmod(0o700)
        return
      }
    } finally {
      await handle.close()
    }
    // Made by a start that was killed before it changed the owner; rmdir removes it only if it is empty.
    await rmdir(directory)
  }
}

/** Gives a file in one of our directories to the account; from now on only the account may use it. */
export async function giveToAccount(file: string, account: OperatingSystemAccount): Promise<void> {
  if (account.spawnAs !== undefined) await lchown(file, account.uid, account.gid)
  await chmod(file, 0o600)
}

/** @returns whether it was made now; its parent must exist */
async function makeNew(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 })
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

/** @throws Fault directory_of_another_account when it is a link or no directory */
async function openDirectory(directory: string): Promise<FileHandle> {
  try {
    return await open(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (error) {
    if (hasCode(error, 'ENOTDIR', 'ELOOP', 'EMLINK')) throw noDirectory(directory)
    throw error
  }
}

/**
 * A link of ours in one of our directories was made by the operator, for example to put a cluster on another volume. It
 * is followed only if the account cannot change anything on the way to its target.
 */
export async function followOwnLink(directory: string, account: OperatingSystemAccount): Promise<string> {
  const found = await lstat(directory)
  if (!found.isSymbolicLink() || found.uid !== own().uid) return directory
  const target = await realpath(directory)
  await refuseOpenPath(path.dirname(target), account)
  return target
}

/** @throws Fault directory_open_to_account when the account could replace any part of the path */
export async function refuseOpenPath(directory: string, account: OperatingSystemAccount): Promise<void> {
  if (account.spawnAs === undefined) return
  const open = await findOpenDirectory(directory, (found) => canChange(account, found))
  if (open === undefined) return
  throw new Fault({
    code: 'directory_open_to_account',
    origin: 'configuration',
    message: `The account ${account.name}, which PostgreSQL runs as, can change ${open}, and could therefore replace ${directory}.`,
    nextStep: `Make root the owner of ${open} and remove the write permission of others, or choose another directory (LAKEGATE_DATA_DIR).`,
  })
}

/** Whether the account could replace an entry of that directory. */
export const canChange = (account: OperatingSystemAccount, found: Standing): boolean =>
  found.uid === account.uid ||
  ((found.mode & STICKY) === 0 &&
    ((found.mode & WRITABLE_BY_ALL) !== 0 ||
      ((found.mode & WRITABLE_BY_GROUP) !== 0 && found.gid === account.gid)))

/** @throws Fault socket_directory_open when an account could replace it other than root, our own and PostgreSQL's */
export async function refuseStrangersPath(directory: string, account: OperatingSystemAccount): Promise<void> {
  const known = { uids: [0, own().uid, account.uid], gids: [0, own().gid, account.gid] }
  const open = await findOpenDirectory(
    directory,
    ({ uid, gid, mode }) =>
      !known.uids.includes(uid) ||
      ((mode & STICKY) === 0 &&
        ((mode & WRITABLE_BY_ALL) !== 0 || ((mode & WRITABLE_BY_GROUP) !== 0 && !known.gids.includes(gid)))),
  )
  if (open === undefined) return
  throw new Fault({
    code: 'socket_directory_open',
    origin: 'configuration',
    message: `Other accounts can change ${open}, in which Lakegate needs to create a directory for a Unix socket.`,
    nextStep: 'Choose a shorter data directory (LAKEGATE_DATA_DIR), or another directory by TMPDIR.',
  })
}

/**
 * The first directory or link on the path, the target included, for which the condition holds; resolved as the kernel
 * resolves it.
 */
async function findOpenDirectory(
  target: string,
  holds: (found: Standing) => boolean,
): Promise<string | undefined> {
  const names = target.split('/').filter((name) => name !== '')
  let current = '/'
  let links = 0
  for (;;) {
    if (holds(await lstat(current))) return current
    const name = names.shift()
    if (name === undefined) return undefined
    const next = path.join(current, name)
    const found = await lstat(next)
    if (!found.isSymbolicLink()) {
      current = next
      continue
    }
    if (holds({ uid: found.uid, gid: found.gid, mode: 0 })) return next
    links += 1
    if (links > MOST_LINKS) throw new Error(`too many symbolic links on the way to ${target}`)
    const to = await readlink(next)
    if (path.isAbsolute(to)) current = '/'
    names.unshift(...to.split('/').filter((part) => part !== ''))
  }
}

const ofAnotherAccount = (directory: string, uid: number): Fault =>
  new Fault({
    code: 'directory_of_another_account',
    origin: 'configuration',
    message: `The directory ${directory} belongs to another account (user id ${String(uid)}).`,
    nextStep:
      'Remove it if it is not needed, give it to the account that PostgreSQL runs as, or name that account with LAKEGATE_POSTGRES_ACCOUNT.',
  })

const openToOthers = (directory: string): Fault =>
  new Fault({
    code: 'directory_of_another_account',
    origin: 'configuration',
    message: `Other accounts can write into the directory ${directory}.`,
    nextStep: 'Remove it; Lakegate creates it again.',
  })

const noDirectory = (directory: string): Fault =>
  new Fault({
    code: 'directory_of_another_account',
    origin: 'configuration',
    message: `${directory} was not created by Lakegate as a directory: it is a link or something else.`,
    nextStep: 'Check who made it, then remove it or move it away.',
  })
