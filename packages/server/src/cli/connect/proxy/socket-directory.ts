/** The directory of the proxy's Unix socket: nobody but its owner can enter it, and so nobody else can connect. */
import { lstat, mkdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { commandFailed } from '../../exit-codes.ts'

/** sockaddr_un of macOS, which is the shorter one, with its NUL. */
const LONGEST_PATH = 103

/**
 * Makes the directory where it is not there, and makes room for the socket.
 * @returns the file of the socket, by the name that libpq looks for
 * @throws CommandFailure when others may enter the directory, or another program listens there
 */
export async function prepareSocket(directory: string, port: number): Promise<string> {
  const file = path.join(path.resolve(directory), `.s.PGSQL.${String(port)}`)
  if (Buffer.byteLength(file) > LONGEST_PATH)
    throw commandFailed(
      `The path ${file} is too long for a Unix socket: ${String(LONGEST_PATH)} bytes fit.`,
      'Choose a directory with a shorter path.',
    )
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const found = await lstat(directory)
  const own = process.getuid?.()
  if (!found.isDirectory() || found.uid !== own || (found.mode & 0o077) !== 0)
    throw commandFailed(
      `${directory} is not a directory that only you can enter.`,
      `Name another one, or close it: chmod 700 ${directory}`,
    )
  if (await isAnswered(file))
    throw commandFailed(
      `Another program listens at ${file}.`,
      'Stop it, or choose another directory or --port.',
    )
  // A program that was killed leaves the file behind.
  await rm(file, { force: true })
  return file
}

const isAnswered = (file: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(file)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
