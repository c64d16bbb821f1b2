/** `lakegate psql`: who signs in and how, and what psql is given; the real psql where there is one, a stand-in for what it is told. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { AuditAnswer } from '@lakegate/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasProgram } from '../stage/document-shell.ts'
import { createSomebody, type Somebody } from '../stage/connect-command.ts'
import { createPrincipalWithRole, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate
const WHO = 'select session_user'

let somebody: Somebody
let principal: TestServicePrincipal
beforeAll(async () => {
  somebody = await createSomebody(lakegate)
  principal = await createPrincipalWithRole(lakegate, 'psql command')
})
afterAll(() => somebody.remove())

const asPrincipal = () => ({
  DATABRICKS_HOST: ready.http_url,
  DATABRICKS_CLIENT_ID: principal.applicationId,
  DATABRICKS_CLIENT_SECRET: principal.secret,
})

describe('who signs in', () => {
  it('is the owner of the data directory, as the administrator, where nobody is signed in', async () => {
    const { status, stdout, stderr } = await somebody.run([
      'psql',
      'dev',
      '--built-in',
      '--debug',
      '-c',
      WHO,
      '--',
      '-At',
    ])
    expect(stdout).toBe(`${ready.admin_user}\n`)
    expect(stderr).toContain(`signed in by the local login at ${lakegate.dataDirectory}`)
    expect(stderr).not.toContain('dapi')
    expect(status).toBe(0)
  })

  it('is whom the environment says, before that', async () => {
    const { stdout } = await somebody.run(['psql', 'dev', '--built-in', '-c', WHO, '--', '-At'], {
      environment: asPrincipal(),
    })
    expect(stdout).toBe(`${principal.applicationId}\n`)
  })

  it('is whom a profile says', async () => {
    const file = path.join(somebody.home, 'profiles')
    await writeFile(
      file,
      `[app]\nhost = ${ready.http_url}\nclient_id = ${principal.applicationId}\nclient_secret = ${principal.secret}\n`,
    )
    const { stdout } = await somebody.run(
      ['psql', 'dev', '--profile', 'app', '--built-in', '-c', WHO, '--', '-At'],
      { environment: { DATABRICKS_CONFIG_FILE: file } },
    )
    expect(stdout).toBe(`${principal.applicationId}\n`)
  })

  it('is the owner of the data directory again with --local, whatever the environment says', async () => {
    const { stdout } = await somebody.run(['psql', 'dev', '--local', '--built-in', '-c', WHO, '--', '-At'], {
      environment: asPrincipal(),
    })
    expect(stdout).toBe(`${ready.admin_user}\n`)
  })

  it('is nobody without a Lakegate and without a profile, and is told what to do', async () => {
    const { status, stderr } = await somebody.run(['psql', 'dev', '--built-in', '-c', WHO], {
      environment: { LAKEGATE_DATA_DIR: path.join(somebody.home, 'nothing') },
    })
    expect(stderr).toContain('You are not signed in anywhere')
    expect(stderr).toContain('What to do: Start it')
    expect(status).toBe(3)
  })

  it('reads which instances there are not', async () => {
    const { status, stderr } = await somebody.run(['psql', 'nope', '--built-in', '-c', WHO])
    expect(stderr).toContain('nope')
    expect(status).toBe(4)
  })
})

describe('psql', () => {
  let programs: string
  beforeAll(async () => {
    programs = path.join(somebody.home, 'programs')
    await mkdir(programs)
  })

  async function standIn(script: string) {
    const file = path.join(programs, 'psql')
    await writeFile(file, `#!/bin/sh\n${script}\n`)
    await chmod(file, 0o755)
    return { environment: { PATH: `${programs}:${somebody.environment['PATH'] ?? ''}` } }
  }

  it('is told the place, the role and the authority, and the token not in an argument', async () => {
    const more = await standIn('env | grep "^PG"; echo "$@"; cat "$PGSSLROOTCERT"')
    const { stdout } = await somebody.run(
      ['psql', 'dev', '--as', 'readers', '-d', 'postgres', '-c', 'select 1', '--', '-A', '--quiet'],
      more,
    )
    expect(stdout).toContain(`PGHOST=${ready.instance.host}\n`)
    expect(stdout).toContain(`PGPORT=${String(ready.instance.port)}\n`)
    expect(stdout).toContain('PGUSER=readers\n')
    expect(stdout).toContain('PGDATABASE=postgres\n')
    expect(stdout).toContain('PGSSLMODE=verify-full\n')
    expect(stdout).toMatch(/^PGPASSWORD=eyJ/m)
    expect(stdout).toContain('\n--command=select 1 -A --quiet\n')
    expect(stdout).toContain(await readFile(ready.ca_file, 'utf8'))
  })

  it('is told the pooled endpoint with --pooled', async () => {
    const { stdout } = await somebody.run(
      ['psql', 'dev', '--pooled'],
      await standIn('echo "$PGHOST:$PGPORT"'),
    )
    expect(stdout).toBe(`${ready.instance.pooled_host}:${String(ready.instance.pooled_port)}\n`)
  })

  it('ends the command with its own status', async () => {
    await expect(somebody.run(['psql', 'dev'], await standIn('exit 7'))).resolves.toEqual({
      status: 7,
      stdout: '',
      stderr: '',
    })
  })

  it('gets SIGTERM, and the command has the status of a program that a signal ended', async () => {
    const command = somebody.start(['psql', 'dev'], await standIn('echo up; exec sleep 600'))
    await waitFor('psql', () => command.stdout().includes('up'))
    command.child.kill('SIGTERM')
    await expect(command.ended).resolves.toMatchObject({ status: 143, stderr: '' })
  })

  it.skipIf(!hasProgram('psql'))('that is the real one logs in with verify-full', async () => {
    const { stdout, status } = await somebody.run([
      'psql',
      'dev',
      '-c',
      "select session_user || ' ' || ssl from pg_stat_ssl where pid = pg_backend_pid()",
      '--',
      '-XAt',
    ])
    expect(stdout).toMatch(new RegExp(`^${ready.admin_user} `))
    expect(status).toBe(0)
  })
})

describe('the local login', () => {
  it('is on record for administrators to read', async () => {
    await somebody.run(['credential', 'dev'])
    const found = await waitFor('the record', async () => {
      const { records } = await lakegate.admin.request<AuditAnswer>(
        'GET',
        '/api/2.0/lakegate/audit?event=local_login',
      )
      return records[0]
    })
    expect(found).toMatchObject({ outcome: 'admitted', identity_name: ready.admin_user })
  })
})
