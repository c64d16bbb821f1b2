/** The directory of a cluster's Unix socket: closed to everybody but its account, and with a path that fits. */
import { createHash } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Fault } from '../../domain/fault.ts'
import { makePrivateDirectory } from './cluster.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'

/** sockaddr_un holds 108 bytes with the NUL on Linux and 104 on macOS; `/.s.PGSQL.5432.lock` must fit as well. */
const LONGEST_DIRECTORY = 104 - 1 - '/.s.PGSQL.5432.lock'.length

/**
 * `<directory>/socket`, or, where that is too long, a directory below the system's temporary one whose name
 * follows from the path, so that the next start finds it again.
 */
export async function chooseSocketDirectory(
  directory: string,
  account: OperatingSystemAccount,
): Promise<string> {
  const near = path.join(directory, 'socket')
  if (Buffer.byteLength(near) <= LONGEST_DIRECTORY) {
    await makePrivateDirectory(near, account)
    return near
  }
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 24)
  const elsewhere = path.join(tmpdir(), `lakegate-${name}`)
  await makePrivateDirectory(elsewhere, account)
  // Anybody can make names in there: a directory or link that another account placed must not be used.
  const found = await lstat(elsewhere)
  if (!found.isDirectory() || found.uid !== account.uid) {
    throw new Fault({
      code: 'socket_directory_taken',
      origin: 'machine',
      message: `The socket directory ${elsewhere} belongs to another account.`,
      nextStep: 'Remove it, or choose a shorter data directory with LAKEGATE_DATA_DIR.',
    })
  }
  return elsewhere
}
