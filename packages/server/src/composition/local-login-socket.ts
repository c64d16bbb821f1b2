/** Where a Lakegate listens for local logins; loaded by commands that look for one, too. */
import path from 'node:path'
import type { LocalLoginPlace } from '../cli/connect/local-login.ts'
import type { LoadedSettings } from '../config/load.ts'
import { ownSocketDirectoryOf } from '../instances/embedded/socket-directory.ts'
import { dataDirectoryHere } from './data-directory.ts'

export const localLoginDirectory = (dataDirectory: string): string => path.join(dataDirectory, 'local-login')

/** @throws Fault socket_path_too_long */
export const localLoginSocket = (dataDirectory: string): string =>
  path.join(ownSocketDirectoryOf(localLoginDirectory(dataDirectory)), 'socket')

/** Of a Lakegate with these settings on this machine. @throws Fault socket_path_too_long */
export async function localLoginPlaceHere(settings: LoadedSettings): Promise<LocalLoginPlace> {
  const dataDirectory = dataDirectoryHere(settings)
  return { socket: localLoginSocket(dataDirectory), dataDirectory }
}
