/**
 * Where the binaries have their shared files. Only the binaries know, because packages put them in different places.
 */
import { spawnSync } from 'node:child_process'
import { Fault } from '../../domain/fault.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'

/** @throws Fault postgres_unreachable */
export function findShareDirectory({ initdb }: PostgresBinaries, account: OperatingSystemAccount): string {
  // `--show` prints what initdb would use and ends; it needs the name of a directory but does not open it.
  const { stdout, stderr, error } = spawnSync(initdb, ['--show', '--pgdata=/nonexistent'], {
    ...account.spawnAs,
    cwd: '/',
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  })
  const found = error === undefined ? /^share_path=(.+)$/m.exec(`${stdout}\n${stderr}`)?.[1] : undefined
  if (found !== undefined) return found
  throw new Fault({
    code: 'postgres_unreachable',
    origin: 'machine',
    message: `${initdb} does not say where its shared files are: ${error?.message ?? stderr.trim()}`,
    nextStep: 'Name complete binaries of PostgreSQL 18 with LAKEGATE_POSTGRES_BINARIES.',
    cause: error,
  })
}
