/** The directory of a cluster's Unix socket: closed to everybody but its account, and with a path that fits. */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { OperatingSystemAccount } from './operating-system-account.ts'
import { makeAccountDirectory, refuseStrangersPath } from './own-directories.ts'

/** sockaddr_un holds 108 bytes with the NUL on Linux and 104 on macOS; `/.s.PGSQL.5432.lock` must fit as well. */
const LONGEST_DIRECTORY = 104 - 1 - '/.s.PGSQL.5432.lock'.length

/**
 * `<directory>/socket`, or, where that is too long, a directory below the system's temporary one whose name
 * follows from the path, so that the next start finds it again.
 */
export function socketDirectoryOf(directory: string): string {
  const near = path.join(directory, 'socket')
  if (Buffer.byteLength(near) <= LONGEST_DIRECTORY) return near
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 24)
  return path.join(tmpdir(), `lakegate-${name}`)
}

export const socketIn = (socketDirectory: string): string => path.join(socketDirectory, '.s.PGSQL.5432')

/** @throws Fault directory_of_another_account, socket_directory_open */
export async function makeSocketDirectory(directory: string, account: OperatingSystemAccount): Promise<void> {
  const socketDirectory = socketDirectoryOf(directory)
  // Anybody can make names in the temporary directory; what is there already and is not the account's is refused.
  if (path.dirname(socketDirectory) !== directory)
    await refuseStrangersPath(path.dirname(socketDirectory), account)
  await makeAccountDirectory(socketDirectory, account)
}
