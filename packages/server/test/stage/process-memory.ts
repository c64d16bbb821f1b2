/** Resident memory of a process, as the kernel counts it (proc(5)). Linux only. */
import { readFile, writeFile } from 'node:fs/promises'

/** clear_refs, 5: the peak of the resident memory begins anew. */
const FORGET_PEAK = '5'

export interface MemoryWatch {
  /** How many bytes the resident memory was ever above what it was when the watch began. */
  growth(): Promise<number>
}

export async function watchMemory(pid: number): Promise<MemoryWatch> {
  await writeFile(`/proc/${String(pid)}/clear_refs`, FORGET_PEAK)
  const before = await residentBytes(pid)
  return { growth: async () => (await statusBytes(pid, 'VmHWM')) - before }
}

export const residentBytes = (pid: number): Promise<number> => statusBytes(pid, 'VmRSS')

async function statusBytes(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8')
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
  if (kilobytes === undefined) throw new Error(`the kernel does not say ${field} of ${String(pid)}`)
  return Number(kilobytes) * 1024
}
