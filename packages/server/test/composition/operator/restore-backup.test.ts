/** `lakegate restore`, refused or failed: it takes nothing away that it did not make, and can be run again. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprintOf } from '../../../src/composition/operator/key-fingerprint.ts'
import { restoreBackup } from '../../../src/composition/operator/restore-backup.ts'
import { loadSettings } from '../../../src/config/load.ts'
import { storePieces } from '../../../src/instances/backup/archive-files.ts'
import { copyStoppedCluster } from '../../../src/instances/backup/cold-copy.ts'
import { createKeyEncryption } from '../../../src/keys/key-encryption.ts'
import { loadMasterKey } from '../../../src/keys/master-key.ts'

const ID = '0b7c2f4e-5d6a-4a44-9a55-0d1a2b3c4d5e'
const keyOf = (byte: number) => `${Buffer.alloc(32, byte).toString('base64')}\n`

let work: string
let dataDirectory: string
let backup: string
let keyFile: string
beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'lakegate-restore-'))
  // The account that runs PostgreSQL passes through it.
  await chmod(work, 0o711)
  dataDirectory = path.join(work, 'data')
  backup = path.join(work, 'backup')
  keyFile = path.join(work, 'right.key')
  await writeFile(keyFile, keyOf(1), { mode: 0o600 })
})
afterEach(() => rm(work, { recursive: true, force: true }))

/** One instance, complete by its checksums, which PostgreSQL cannot start. */
async function makeBackupThatDoesNotRecover(
  change: Readonly<Record<string, unknown>> = {},
  changeOfCluster: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const cluster = path.join(work, 'cluster')
  const stored = path.join(backup, 'instances', ID)
  await mkdir(path.join(cluster, 'global'), { recursive: true })
  await mkdir(stored, { recursive: true })
  await writeFile(path.join(cluster, 'PG_VERSION'), '18\n')
  await writeFile(path.join(cluster, 'global', 'pg_control'), 'nothing that PostgreSQL wrote')
  const files = await storePieces(stored, copyStoppedCluster(cluster, process.getuid?.() ?? -1))
  const manifest = {
    format: 1,
    lakegate_version: '0.0.0',
    made_at: '2026-11-27T03:15:00.000Z',
    platform: `${process.platform}-${process.arch}`,
    system_database: 'external',
    master_key: {
      fingerprint: fingerprintOf(createKeyEncryption(await loadMasterKey(keyFile))),
      included: false,
    },
    clusters: [
      {
        kind: 'instance',
        id: ID,
        name: 'instance dev',
        postgres_major: 18,
        files: files.map(({ name, size, checksum }) => ({ name, size, sha256: checksum })),
        ...changeOfCluster,
      },
    ],
    ...change,
  }
  await writeFile(path.join(backup, 'lakegate-backup.json'), JSON.stringify(manifest))
}

async function failureOf(
  environment: Readonly<Record<string, string>>,
  request: Readonly<{ keyFile?: string; withoutMasterKey?: boolean }> = { keyFile },
): Promise<unknown> {
  const settings = loadSettings({
    flags: {},
    environment: { LAKEGATE_DATA_DIR: dataDirectory, ...environment },
    configFile: undefined,
  })
  return restoreBackup(
    settings,
    { backup, keyFile: request.keyFile, withoutMasterKey: request.withoutMasterKey ?? false },
    { step: (_name, work) => work() },
  ).then(
    () => expect.unreachable('it was restored'),
    (error: unknown) => error,
  )
}

describe('a restore', () => {
  it('leaves the master key of another installation where it is, and unpacks nothing', async () => {
    await makeBackupThatDoesNotRecover()
    const other = path.join(work, 'other.key')
    await writeFile(other, keyOf(2), { mode: 0o600 })
    expect(await failureOf({ LAKEGATE_MASTER_KEY_FILE: other })).toMatchObject({
      code: 'master_key_in_the_way',
    })
    expect(await readFile(other, 'utf8')).toBe(keyOf(2))
    expect(await readdir(work)).not.toContain('data')
  })

  it('that fails leaves nothing that it made, keeps the key that it was told to use, and can be run again', async () => {
    await makeBackupThatDoesNotRecover()
    const first = await failureOf({ LAKEGATE_MASTER_KEY_FILE: keyFile })
    expect(await readFile(keyFile, 'utf8')).toBe(keyOf(1))
    expect(await readdir(work)).not.toContain('data')
    // Fails later than the check of the data directory, and sooner than PostgreSQL.
    const nowhere = path.join(work, 'nowhere', 'master.key')
    await mkdir(path.join(dataDirectory, 'lost+found'), { recursive: true, mode: 0o711 })
    expect(first).not.toMatchObject({ code: 'data_directory_in_use' })
    expect(await failureOf({ LAKEGATE_MASTER_KEY_FILE: nowhere })).toMatchObject({
      code: 'master_key_unusable',
    })
    expect(await readdir(dataDirectory)).toEqual(['lost+found'])
  })

  it('that stopped before anything was unpacked can be run again', async () => {
    await makeBackupThatDoesNotRecover({}, { postgres_major: 9 })
    const bad = { LAKEGATE_POSTGRES_BINARIES: path.join(work, 'nowhere') }
    expect(await failureOf(bad)).not.toMatchObject({ code: 'backup_of_another_postgres' })
    expect(await failureOf({})).toMatchObject({ code: 'backup_of_another_postgres' })
  })

  it('of another PostgreSQL leaves nothing either', async () => {
    await makeBackupThatDoesNotRecover({}, { postgres_major: 9 })
    expect(await failureOf({})).toMatchObject({ code: 'backup_of_another_postgres' })
    expect(await readdir(work)).not.toContain('data')
  })

  it('refuses a name that a terminal would obey', async () => {
    await makeBackupThatDoesNotRecover({}, { name: 'instance \u001b]0;title\u0007' })
    expect(await failureOf({})).toMatchObject({ code: 'backup_incomplete' })
  })
})
