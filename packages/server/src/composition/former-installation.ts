/**
 * Detects that there was an installation before when its system database shows none. Lakegate then refuses to start and
 * never replaces the lost data with something empty (DESIGN §8). A volume that is not mounted and the URL of another
 * database both look like this.
 */
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { LoadedSettings } from '../config/load.ts'
import { environmentVariableOf } from '../config/settings.ts'
import { Fault } from '../domain/fault.ts'
import { isThere } from '../instances/embedded/own-files.ts'

/**
 * The operator of an external system database may bring the key along; for an embedded one the key is made after the
 * database.
 */
const MASTER_KEY = 'master.key'
/** Made at every start, once the system database holds the installation. */
const CERTIFICATE = 'ca.pem'
const INSTANCES = 'instances'
const UID = /^[0-9a-f-]{36}$/

export interface FormerInstallation {
  /** Called before an embedded system database is made. */
  refuseSystemDatabase(missing: string): Promise<Fault | undefined>
  /**
   * Called before an installation is made in a system database that holds none.
   * @throws Fault installation_lost, new_installation_refused
   */
  refuseInstallation(): void
}

/**
 * Call it before the system database is queried: another control plane that starts for the first time in the same
 * directory writes its installation to the database before it leaves any of these files.
 */
export async function lookForFormerInstallation(
  settings: LoadedSettings,
  dataDirectory: string,
): Promise<FormerInstallation> {
  const traces = await findTraces(dataDirectory)
  const isRefused = settings['new-installation'].value === 'refuse'
  return {
    async refuseSystemDatabase(missing) {
      const found = (await isThere(path.join(dataDirectory, MASTER_KEY))) ? [MASTER_KEY, ...traces] : traces
      if (found.length > 0) return systemDatabaseLost(missing, dataDirectory, found)
      return isRefused ? newInstallationRefused(`There is no system database in ${dataDirectory}`) : undefined
    },
    refuseInstallation() {
      if (traces.length > 0) throw installationLost(dataDirectory, traces)
      if (isRefused) throw newInstallationRefused('The system database holds no installation')
    },
  }
}

/** @returns their names in the data directory */
async function findTraces(dataDirectory: string): Promise<readonly string[]> {
  const instances = path.join(dataDirectory, INSTANCES)
  // The directory of instances may exist before the first instance, for example as a mount point.
  const uids = (await isThere(instances)) ? (await readdir(instances)).filter((name) => UID.test(name)) : []
  return [
    ...((await isThere(path.join(dataDirectory, CERTIFICATE))) ? [CERTIFICATE] : []),
    ...uids.slice(0, 1).map((uid) => path.join(INSTANCES, uid)),
  ]
}

const systemDatabaseLost = (missing: string, dataDirectory: string, traces: readonly string[]): Fault =>
  new Fault({
    code: 'system_database_lost',
    origin: 'configuration',
    message: `${missing} is gone or empty, but the system database existed before: ${traces.join(', ')} of it ${traces.length === 1 ? 'is' : 'are'} still in ${dataDirectory}.`,
    nextStep: `Mount or restore it, or name the external system database with ${environmentVariableOf('database-url')}; for a new installation choose another data directory (${environmentVariableOf('data-dir')}).`,
  })

const installationLost = (dataDirectory: string, traces: readonly string[]): Fault =>
  new Fault({
    code: 'installation_lost',
    origin: 'configuration',
    message: `The system database holds no installation, but there was one: ${traces.join(', ')} of it ${traces.length === 1 ? 'is' : 'are'} still in ${dataDirectory}.`,
    nextStep: `Name the system database that belongs to this data directory (${environmentVariableOf('database-url')}), or restore it; for a new installation choose another data directory (${environmentVariableOf('data-dir')}).`,
  })

const newInstallationRefused = (what: string): Fault =>
  new Fault({
    code: 'new_installation_refused',
    origin: 'configuration',
    message: `${what}, and no new installation may be made.`,
    nextStep: `Mount or restore it, or set ${environmentVariableOf('new-installation')}=allow for a first start.`,
  })
