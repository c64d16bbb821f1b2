/**
 * The PostgreSQL that npm installed, with an initdb whose clusters do not wait for the disk (vitest globalSetup): a third of a
 * first start is that wait. It guards against a crash of the machine, which no test makes; what a killed process had
 * written is in the page cache and stays there. Where the account that runs PostgreSQL can run Node, initdb is done once and
 * copied (copied-initdb.mjs).
 */
import { spawnSync } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
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
  const account = chooseAccount(undefined)
  const { initdb, postgres } = await findBinaries({
    directory: undefined,
    copyTo: path.join(directory, 'postgresql'),
    account,
  })
  const bin = path.join(directory, 'bin')
  await mkdir(bin)
  const copying = path.join(directory, 'copied-initdb.mjs')
  await copyFile(fileURLToPath(new URL('copied-initdb.mjs', import.meta.url)), copying)
  await chmod(copying, 0o644)
  const templates = path.join(directory, 'templates')
  await mkdir(templates)
  // Some tests run PostgreSQL under other accounts.
  await chmod(templates, 0o1777)
  const runsNode =
    spawnSync(process.execPath, ['--version'], { ...account.spawnAs, cwd: '/', stdio: 'ignore' }).status === 0
  const command = runsNode
    ? `'${process.execPath}' '${copying}' '${initdb}' '${templates}' "$@"`
    : `'${initdb}' --no-sync --set fsync=off "$@"`
  await writeFile(path.join(bin, 'initdb'), `#!/bin/sh\nexec ${command}\n`)
  await chmod(path.join(bin, 'initdb'), 0o755)
  await symlink(postgres, path.join(bin, 'postgres'))
  process.env[VARIABLE] = directory
  return () => rm(directory, { recursive: true, force: true })
}
