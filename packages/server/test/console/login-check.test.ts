/**
 * A login check says what a login reads: sixteen logins that are refused, each made for real and each only asked about, by
 * the same words; and who may ask about whom.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  AuditAnswer,
  LoginCheckAnswer,
  LoginCheckRequest,
  LoginCheckStep,
  ScimGroup,
  SignInRolesAnswer,
} from '@lakegate/client'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import { refusal } from '../stage/refusal.ts'
import {
  createServicePrincipal,
  inSession,
  refusedLogin,
  type Login,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const SCIM = '/api/2.0/preview/scim/v2'
const ASSIGNMENTS = `/api/2.0/accounts/${ready.account_id}/workspaces/${ready.workspace_id}/permissionassignments`

let instance: NativeInstance
let here: string
let alice: TestServicePrincipal
let group: ScimGroup

const sql = (statement: string, parameters: unknown[] = []) =>
  instance.asOwner((owner) => owner.query(statement, parameters))
const createRole = (name: string, type: 'SERVICE_PRINCIPAL' | 'GROUP') =>
  sql('SELECT databricks_create_role($1, $2)', [name, type])
const createGroup = (members: readonly string[] = []) =>
  admin.request<ScimGroup>('POST', `${SCIM}/Groups`, {
    displayName: `Group ${randomUUID().slice(0, 8)}`,
    members: members.map((value) => ({ value })),
  })
const check = (question: LoginCheckRequest, http = admin) =>
  http.request<LoginCheckAnswer>('POST', `${here}/login-check`, question)
const endpoint = () => ({ host: instance.host, port: instance.port })
const outcomeOf = ({ steps }: LoginCheckAnswer, question: string) =>
  steps.find((step) => step.question === question)?.outcome

beforeAll(async () => {
  instance = await createNativeInstance(lakegate)
  await instance.switchNativeLogin(false)
  await sql('CREATE EXTENSION IF NOT EXISTS databricks_auth')
  here = `/api/2.0/lakegate/instances/${instance.name}`
  alice = await createServicePrincipal(lakegate, 'Alice')
  const inner = await createGroup([alice.id])
  group = await createGroup([inner.id])
  await createRole(alice.applicationId, 'SERVICE_PRINCIPAL')
  await createRole(group.displayName, 'GROUP')
})
afterAll(async () => {
  await instance.remove()
})

interface Refused {
  /** Who logs in; Alice when it is left out. */
  readonly who?: TestServicePrincipal
  readonly role: string
  readonly database?: string
  readonly undo?: () => Promise<unknown>
}

/** Each makes what it needs while the token of who logs in is still to be had. */
const CASES: readonly (readonly [name: string, what: string, prepare: () => Promise<Refused>])[] = [
  ['role_does_not_exist', 'a role that there is not', () => Promise.resolve({ role: 'nobody-here' })],
  [
    'role_does_not_exist',
    'a role whose name is longer than PostgreSQL keeps',
    () => Promise.resolve({ role: 'x'.repeat(255) }),
  ],
  [
    'role_not_bound',
    'a role that CREATE ROLE made',
    async () => {
      const role = `unbound ${randomUUID()}`
      await sql(`CREATE ROLE "${role}" LOGIN`)
      return { role }
    },
  ],
  [
    'role_cannot_log_in',
    'a role that is NOLOGIN',
    async () => {
      const who = await withRole('sleeper')
      await sql(`ALTER ROLE "${who.applicationId}" NOLOGIN`)
      return { who, role: who.applicationId }
    },
  ],
  [
    'role_no_longer_valid',
    'a role past its VALID UNTIL',
    async () => {
      const who = await withRole('late')
      await sql(`ALTER ROLE "${who.applicationId}" VALID UNTIL '2020-01-01'`)
      return { who, role: who.applicationId }
    },
  ],
  [
    'role_of_another_identity',
    'the role of somebody else',
    async () => ({ role: (await withRole('somebody else')).applicationId }),
  ],
  [
    'not_a_member',
    'the role of a group that one is not in',
    async () => {
      const other = await createGroup()
      await createRole(other.displayName, 'GROUP')
      return { role: other.displayName }
    },
  ],
  [
    'group_no_longer_exists',
    'the role of a group that was deleted',
    async () => {
      const gone = await createGroup([alice.id])
      await createRole(gone.displayName, 'GROUP')
      await admin.request('DELETE', `${SCIM}/Groups/${gone.id}`)
      return { role: gone.displayName }
    },
  ],
  [
    'group_not_in_workspace',
    'the role of a group that left the workspace',
    async () => {
      const away = await createGroup([alice.id])
      await createRole(away.displayName, 'GROUP')
      await admin.request('DELETE', `${ASSIGNMENTS}/principals/${away.id}`)
      return { role: away.displayName }
    },
  ],
  [
    'identity_inactive',
    'somebody who was deactivated',
    async () => {
      const who = await withRole('inactive')
      await who.workspaceToken()
      return {
        who: { ...who, workspaceToken: await kept(who, () => deactivate(who)) },
        role: who.applicationId,
      }
    },
  ],
  [
    'identity_not_in_workspace',
    'somebody who left the workspace',
    async () => {
      const who = await withRole('away')
      const leave = () => admin.request('DELETE', `${ASSIGNMENTS}/principals/${who.id}`)
      return { who: { ...who, workspaceToken: await kept(who, leave) }, role: who.applicationId }
    },
  ],
  [
    'password_authentication_failed',
    'a role without an identity while native login is on',
    async () => {
      const role = `native ${randomUUID()}`
      await sql(`CREATE ROLE "${role}" LOGIN PASSWORD 'correct horse battery staple'`)
      await instance.switchNativeLogin(true)
      return { role, undo: () => instance.switchNativeLogin(false) }
    },
  ],
  [
    'database_does_not_exist',
    'a database that there is not',
    () => Promise.resolve({ role: alice.applicationId, database: 'nowhere' }),
  ],
  [
    'database_takes_no_connections',
    'a database that takes no connections',
    async () => {
      await sql('CREATE DATABASE closed')
      await sql('ALTER DATABASE closed ALLOW_CONNECTIONS false')
      return { role: alice.applicationId, database: 'closed' }
    },
  ],
  [
    'connect_not_granted',
    'a database to which the role may not connect',
    async () => {
      await sql('CREATE DATABASE private')
      await sql('REVOKE CONNECT ON DATABASE private FROM PUBLIC')
      return { role: alice.applicationId, database: 'private' }
    },
  ],
  [
    'instance_not_reachable',
    'a stopped instance',
    async () => {
      const stop = (stopped: boolean, state: string) => async () => {
        const path = `/api/2.0/database/instances/${instance.name}`
        await admin.request('PATCH', `${path}?update_mask=stopped`, { name: instance.name, stopped })
        await waitFor(`it is ${state}`, async () => {
          const { state: now } = await admin.request<{ state: string }>('GET', path)
          return now === state ? true : undefined
        })
      }
      await stop(true, 'STOPPED')()
      return { role: alice.applicationId, undo: stop(false, 'AVAILABLE') }
    },
  ],
]

async function withRole(displayName: string): Promise<TestServicePrincipal> {
  const principal = await createServicePrincipal(lakegate, displayName)
  await createRole(principal.applicationId, 'SERVICE_PRINCIPAL')
  return principal
}
const deactivate = ({ id }: TestServicePrincipal) =>
  admin.request('PATCH', `${SCIM}/ServicePrincipals/${id}`, {
    Operations: [{ op: 'replace', path: 'active', value: false }],
  })
/** A token from before it happened. */
async function kept(who: TestServicePrincipal, happen: () => Promise<unknown>) {
  const token = await who.workspaceToken()
  await happen()
  return () => Promise.resolve(token)
}

describe('a login check', () => {
  it.each(CASES)('says %s of %s, in the words that a client reads', async (name, _what, prepare) => {
    const { who = alice, role, database, undo } = await prepare()
    try {
      const login: Login = {
        user: role,
        password: await who.workspaceToken(),
        instance: endpoint(),
        ...(database === undefined ? {} : { database }),
      }
      const { code, message, detail, hint } = await refusedLogin(lakegate, login)
      const answer = await check({
        identity: who.id,
        role,
        ...(database === undefined ? {} : { database }),
      })
      expect(answer.outcome).toBe('refused')
      expect(answer.refusal).toEqual({
        name,
        sqlstate: code,
        message,
        ...(detail === undefined ? {} : { detail }),
        ...(hint === undefined ? {} : { hint }),
      })
      expectOrder(answer.steps, 'no')
      expect(answer.path).toEqual([])
    } finally {
      await undo?.()
    }
  })

  it('admits whom a login admits, and tells the path through the groups', async () => {
    const login = { user: group.displayName, password: await alice.workspaceToken(), instance: endpoint() }
    await expect(inSession(lakegate, login, (session) => session.query('SELECT 1'))).resolves.toBeDefined()
    const answer = await check({
      identity: alice.applicationId,
      role: group.displayName,
      database: 'databricks_postgres',
    })
    expect(answer).toMatchObject({
      outcome: 'admitted',
      identity: { id: alice.id, name: alice.applicationId, type: 'SERVICE_PRINCIPAL' },
      role: group.displayName,
    })
    expect(answer.refusal).toBeUndefined()
    expect(answer.path).toHaveLength(3)
    expect(answer.path.at(0)).toEqual({ id: group.id, name: group.displayName })
    expect(answer.path.at(-1)).toEqual({ id: alice.id, name: alice.applicationId })
    expect(answer.steps.every(({ outcome }) => outcome === 'yes')).toBe(true)
    expect(answer.steps.at(-1)?.question).toBe('database_is_open')
    expect(answer.steps.map(({ text }) => text)).toContain(
      `The role ${group.displayName} is bound to the group ${group.displayName} (id ${group.id}).`,
    )
  })

  it('is asked by everybody about the own logins, by id, by name and by nothing', async () => {
    for (const identity of [undefined, alice.id, alice.applicationId, alice.applicationId.toUpperCase()]) {
      const question = { role: alice.applicationId, ...(identity === undefined ? {} : { identity }) }
      await expect(check(question, alice.http)).resolves.toMatchObject({
        outcome: 'admitted',
        identity: { id: alice.id },
        path: [{ id: alice.id, name: alice.applicationId }],
      })
    }
  })

  it('tells a member who does not manage the instance no more than a login would', async () => {
    const other = await createGroup()
    await createRole(other.displayName, 'GROUP')
    const answer = await check({ role: other.displayName }, alice.http)
    expect(answer.refusal?.name).toBe('not_a_member')
    const told = JSON.stringify(answer.steps)
    expect(told).not.toContain(other.id)
    expect(answer.steps.find(({ question }) => question === 'role_is_bound')?.text).toBe(
      `The role ${other.displayName} is bound to an identity.`,
    )
  })

  it('does not tell whose a role is to who was refused before that', async () => {
    const other = await createGroup()
    await createRole(other.displayName, 'GROUP')
    await sql(`ALTER ROLE "${other.displayName}" NOLOGIN`)
    const answer = await check({ role: other.displayName }, alice.http)
    expect(answer.refusal?.name).toBe('role_cannot_log_in')
    expect(answer.steps.map(({ question }) => question)).not.toContain('identity_is_member')
  })

  it('about somebody else is for those who manage the instance, and is on record', async () => {
    const denied = await refusal(check({ identity: ready.admin_user, role: 'x' }, alice.http))
    expect(denied).toMatchObject({ status: 403, errorCode: 'PERMISSION_DENIED' })
    const unknown = await refusal(check({ identity: randomUUID(), role: 'x' }, alice.http))
    expect(unknown).toMatchObject({ status: 403, message: denied.message })

    await check({ identity: alice.id, role: alice.applicationId })
    const records = await waitFor('its records', async () => {
      const answer = await admin.request<AuditAnswer>(
        'GET',
        '/api/2.0/lakegate/audit?event=check_login&page_size=1000',
      )
      const ofThis = answer.records.filter(({ instance_name }) => instance_name === instance.name)
      return ofThis.some(({ reason }) => reason === 'permission_denied') &&
        ofThis.some(({ outcome }) => outcome === 'admitted')
        ? ofThis
        : undefined
    })
    expect(records.find(({ outcome }) => outcome === 'admitted')).toMatchObject({
      identity_name: ready.admin_user,
      role: expect.any(String) as string,
      detail: expect.stringMatching(/^of /) as string,
    })
    // What people ask about themselves is nobody's business.
    expect(
      records.filter(({ identity_id, outcome }) => identity_id === alice.id && outcome === 'admitted'),
    ).toEqual([])
  })

  it('says of a group that it does not log in', async () => {
    expect(await refusal(check({ identity: group.displayName, role: 'x' }))).toMatchObject({ status: 400 })
    expect(await refusal(check({ identity: group.id, role: 'x' }))).toMatchObject({ status: 400 })
  })

  it('has no question of a database unless one is named', async () => {
    const answer = await check({ identity: alice.id, role: alice.applicationId })
    expect(outcomeOf(answer, 'database_is_open')).toBeUndefined()
  })
})

describe('the roles to sign in as', () => {
  const ask = (http = alice.http) => http.request<SignInRolesAnswer>('GET', `${here}/sign-in-roles`)

  it('are the own one and those of groups, direct and nested, with the path', async () => {
    const { roles } = await ask()
    expect(roles).toContainEqual({
      role: alice.applicationId,
      kind: 'own',
      path: [{ id: alice.id, name: alice.applicationId }],
    })
    const viaGroup = roles.find(({ role }) => role === group.displayName)
    expect(viaGroup?.kind).toBe('group')
    expect(viaGroup?.path.map(({ id }) => id).at(0)).toBe(group.id)
    expect(viaGroup?.path.map(({ id }) => id).at(-1)).toBe(alice.id)
  })

  it('are those as which a login is admitted, and none besides', async () => {
    const closed = await createGroup([alice.id])
    await createRole(closed.displayName, 'GROUP')
    expect((await ask()).roles.map(({ role }) => role)).toContain(closed.displayName)
    await sql(`ALTER ROLE "${closed.displayName}" NOLOGIN`)
    expect((await ask()).roles.map(({ role }) => role)).not.toContain(closed.displayName)
  })

  it('are none for somebody without any', async () => {
    const stranger = await createServicePrincipal(lakegate, 'stranger')
    await expect(ask(stranger.http)).resolves.toEqual({ roles: [] })
  })
})

/** Yes up to one no, and nothing asked behind it. */
function expectOrder(steps: readonly LoginCheckStep[], last: 'no'): void {
  const outcomes = steps.map(({ outcome }) => outcome)
  const end = outcomes.indexOf(last)
  expect(end).toBeGreaterThanOrEqual(0)
  expect(outcomes.slice(0, end).every((outcome) => outcome === 'yes')).toBe(true)
  expect(outcomes.slice(end + 1).every((outcome) => outcome === 'not_reached')).toBe(true)
  expect(steps.every(({ text }) => text !== '' && !/\{\w+\}/.test(text))).toBe(true)
}
