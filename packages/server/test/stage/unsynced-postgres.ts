/**
 * The PostgreSQL that npm installed, with an initdb whose clusters do not wait for the disk (vitest globalSetup): a third of a
 * first start is that wait. It guards against a crash of the machine, which no test makes; what a killed process had
 * written is in the page cache and stays there.
 */
import { mkdir, mkdtemp, chmod, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findBinaries } from '../../src/instances/embedded/binaries.ts'
import { chooseAccount } from '../../src/instances/embedded/operating-system-account.ts'

/** Inherited by the processes in which the test files run. */
const VARIABLE = 'UNSYNCED_POSTGRES'

/** For the setting postgres-binaries; undefined outside of vitest: those that npm installed. */
export const unsyncedPostgres = (): string | undefined => process.env[VARIABLE]

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  // One for both projects of vitest.config.ts.
  if (unsyncedPostgres() !== undefined) return undefined
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-postgres-'))
  await chmod(directory, 0o755)
  const { initdb, postgres } = await findBinaries({
    directory: undefined,
    copyTo: path.join(directory, 'postgresql'),
    account: chooseAccount(undefined),
  })
  const bin = path.join(directory, 'bin')
  await mkdir(bin)
  await writeFile(path.join(bin, 'initdb'), `#!/bin/sh\nexec '${initdb}' --no-sync --set fsync=off "$@"\n`)
  await chmod(path.join(bin, 'initdb'), 0o755)
  await symlink(postgres, path.join(bin, 'postgres'))
  process.env[VARIABLE] = directory
  return () => rm(directory, { recursive: true, force: true })
}
