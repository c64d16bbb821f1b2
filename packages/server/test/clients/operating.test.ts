/** docs/operating.md: its commands, as they stand there, done to a Lakegate of its own; backup and restore are in test/rehearsals. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'
import { useShell, type DocumentShell } from '../stage/document-shell.ts'
import { freePort } from '../stage/free-port.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import {
  asOwner,
  createPrincipalWithRole,
  databaseClient,
  inSession,
  mintCredential,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'

const blocks = blocksRunBy('docs/operating.md', 'packages/server/test/clients/operating.test.ts')
const shorthands = blocksRunBy('README.md', 'packages/server/test/clients/readme.test.ts')
const taken = new Set<string>()
/** The one block that says this. */
function block(words: string): string {
  const found = blocks.filter(({ text }) => text.includes(words))
  if (found.length !== 1) throw new Error(`${String(found.length)} blocks of docs/operating.md say ${words}`)
  const text = found[0]?.text ?? ''
  taken.add(text)
  // The directory of the checkout is another one here.
  return text.replaceAll('/opt/lakegate/', REPOSITORY).replaceAll('/opt/lakegate ', `${REPOSITORY} `)
}

let dataDirectory: string
let work: string
let environment: Readonly<Record<string, string>>
let lakegate: RunningLakegate
let shell: DocumentShell
let principal: TestServicePrincipal

const start = async () => {
  lakegate = await startLakegate({ dataDirectory, environment })
}
/** With the shorthands of the README, and what a reader has in variables by then. */
const run = (script: string, more: Readonly<Record<string, string>> = {}) =>
  shell.run(
    [
      shorthands.find(({ text }) => text.includes('api() {'))?.text ?? '',
      block('lakegate() {'),
      block('ACCOUNT='),
      script,
    ].join('\n'),
    {
      LAKEGATE: lakegate.ready.http_url,
      ADMIN_TOKEN: lakegate.ready.admin_token,
      ...more,
    },
  )
const login = async () => ({
  user: principal.applicationId,
  password: await mintCredential(principal.http, lakegate.ready.instance.name),
})
const notes = async (password: string) =>
  inSession(lakegate, { user: principal.applicationId, password }, async (client) => {
    const { rows } = await client.query<{ line: string }>('SELECT line FROM note')
    return rows.map(({ line }) => line)
  })

beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
  work = await mkdtemp(path.join(tmpdir(), 'lakegate-operating-'))
  // Tokens name the URL of their issuer, and have to be good after a restart.
  environment = { LAKEGATE_HTTP_PORT: String(await freePort()), LAKEGATE_DRAIN_SECONDS: '0' }
  shell = await useShell(work, { LAKEGATE_DATA_DIR: dataDirectory })
  await start()
  principal = await createPrincipalWithRole(lakegate, 'the app')
  await asOwner(lakegate, async (owner) => {
    await owner.query("CREATE TABLE note AS SELECT 'before the backup' AS line")
    await owner.query(`GRANT ALL ON note TO "${principal.applicationId}"`)
  })
})
afterAll(async () => {
  await lakegate.stop()
  await removeDataDirectory(dataDirectory)
  await rm(work, { recursive: true, force: true })
})

describe('what asks through REST', () => {
  const held: pg.Client[] = []
  afterAll(() => Promise.all(held.map((client) => client.end().catch(() => undefined))))

  const openSession = async (): Promise<string> => {
    const client = await databaseClient(lakegate, await login())
    await client.connect()
    held.push(client)
    const { sessions } = await lakegate.admin.request<{ sessions: { session_id: string }[] }>(
      'GET',
      '/api/2.0/lakegate/instances/dev/sessions',
    )
    return sessions.at(-1)?.session_id ?? ''
  }

  it('shows and ends sessions, with api and with lakegate sessions', async () => {
    const names = { IDENTITY_ID: principal.id, NAME: principal.applicationId }
    for (const words of ['api "$ADMIN_TOKEN" DELETE', 'lakegate sessions list']) {
      const SESSION_ID = await openSession()
      const { stdout } = await run(block(words), { ...names, SESSION_ID })
      expect(stdout).toContain(SESSION_ID)
    }
  })

  it('shows how an instance was used', async () => {
    const { stdout } = await run(block('/metrics?since='))
    expect(stdout).toContain('"collected_since"')
  })

  it('has an instance end sessions by itself, and reads the audit', async () => {
    const { stdout } = await run(`${block('session_policy')}\n${block('lakegate/audit')}`, {
      IDENTITY_ID: principal.id,
    })
    expect(stdout).toContain('"end_on_token_expiry":true')
    expect(stdout).toContain('"event":"end_session"')
  })
})

describe('the signing keys', () => {
  it('are rotated while everything runs: the new one is published, and tokens of the old one are good', async () => {
    const { password } = await login()
    const { stdout } = await run(block('lakegate keys rotate\n'))
    const [, kid] = /signs from \S+Z: (\S+)/.exec(stdout) ?? []
    const published = (await (await fetch(`${lakegate.ready.http_url}/oidc/v1/keys`)).json()) as {
      keys: { kid: string }[]
    }
    expect(published.keys.map((key) => key.kid)).toContain(kid)
    expect(published.keys).toHaveLength(2)
    await expect(notes(password)).resolves.toEqual(['before the backup'])
    await expect(notes((await login()).password)).resolves.toEqual(['before the backup'])
    const { stdout: audit } = await run(
      `api "$ADMIN_TOKEN" GET "/api/2.0/accounts/$ACCOUNT/lakegate/audit?event=rotate_signing_keys"`,
    )
    expect(audit).toContain(`"detail":"${kid ?? ''} signs from`)
  })

  it('are rotated by administrators of the account only', async () => {
    await expect(
      principal.http.request(
        'POST',
        `/api/2.0/accounts/${lakegate.ready.account_id}/lakegate/signing-keys`,
        {},
      ),
    ).rejects.toMatchObject({ status: 403 })
  })
})

describe('the master key', () => {
  const rotate = () => shell.run(`${block('lakegate() {')}\n${block('keys rotate --master-key')}`)
  const file = () => path.join(dataDirectory, 'master.key')
  const NEXT_KEY = Buffer.alloc(32, 7).toString('base64')

  it('is not rotated while Lakegate runs', async () => {
    const before = await readFile(file(), 'utf8')
    await expect(rotate()).rejects.toThrow('Another Lakegate runs on the data directory')
    expect(await readFile(file(), 'utf8')).toBe(before)
  })

  it('is rotated while nothing runs, and everything is there after it: tokens, roles, certificates', async () => {
    const { password } = await login()
    const before = await readFile(file(), 'utf8')
    const authority = await readFile(lakegate.ready.ca_file, 'utf8')
    await lakegate.stop()
    const { stdout } = await rotate()
    const [, former = ''] = /former key is in (\S+)\. /.exec(stdout) ?? []
    expect(await readFile(former, 'utf8')).toBe(before)
    const after = await readFile(file(), 'utf8')
    expect(after).not.toBe(before)
    // As a rotation leaves it that is killed behind its first step: everything is readable, and the command ends it.
    await writeFile(file(), `${NEXT_KEY}\n${after}`)
    await start()
    await expect(notes(password)).resolves.toHaveLength(1)
    expect(await readFile(lakegate.ready.ca_file, 'utf8')).toBe(authority)
    await lakegate.stop()
    expect((await rotate()).stdout).toContain('The interrupted rotation is finished.')
    expect(await readFile(file(), 'utf8')).toBe(`${NEXT_KEY}\n`)
    await start()
    await expect(notes((await login()).password)).resolves.toHaveLength(1)
    const { stdout: audit } = await run(
      `api "$ADMIN_TOKEN" GET "/api/2.0/accounts/$ACCOUNT/lakegate/audit?event=rotate_master_key"`,
    )
    expect(audit.match(/"event":"rotate_master_key"/g)).toHaveLength(2)
  })

  it('is not rotated with a system database that has none of it', async () => {
    const before = await readFile(file(), 'utf8')
    const empty = await mkdtemp(path.join(work, 'empty-'))
    await writeFile(path.join(empty, 'master.key'), before, { mode: 0o600 })
    await expect(
      shell.run('lakegate keys rotate --master-key', { LAKEGATE_DATA_DIR: empty }),
    ).rejects.toThrow('There is no installation in this system database')
    expect(await readFile(path.join(empty, 'master.key'), 'utf8')).toBe(before)
  })

  it('is not rotated where no data directory is, and none is made', async () => {
    const LAKEGATE_DATA_DIR = path.join(work, 'none')
    await expect(shell.run('lakegate keys rotate --master-key', { LAKEGATE_DATA_DIR })).rejects.toThrow(
      'master.key is not there',
    )
    expect(await readdir(work)).not.toContain('none')
  })
})

it('docs/operating.md has no block that names this test and was not run', () => {
  const skipped = blocks.filter(({ text }) => !taken.has(text)).map(({ line }) => line)
  expect(skipped).toEqual([])
})
