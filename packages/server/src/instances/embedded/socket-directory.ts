/** Directories of Unix sockets: their paths are short enough, and nobody but the intended accounts can enter them. */
import { createHash } from 'node:crypto'
import { rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Fault } from '../../domain/fault.ts'
import { hasCode } from './error-code.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'
import { makeAccountDirectory, makeOwnDirectory, refuseStrangersPath } from './own-directories.ts'

/** Every socket of ours has the name that libpq expects. */
const SOCKET_NAME = '.s.PGSQL.5432'
/** sockaddr_un holds 108 bytes with the NUL on Linux and 104 on macOS; the lock file beside the socket must fit as well. */
const LONGEST_DIRECTORY = 104 - 1 - `/${SOCKET_NAME}.lock`.length

/**
 * The directory itself. If its path is too long for a socket: one below the system's temporary directory, with a name
 * derived from `seed`, so that the next start finds it again.
 * @throws Fault socket_path_too_long when that path is too long as well
 */
function fitting(near: string, seed: string): string {
  if (Buffer.byteLength(near) <= LONGEST_DIRECTORY) return near
  const name = createHash('sha256').update(seed).digest('hex').slice(0, 24)
  const far = path.join(tmpdir(), `lakegate-${name}`)
  if (Buffer.byteLength(far) <= LONGEST_DIRECTORY) return far
  throw new Fault({
    code: 'socket_path_too_long',
    origin: 'configuration',
    message: `The paths ${near} and ${far} are both too long for a Unix socket: ${String(LONGEST_DIRECTORY)} bytes fit.`,
    nextStep: 'Choose a shorter data directory (LAKEGATE_DATA_DIR), or a shorter directory by TMPDIR.',
  })
}

/** The socket directory of a cluster. @throws Fault socket_path_too_long */
export const socketDirectoryOf = (directory: string): string =>
  fitting(path.join(directory, 'socket'), directory)

/** The socket directory of a server of ours that the clusters call. @throws Fault socket_path_too_long */
export const ownSocketDirectoryOf = (near: string): string => fitting(near, near)

export const socketIn = (socketDirectory: string): string => path.join(socketDirectory, SOCKET_NAME)

/** @throws Fault directory_of_another_account, socket_directory_open */
export async function makeSocketDirectory(directory: string, account: OperatingSystemAccount): Promise<void> {
  const socketDirectory = socketDirectoryOf(directory)
  await refuseStrangersPlace(directory, socketDirectory, account)
  await makeAccountDirectory(socketDirectory, account)
}

/** @throws Fault directory_of_another_account, socket_directory_open */
export async function makeOwnSocketDirectory(near: string, account: OperatingSystemAccount): Promise<void> {
  const socketDirectory = ownSocketDirectoryOf(near)
  await refuseStrangersPlace(path.dirname(near), socketDirectory, account)
  await makeOwnDirectory(socketDirectory, account)
}

/**
 * Removes the socket directory of a cluster that is no more, where it is in the system's temporary directory: nothing else would.
 * PostgreSQL removes its socket when it stops. What is not empty, or not a directory, is not what Lakegate left.
 */
export async function removeFarSocketDirectory(directory: string): Promise<void> {
  const socketDirectory = socketDirectoryOf(directory)
  if (path.dirname(socketDirectory) === directory) return
  try {
    await rmdir(socketDirectory)
  } catch (error) {
    if (!NOT_OURS.some((code) => hasCode(error, code))) throw error
  }
}

const NOT_OURS = ['ENOENT', 'ENOTEMPTY', 'ENOTDIR', 'EPERM', 'EACCES']

/** Everybody can create names in the temporary directory, so an existing directory of another account is refused. */
async function refuseStrangersPlace(
  home: string,
  socketDirectory: string,
  account: OperatingSystemAccount,
): Promise<void> {
  const parent = path.dirname(socketDirectory)
  if (parent !== home) await refuseStrangersPath(parent, account)
}
