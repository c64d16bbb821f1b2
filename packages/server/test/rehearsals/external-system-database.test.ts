/** docs/operating.md, backup and restore with an external system database: which comes when, and the numbers by hand. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ScimServicePrincipal } from '@lakegate/client'
import { blocksRunBy } from '../stage/document.ts'
import { useShell, type DocumentShell } from '../stage/document-shell.ts'
import { freePort } from '../stage/free-port.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { installPostgresPrograms } from '../stage/postgres-programs.ts'
import { asOwner, createPrincipalWithRole, inSession, mintCredential } from '../stage/service-principal.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

const blocks = blocksRunBy(
  'docs/operating.md',
  'packages/server/test/rehearsals/external-system-database.test.ts',
)
const programs = await installPostgresPrograms()

describe.skipIf(programs.missing !== undefined)('with an external system database', () => {
  let work: string
  let dataDirectory: string
  let system: TestSystemDatabase
  let shell: DocumentShell
  let environment: Readonly<Record<string, string>>
  let lakegate: RunningLakegate

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'lakegate-external-'))
    dataDirectory = await makeDataDirectory()
    await mkdir(path.join(work, 'backups'))
    await mkdir(path.join(work, 'keys'))
    system = await startTestSystemDatabase()
    if (system.address.kind !== 'socket') throw new Error('it has no socket')
    const { user, database, directory } = system.address
    environment = {
      LAKEGATE_DATABASE_URL: `postgresql://${user}@/${database}?host=${directory}`,
      LAKEGATE_HTTP_PORT: String(await freePort()),
    }
    shell = await useShell(work, {
      ...environment,
      LAKEGATE_DATA_DIR: dataDirectory,
      BACKUPS: path.join(work, 'backups'),
      KEYS: path.join(work, 'keys'),
    })
    lakegate = await startLakegate({ dataDirectory, environment })
  })
  afterAll(async () => {
    await lakegate.stop()
    await system.stop()
    await programs.remove()
    await removeDataDirectory(dataDirectory)
    await rm(work, { recursive: true, force: true })
  })

  it('a backup says that it is not part of it, and when it comes', async () => {
    await expect(shell.run('lakegate backup "$BACKUPS/all"')).rejects.toThrow(
      /external one.*\n.*--without-system-database.*last step/,
    )
  })

  it('the instances and the dump belong together after a restore', async () => {
    const principal = await createPrincipalWithRole(lakegate, 'the app')
    const token = await mintCredential(principal.http, 'dev')
    await asOwner(lakegate, async (owner) => {
      await owner.query("CREATE TABLE note AS SELECT 'before the backup' AS line")
      await owner.query(`GRANT ALL ON note TO "${principal.applicationId}"`)
    })
    const [backup, restore] = blocks
    const copy = 'cp "$LAKEGATE_DATA_DIR/master.key" "$KEYS/$BACKUP.key"; printf "%s" "$BACKUP" > last-backup'
    await shell.run(`${backup?.text ?? ''}\n${copy}`, {}, programs.directory)
    await asOwner(lakegate, (owner) => owner.query("UPDATE note SET line = 'after the backup'"))
    await lakegate.stop()
    await removeDataDirectory(dataDirectory)
    const BACKUP = await readFile(path.join(work, 'last-backup'), 'utf8')
    await shell.run(restore?.text ?? '', { BACKUP }, programs.directory)
    lakegate = await startLakegate({ dataDirectory, environment })
    await expect(
      inSession(lakegate, { user: principal.applicationId, password: token }, async (client) => {
        const { rows } = await client.query<{ line: string }>('SELECT line FROM note')
        return rows.map(({ line }) => line)
      }),
    ).resolves.toEqual(['before the backup'])
    const made = await lakegate.admin.request<ScimServicePrincipal>(
      'POST',
      '/api/2.0/preview/scim/v2/ServicePrincipals',
      { displayName: 'made after the restore' },
    )
    expect(Number(made.id) - Number(principal.id)).toBeGreaterThan(1_000_000)
  })
})

it.skipIf(programs.missing === undefined)('the programs of PostgreSQL cannot be had here', () => {
  console.warn(`backup with an external system database is not rehearsed: ${programs.missing ?? ''}`)
})
