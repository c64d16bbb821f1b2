/** The PostgreSQL servers below a data directory, as the operating system sees them. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import path from 'node:path'
import { findPostmaster, stopPostmaster } from '../../src/instances/embedded/postmaster.ts'

/** The process id of the postmaster of the system database. */
export const systemPostmaster = (dataDirectory: string): Promise<number | undefined> =>
  findPostmaster(path.join(dataDirectory, 'system', 'data'))

/** The process id of the postmaster of an instance. */
export const instancePostmaster = (dataDirectory: string, uid: string): Promise<number | undefined> =>
  findPostmaster(path.join(dataDirectory, 'instances', uid, 'data'))

/** Ends every postmaster that was left behind, so that a test leaves none. */
export async function stopClusters(dataDirectory: string): Promise<void> {
  const instances = await listInstanceDirectories(dataDirectory)
  for (const cluster of ['system', ...instances.map((name) => path.join('instances', name))]) {
    await stopPostmaster(path.join(dataDirectory, cluster, 'data'))
  }
}

export async function listInstanceDirectories(dataDirectory: string): Promise<readonly string[]> {
  try {
    return await readdir(path.join(dataDirectory, 'instances'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** Processes whose current directory is below this one: postmasters and their backends. Linux only. */
export async function processesIn(directory: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const cwd = await readlink(`/proc/${pid}/cwd`)
        return cwd.startsWith(directory) ? await readFile(`/proc/${pid}/cmdline`, 'utf8') : undefined
      } catch {
        // It ended while we looked, or is nobody's business of ours.
        return undefined
      }
    }),
  )
  return found.filter((command) => command !== undefined)
}
