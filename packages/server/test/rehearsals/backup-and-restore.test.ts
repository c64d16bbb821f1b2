/**
 * docs/operating.md, «Backup» and «Restore», as they stand there: a backup while clients write, restored elsewhere; then people,
 * roles, secrets, tokens, data and the logins of groups are those of the backup. And every backup that a restore must refuse.
 */
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLakegateHttp, type ScimGroup, type ScimServicePrincipal } from '@lakegate/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLoad, type Load } from '../crashes/load.ts'
import { prepareCliLogin } from '../stage/cli-login.ts'
import { stopClusters } from '../stage/clusters.ts'
import { blocksRunBy } from '../stage/document.ts'
import { useShell, type DocumentShell } from '../stage/document-shell.ts'
import { freePort } from '../stage/free-port.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { createPerson, type Person } from '../stage/person.ts'
import {
  asOwner,
  createPrincipalWithRole,
  createServicePrincipal,
  inSession,
  mintCredential,
  requestWorkspaceToken,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

const blocks = blocksRunBy('docs/operating.md', 'packages/server/test/rehearsals/backup-and-restore.test.ts')
const block = (words: string): string => {
  const found = blocks.filter(({ text }) => text.includes(words))
  if (found.length !== 1) throw new Error(`${String(found.length)} blocks say ${words}`)
  return found[0]?.text ?? ''
}
const CLEAN = 'printf "%s" "$BACKUP" > last-backup'

let work: string
let dataDirectory: string
let shell: DocumentShell
let environment: Readonly<Record<string, string>>
let lakegate: RunningLakegate
let principal: TestServicePrincipal
let member: TestServicePrincipal
let person: Person
let token: string
let load: Load
let backup: string
let acknowledgedBefore: readonly string[]

const backups = () => path.join(work, 'backups')
const keys = () => path.join(work, 'keys')
const start = (directory: string) => startLakegate({ dataDirectory: directory, environment })
const lines = (user: string, password: string, query: string) =>
  inSession(lakegate, { user, password }, async (client) => {
    const { rows } = await client.query<{ line: string }>(query)
    return rows.map(({ line }) => line)
  })

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'lakegate-backup-'))
  dataDirectory = await makeDataDirectory()
  await mkdir(backups())
  await mkdir(keys())
  // Tokens name the URL of their issuer, and have to be good after a restore.
  environment = { LAKEGATE_HTTP_PORT: String(await freePort()), LAKEGATE_DRAIN_SECONDS: '0' }
  shell = await useShell(work, { LAKEGATE_DATA_DIR: dataDirectory, BACKUPS: backups(), KEYS: keys() })
  lakegate = await start(dataDirectory)
  principal = await createPrincipalWithRole(lakegate, 'the app')
  member = await createServicePrincipal(lakegate, 'a member')
  person = await createPerson(lakegate)
  await lakegate.admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', {
    displayName: 'Analysts',
    members: [{ value: member.id }],
  })
  await asOwner(lakegate, async (owner) => {
    await owner.query("SELECT databricks_create_role('Analysts', 'GROUP')")
    await owner.query("CREATE TABLE note AS SELECT 'before the backup' AS line")
    await owner.query(`GRANT ALL ON note TO "${principal.applicationId}", "Analysts"`)
  })
  token = await mintCredential(principal.http, lakegate.ready.instance.name)
  load = await startLoad(() => lakegate)
  await waitFor('writes', () => load.acknowledged() > 20)
})
afterAll(async () => {
  await lakegate.stop()
  await stopClusters(dataDirectory)
  await removeDataDirectory(dataDirectory)
  await rm(work, { recursive: true, force: true })
})

describe('a backup', () => {
  it('is taken while clients write, and none of them is cut off', async () => {
    acknowledgedBefore = [...load.entries()]
    const { stdout } = await shell.run(`${block('lakegate backup "$BACKUPS/$BACKUP"\ncp')}\n${CLEAN}`)
    backup = await readFile(path.join(work, 'last-backup'), 'utf8')
    expect(stdout).toContain('complete and verified')
    expect(stdout).toContain('instance dev')
    expect(load.acknowledged()).toBeGreaterThan(acknowledgedBefore.length)
    expect(await readdir(backups())).toEqual([backup])
    expect(await readdir(keys())).toEqual([`${backup}.key`])
    await load.stop()
    expect(load.admittedWrongly()).toBe(0)
  })

  it('holds no master key, and none of what that encrypts in clear', async () => {
    const key = (await readFile(path.join(dataDirectory, 'master.key'), 'utf8')).trim()
    const names = await readdir(path.join(backups(), backup), { recursive: true, withFileTypes: true })
    for (const entry of names.filter((one) => one.isFile())) {
      const content = await readFile(path.join(entry.parentPath, entry.name))
      expect(content.includes(key), entry.name).toBe(false)
      expect(content.includes('BEGIN PRIVATE KEY'), entry.name).toBe(false)
    }
  })

  it('replaces nothing that is there, and is not put where it would be lost', async () => {
    await expect(shell.run(`lakegate backup "$BACKUPS/${backup}"`)).rejects.toThrow('it exists already')
    await expect(shell.run('lakegate backup "$LAKEGATE_DATA_DIR/copy"')).rejects.toThrow(
      'it is in the data directory',
    )
    await expect(shell.run('lakegate backup "$BACKUPS/no/where"')).rejects.toThrow('there is no directory')
    expect(await readdir(backups())).toEqual([backup])
  })

  it('is in the audit', async () => {
    const { records } = await lakegate.admin.request<{ records: readonly { event: string }[] }>(
      'GET',
      `/api/2.0/accounts/${lakegate.ready.account_id}/lakegate/audit?event=make_backup`,
    )
    expect(records).toHaveLength(1)
  })

  it('leaves status and doctor nothing to complain of', async () => {
    const { stdout } = await shell.run(block('lakegate status'), environment)
    expect(stdout).toContain('Everything is as it should be.')
    expect(stdout).toContain(' 0 wrong')
  })
})

describe('a restore refuses, and makes nothing,', () => {
  let elsewhere: string
  let spoilt: string
  const restore = (more = '') =>
    shell.run(`lakegate restore "${spoilt}" ${more || `--key-file "$KEYS/${backup}.key"`}`, {
      LAKEGATE_DATA_DIR: elsewhere,
    })
  const manifestFile = () => path.join(spoilt, 'lakegate-backup.json')
  const changeManifest = async (change: (text: string) => string) =>
    writeFile(manifestFile(), change(await readFile(manifestFile(), 'utf8')))
  const systemArchive = () => path.join(spoilt, 'system', 'base.tar')

  beforeAll(() => {
    elsewhere = path.join(work, 'elsewhere')
    spoilt = path.join(work, 'spoilt')
  })
  const withCopy = async (change: () => Promise<unknown>, words: string, flags = '') => {
    await rm(spoilt, { recursive: true, force: true })
    await cp(path.join(backups(), backup), spoilt, { recursive: true })
    await change()
    await expect(restore(flags)).rejects.toThrow(words)
    expect(await readdir(work)).not.toContain('elsewhere')
  }

  it('a directory that is none', () =>
    withCopy(() => rm(manifestFile()), 'there is no lakegate-backup.json in it'))
  it('one of a later version', () =>
    withCopy(() => changeManifest((text) => text.replace('"format": 1', '"format": 2')), 'a later version'))
  it('one with a schema of a later version', () =>
    withCopy(
      () => changeManifest((text) => text.replace(/"last_migration": "[^"]*"/, '"last_migration": "9999-x"')),
      'a later version',
    ))
  it('one of another platform', () =>
    withCopy(
      () => changeManifest((text) => text.replace(/"platform": "[^"]*"/, '"platform": "darwin-arm64"')),
      'darwin-arm64',
    ))
  it('one without a file', () => withCopy(() => rm(systemArchive()), 'no complete backup'))
  it('one of which a byte was changed', () =>
    withCopy(async () => {
      const handle = await open(systemArchive(), 'r+')
      await handle.write(Buffer.from('x'), 0, 1, 1_000_000)
      await handle.close()
    }, 'is not what it was when the backup was made'))
  it('one whose key is not given', () =>
    withCopy(() => Promise.resolve(), 'does not include the master key', ' '))
  it('another key', async () => {
    await writeFile(path.join(work, 'other.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, {
      mode: 0o600,
    })
    await withCopy(() => Promise.resolve(), 'is not the one of this backup', '--key-file other.key')
  })

  it('a data directory that is not empty', async () => {
    await expect(
      shell.run(`lakegate restore "$BACKUPS/${backup}" --key-file "$KEYS/${backup}.key"`),
    ).rejects.toThrow('is not empty')
    await expect(lines(principal.applicationId, token, 'SELECT line FROM note')).resolves.toEqual([
      'before the backup',
    ])
  })
})

describe('after a restore', () => {
  beforeAll(async () => {
    await asOwner(lakegate, (owner) => owner.query("UPDATE note SET line = 'after the backup'"))
    await lakegate.admin.request('POST', '/api/2.0/preview/scim/v2/ServicePrincipals', {
      displayName: 'made after the backup',
    })
    await lakegate.stop()
    await shell.run(block('before-the-restore'), { BACKUP: backup })
    lakegate = await start(dataDirectory)
  })

  it('data is as of the backup, with everything that was acknowledged before it', async () => {
    await expect(
      asOwner(lakegate, async (owner) => (await owner.query<{ line: string }>('SELECT line FROM note')).rows),
    ).resolves.toEqual([{ line: 'before the backup' }])
    const kept = await asOwner(
      lakegate,
      async (owner) => (await owner.query<{ entry: string }>('SELECT entry FROM kept')).rows,
    )
    const found = new Set(kept.map(({ entry }) => entry))
    expect(acknowledgedBefore.filter((entry) => !found.has(entry))).toEqual([])
  })

  it('a token that was issued before is good', async () => {
    await expect(lines(principal.applicationId, token, 'SELECT line FROM note')).resolves.toEqual([
      'before the backup',
    ])
  })

  it('a secret gets tokens', async () => {
    const workspaceToken = await requestWorkspaceToken(
      lakegate.ready.http_url,
      principal.applicationId,
      principal.secret,
      'all-apis',
    )
    const http = createLakegateHttp(lakegate.ready.http_url, () => workspaceToken)
    const credential = await mintCredential(http, lakegate.ready.instance.name)
    await expect(lines(principal.applicationId, credential, 'SELECT session_user AS line')).resolves.toEqual([
      principal.applicationId,
    ])
  })

  it('a member logs in as the role of the group', async () => {
    await expect(lines('Analysts', await member.workspaceToken(), 'SELECT line FROM note')).resolves.toEqual([
      'before the backup',
    ])
  })

  it('a person signs in with the password', async () => {
    const login = await prepareCliLogin(lakegate)
    await expect(login.login(person)).resolves.toBeDefined()
  })

  it('what was made since then is gone, and no new identity gets its number', async () => {
    const { Resources: found } = await lakegate.admin.request<{ Resources: readonly unknown[] }>(
      'GET',
      `/api/2.0/preview/scim/v2/ServicePrincipals?filter=${encodeURIComponent('displayName eq "made after the backup"')}`,
    )
    expect(found).toEqual([])
    const made = await lakegate.admin.request<ScimServicePrincipal>(
      'POST',
      '/api/2.0/preview/scim/v2/ServicePrincipals',
      { displayName: 'made after the restore' },
    )
    expect(Number(made.id) - Number(member.id)).toBeGreaterThan(1_000_000)
  })

  it('of a stopped Lakegate it is the same, with the key in the backup', async () => {
    await lakegate.stop()
    const { stdout } = await shell.run('lakegate backup --with-master-key "$BACKUPS/stopped"')
    expect(stdout).toContain('It holds the master key')
    await shell.run(
      'mv "$LAKEGATE_DATA_DIR" "$LAKEGATE_DATA_DIR.stopped" && lakegate restore "$BACKUPS/stopped"',
    )
    lakegate = await start(dataDirectory)
    await expect(lines(principal.applicationId, token, 'SELECT line FROM note')).resolves.toEqual([
      'before the backup',
    ])
    await removeDataDirectory(`${dataDirectory}.stopped`)
    await removeDataDirectory(`${dataDirectory}.before-the-restore`)
  })
})
