/** The worker processes of a gateway, as the operating system sees them. Linux only. */
import { readdir, readFile } from 'node:fs/promises'

/** The process ids of the workers that this process started and that run. */
export async function workersOf(parent: number | undefined): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const [, parentPid] = /^\d+ \(.*\) \S (\d+)/.exec(await readFile(`/proc/${pid}/stat`, 'utf8')) ?? []
        const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
        return Number(parentPid) === parent && command.includes('gateway-worker') ? Number(pid) : undefined
      } catch {
        // It ended while we looked.
        return undefined
      }
    }),
  )
  return found.filter((pid) => pid !== undefined)
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
