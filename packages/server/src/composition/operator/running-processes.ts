/** The servers that left a record in `running/` of the data directory, and whether each of them is alive. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { hasCode } from '../../instances/embedded/error-code.ts'
import { isAlive, RUNNING_DIRECTORY, type RunningRecord } from '../running-record.ts'

const RECORD = z.object({
  role: z.enum(['everything', 'control', 'gateway']),
  pid: z.number().int().positive(),
  started_at: z.string(),
  lakegate_version: z.string(),
  node_version: z.string(),
  public_url: z.string().optional(),
  health_url: z.string(),
  gateway: z.object({ runtime: z.string(), workers: z.number().int() }).optional(),
})

export interface RunningProcess {
  readonly record: RunningRecord
  readonly file: string
}

/** Those that are alive, the oldest first. */
export async function listRunning(dataDirectory: string): Promise<readonly RunningProcess[]> {
  return (await listRecords(dataDirectory)).filter(({ record }) => isAlive(record.pid))
}

/** Those that ended without removing their record: they were killed. */
export async function listKilled(dataDirectory: string): Promise<readonly RunningProcess[]> {
  return (await listRecords(dataDirectory)).filter(({ record }) => !isAlive(record.pid))
}

async function listRecords(dataDirectory: string): Promise<readonly RunningProcess[]> {
  const directory = path.join(dataDirectory, RUNNING_DIRECTORY)
  const names = await readdir(directory).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  })
  const records = await Promise.all(
    names.filter((name) => /^\d+\.json$/.test(name)).map((name) => read(path.join(directory, name))),
  )
  return records
    .filter((found) => found !== undefined)
    .toSorted((one, other) => one.record.started_at.localeCompare(other.record.started_at))
}

async function read(file: string): Promise<RunningProcess | undefined> {
  try {
    const { data } = RECORD.safeParse(JSON.parse(await readFile(file, 'utf8')))
    return data === undefined ? undefined : { record: withoutUndefined(data), file }
  } catch (error) {
    // Removed meanwhile, or cut off by a full disk.
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return undefined
    throw error
  }
}

const withoutUndefined = ({ public_url, gateway, ...record }: z.infer<typeof RECORD>): RunningRecord => ({
  ...record,
  ...(public_url === undefined ? {} : { public_url }),
  ...(gateway === undefined ? {} : { gateway }),
})
