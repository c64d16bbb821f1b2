/** The commands of the databricks CLI as `lakegate` has them: what they take, what they print, with which status they end. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  DatabaseCredential,
  DatabaseInstance,
  InstancePermissions,
  ScimGroup,
  ScimServicePrincipal,
  ScimUser,
  ServicePrincipalSecret,
  WorkspaceAnswer,
} from '@lakegate/client'
import { makeHome, type Home } from '../stage/at-home.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const { ready } = sharedLakegate()
const { name: dev, uid } = ready.instance
const unique = crypto.randomUUID().slice(0, 8)

let home: Home
beforeAll(async () => {
  home = await makeHome({ DATABRICKS_HOST: ready.http_url, DATABRICKS_TOKEN: ready.admin_token })
})
afterAll(async () => {
  await home.remove()
})

const ofDatabase = (...words: string[]) => ['database', ...words]

describe('what commands print', () => {
  it('is JSON in a pipe as the databricks CLI prints it: a list is an array, whatever the API has around it', async () => {
    const instances = await home.json<DatabaseInstance[]>(ofDatabase('list-database-instances'))
    const asked = await home.json<DatabaseInstance[]>([
      '-o',
      'json',
      ...ofDatabase('list-database-instances'),
    ])
    expect(instances.find(({ name }) => name === dev)).toMatchObject({ uid, state: 'AVAILABLE' })
    expect(asked.map(({ name }) => name)).toContain(dev)
    const found = await home.json<DatabaseInstance>(ofDatabase('find-database-instance-by-uid', '--uid', uid))
    expect(found).toMatchObject({ name: dev, read_write_dns: ready.instance.host })
  })

  it('is a table for people, and nothing but names with --quiet', async () => {
    const table = (await home.run(ofDatabase('list-database-instances', '--output', 'text'))).stdout
    expect(table).toMatch(/^Name +State +Capacity +Host +Port +Creator\n/)
    expect(table).toMatch(
      new RegExp(`^${dev} +AVAILABLE +CU_2 +${ready.instance.host} +${String(ready.instance.port)} `, 'm'),
    )
    const names = (await home.run(ofDatabase('list-database-instances', '--quiet'))).stdout.trim().split('\n')
    expect(names).toContain(dev)
    const fields = (await home.run(ofDatabase('get-database-instance', dev, '-o', 'text'))).stdout
    expect(fields).toMatch(new RegExp(`^uid +${uid}$`, 'm'))
  })

  it('goes to standard error where it is no answer, and --debug says there nothing that is secret', async () => {
    const { stdout, stderr } = await home.run(
      ofDatabase(
        'generate-database-credential',
        '--json',
        JSON.stringify({ instance_names: [dev] }),
        '--debug',
      ),
    )
    const { token } = JSON.parse(stdout) as DatabaseCredential
    expect(stderr).toMatch(/^POST http\S+\/api\/2\.0\/database\/credentials: 200 .*\d ms\n$/)
    expect(stderr).not.toContain(token)
    expect(stderr).not.toContain(ready.admin_token)
  })
})

describe('lakegate database', () => {
  it('mints a credential for what --json names, inline, in a file, and from standard input', async () => {
    const body = JSON.stringify({ instance_names: [dev] })
    await writeFile(path.join(home.directory, 'body.json'), body)
    const mint = (json: string, input?: string) =>
      home.json<DatabaseCredential>(
        ofDatabase('generate-database-credential', '--request-id', 'r1', '--json', json),
        input === undefined ? {} : { input },
      )
    for (const credential of [await mint(body), await mint('@body.json'), await mint('@-', body)])
      expect(credential).toMatchObject({ token: expect.stringMatching(/^ey/) as string })
  })

  it('creates an instance, waits until it is available, changes it, and deletes it', async () => {
    const name = `cli-${unique}`
    const created = await home.json<DatabaseInstance>(
      ofDatabase(
        'create-database-instance',
        name,
        '--capacity',
        'CU_1',
        '--stopped=false',
        '--timeout',
        '5m',
      ),
    )
    expect(created).toMatchObject({ name, state: 'AVAILABLE', effective_capacity: 'CU_1' })
    const changed = await home.json<DatabaseInstance>(
      ofDatabase('update-database-instance', name, 'capacity', '--capacity', 'CU_2'),
    )
    expect(changed.effective_capacity).toBe('CU_2')
    const deleted = await home.run(ofDatabase('delete-database-instance', name, '--purge'))
    expect(deleted).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('creates, lists and deletes roles', async () => {
    const { applicationId } = await home.json<ScimServicePrincipal>([
      'service-principals',
      'create',
      '--display-name',
      `role ${unique}`,
    ])
    await home.json(
      ofDatabase('create-database-instance-role', dev, applicationId, '--identity-type', 'SERVICE_PRINCIPAL'),
    )
    const roles = await home.run(ofDatabase('list-database-instance-roles', dev, '--quiet'))
    expect(roles.stdout.split('\n')).toContain(applicationId)
    // Page by page, and no further than asked for.
    const paged = ofDatabase('list-database-instance-roles', dev, '--page-size', '1')
    const all = await home.json<{ name: string }[]>(paged)
    expect(all.map(({ name }) => name)).toContain(applicationId)
    expect(await home.json([...paged, '--limit', '1'])).toEqual(all.slice(0, 1))
    expect((await home.run(ofDatabase('delete-database-instance-role', dev, applicationId))).status).toBe(0)
  })
})

describe('lakegate users, groups, service-principals and their secrets', () => {
  it('make, show and change what is in the directory', async () => {
    const userName = `${unique}@example.com`
    const user = await home.json<ScimUser>(['users', 'create', '--user-name', userName, '--active'])
    const group = await home.json<ScimGroup>(['groups', 'create', '--display-name', `group ${unique}`])
    const patch = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: [{ value: user.id }] }],
    }
    const patched = await home.run(['groups', 'patch', group.id, '--json', JSON.stringify(patch)])
    expect(patched, patched.stderr).toEqual({ status: 0, stdout: '', stderr: '' })
    const list = await home.run(['users', 'list', '--filter', `userName eq "${userName}"`])
    expect(list.stdout).toMatch(
      new RegExp(`^ID +User name +Groups +Status\n${user.id} +${userName} +.*group ${unique}.* +ACTIVE\n$`),
    )
    expect((await home.run(['users', 'delete', user.id])).status).toBe(0)
    expect((await home.run(['users', 'get', user.id])).status).toBe(4)
  })

  it('make secrets, which --quiet prints alone, by the name of the workspace and by that of the account', async () => {
    const principal = await home.json<ScimServicePrincipal>([
      'service-principals',
      'create',
      '--display-name',
      `s ${unique}`,
    ])
    const of = ['service-principal-secrets-proxy', 'create', principal.id]
    const secret = (await home.run([...of, '--lifetime', '3600s', '--quiet'])).stdout
    expect(secret).toMatch(/^\S{20,}\n$/)
    const secrets = await home.json<ServicePrincipalSecret[]>([
      'account',
      'service-principal-secrets',
      'list',
      principal.id,
    ])
    expect(secrets).toHaveLength(1)
    expect(secrets[0]).not.toHaveProperty('secret')
  })
})

describe('lakegate permissions, tokens and account', () => {
  it('show and change who may do what', async () => {
    const group = await home.json<ScimGroup>(['groups', 'create', '--display-name', `users of ${unique}`])
    const acl = { access_control_list: [{ group_name: group.displayName, permission_level: 'CAN_USE' }] }
    const after = await home.json<InstancePermissions>([
      'permissions',
      'update',
      'database-instances',
      dev,
      '--json',
      JSON.stringify(acl),
    ])
    expect(after.access_control_list.map(({ group_name }) => group_name)).toContain(group.displayName)
    const levels = await home.run([
      'permissions',
      'get-permission-levels',
      'database-instances',
      dev,
      '--quiet',
    ])
    expect(levels.stdout).toBe('CAN_USE\nCAN_MANAGE\n')
  })

  it('make and revoke tokens', async () => {
    const made = await home.json<{ token_value: string; token_info: { token_id: string } }>([
      'tokens',
      'create',
      '--comment',
      unique,
      '--lifetime-seconds',
      '60',
    ])
    expect((await home.run(['tokens', 'list'])).stdout).toContain(unique)
    expect((await home.run(['tokens', 'delete', made.token_info.token_id])).status).toBe(0)
    const refused = await home.run(['current-user', 'me'], {
      environment: { DATABRICKS_TOKEN: made.token_value },
    })
    expect(refused.status).toBe(3)
    expect(refused.stderr).toContain('Set the variable DATABRICKS_TOKEN to an access token')
  })

  it('find the account by themselves', async () => {
    const workspaces = await home.json<WorkspaceAnswer[]>(['account', 'workspaces', 'list', '-o', 'json'])
    expect(workspaces.map(({ workspace_id }) => String(workspace_id))).toContain(ready.workspace_id)
  })
})

describe('a command that cannot be done says what is wrong and what to do, with a status for scripts', () => {
  it.each([
    [2, 'without its argument', ['database', 'get-database-instance'], 'takes NAME, and 0 were given'],
    [
      2,
      'with a command that is not there',
      ['database', 'create-synced-database-table', 'a.b.c'],
      "unknown command 'create-synced-database-table'",
    ],
    [4, 'for what is not there', ['database', 'get-database-instance', 'nope'], 'not found'],
    [5, 'where nobody answers', ['database', 'list-database-instances'], 'cannot be reached'],
  ])('%i, %s', async (status, _when, words, said) => {
    const given = status === 5 ? { environment: { DATABRICKS_HOST: 'http://127.0.0.1:9' } } : {}
    const ran = await home.run(words, given)
    expect(`${ran.stdout}${ran.stderr}`).toContain(said)
    expect(ran.stderr).not.toContain('its own mistake')
    expect(ran.stdout).toBe('')
    expect(ran.status).toBe(status)
  })

  it('3, for a caller who may not', async () => {
    const { applicationId, id } = await home.json<ScimServicePrincipal>([
      'service-principals',
      'create',
      '--display-name',
      `no ${unique}`,
    ])
    const secret = (
      await home.run(['service-principal-secrets-proxy', 'create', id, '--quiet'])
    ).stdout.trim()
    const stranger = await makeHome({
      DATABRICKS_HOST: ready.http_url,
      DATABRICKS_CLIENT_ID: applicationId,
      DATABRICKS_CLIENT_SECRET: secret,
    })
    try {
      expect((await stranger.run(['current-user', 'me', '--quiet'])).stdout).toBe(`${applicationId}\n`)
      const { status, stderr } = await stranger.run(['database', 'delete-database-instance', dev])
      expect(status, stderr).toBe(3)
    } finally {
      await stranger.remove()
    }
  })
})
