/** The logs below a data directory: not tables and WAL, which hold no statements. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** @returns the text of each */
export async function logsBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const logs = entries.filter((entry) => entry.isFile() && /\.(?:log|csv|json)$|^log/.test(entry.name))
  return Promise.all(logs.map((entry) => readFile(path.join(entry.parentPath, entry.name), 'utf8')))
}
