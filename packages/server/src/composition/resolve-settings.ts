/** The values that a start on this machine would use for settings that are left out; makes and changes nothing. */
import type { LoadedSettings } from '../config/load.ts'
import type { ResolvedSettings } from '../config/render.ts'
import { Fault } from '../domain/fault.ts'
import { packagedBinaries } from '../instances/embedded/binaries.ts'
import { chooseAccount } from '../instances/embedded/operating-system-account.ts'
import { dataDirectoryHere, masterKeyFileIn } from './data-directory.ts'
import { ownUrl } from './http-address.ts'
import { ownerOfClusters } from './machine.ts'
import { workersByDefault } from './worker-count.ts'

export async function resolveSettings(settings: LoadedSettings): Promise<ResolvedSettings> {
  const dataDirectory = dataDirectoryHere(settings)
  const port = settings['http-port'].value
  const owner = await ownerOfClusters(dataDirectory)
  const account = unlessFault(() => chooseAccount(settings['postgres-account'].value, owner).name)
  const binaries = unlessFault(packagedBinaries)
  return {
    'data-dir': dataDirectory,
    'master-key-file': masterKeyFileIn(settings, dataDirectory),
    // Port 0 takes any free port, which is known only after listening.
    ...(port === 0 ? {} : { 'public-url': ownUrl(settings, port) }),
    'gateway-port': '5432',
    ...(settings['gateway-domain'].value === undefined ? {} : { 'gateway-host': '127.0.0.1' }),
    'gateway-workers': String(workersByDefault()),
    ...(account === undefined ? {} : { 'postgres-account': account }),
    ...(binaries === undefined ? {} : { 'postgres-binaries': binaries }),
  }
}

/** A problem that would stop a start is reported by the start itself. */
function unlessFault(resolve: () => string): string | undefined {
  try {
    return resolve()
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}
