/** behaviours 40–42, 49, attack 21: an identity that is renamed, deactivated, deleted; what it holds goes with it at once. */
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createLakegateHttp, type LakegateApiError, type ScimGroup, type ScimUser } from '@lakegate/client'
import { createPerson } from '../stage/person.ts'
import { openInsider } from '../stage/insider.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  asOwner,
  createRoleFor,
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
  requestWorkspaceToken,
} from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const SCIM = '/api/2.0/preview/scim/v2'

const as = (token: string) => createLakegateHttp(ready.http_url, () => token)
const outcome = async (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'let in',
    (error: unknown) => {
      if (error instanceof Error && 'status' in error) return String((error as LakegateApiError).status)
      return error instanceof Error && 'code' in error ? String(error.code) : String(error)
    },
  )
const createGroup = (members: readonly string[]) =>
  admin.request<ScimGroup>('POST', `${SCIM}/Groups`, {
    displayName: `group ${randomUUID()}`,
    members: members.map((value) => ({ value })),
  })
const createGroupRole = (name: string) =>
  asOwner(lakegate, (session) => session.query('SELECT databricks_create_role($1, $2)', [name, 'GROUP']))
const exchange = async (token: string) => {
  const response = await fetch(`${ready.http_url}/oidc/v1/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:databricks:params:oauth:token-type:personal-access-token',
    }),
  })
  return response.ok ? 'let in' : String(response.status)
}

/** A service principal with everything that lets it in: tokens of every kind, a role, the role of a group. */
async function equip() {
  const principal = await createServicePrincipal(lakegate, 'equipped')
  await createRoleFor(lakegate, principal)
  const group = await createGroup([principal.id])
  await createGroupRole(group.displayName)
  const token = await principal.workspaceToken()
  const credential = await mintCredential(as(token), ready.instance.name)
  const { token_value: personal } = await as(token).request<{ token_value: string }>(
    'POST',
    '/api/2.0/token/create',
    {},
  )
  const login = (user: string, password: string) =>
    outcome(inSession(lakegate, { user, password }, (session) => session.query('SELECT 1')))
  const ways: Readonly<Record<string, () => Promise<string>>> = {
    'REST with a workspace token': () => outcome(as(token).request('GET', `${SCIM}/Me`)),
    'REST with a personal access token': () => outcome(as(personal).request('GET', `${SCIM}/Me`)),
    'minting with a workspace token': () => outcome(mintCredential(as(token), ready.instance.name)),
    'minting with a personal access token': () => outcome(mintCredential(as(personal), ready.instance.name)),
    'a token by its secret': async () =>
      requestWorkspaceToken(ready.http_url, principal.applicationId, principal.secret, 'all-apis').then(
        () => 'let in',
        () => '401',
      ),
    'a token by exchange': () => exchange(personal),
    'a login with a credential': () => login(principal.applicationId, credential),
    'a login with a workspace token': () => login(principal.applicationId, token),
    'a login as the group': () => login(group.displayName, credential),
  }
  const tryAll = async (): Promise<Readonly<Record<string, string>>> => {
    const found = await Promise.all(Object.entries(ways).map(async ([way, go]) => [way, await go()] as const))
    return Object.fromEntries(found)
  }
  return { principal, group, tryAll }
}
const everywhere = {
  'REST with a workspace token': 'let in',
  'REST with a personal access token': 'let in',
  'minting with a workspace token': 'let in',
  'minting with a personal access token': 'let in',
  'a token by its secret': 'let in',
  'a token by exchange': 'let in',
  'a login with a credential': 'let in',
  'a login with a workspace token': 'let in',
  'a login as the group': 'let in',
}
const nowhere = {
  'REST with a workspace token': '401',
  'REST with a personal access token': '401',
  'minting with a workspace token': '401',
  'minting with a personal access token': '401',
  'a token by its secret': '401',
  'a token by exchange': '400',
  'a login with a credential': '28000',
  'a login with a workspace token': '28000',
  'a login as the group': '28000',
}

describe('an identity with every kind of token', () => {
  it('that is deactivated gets in nowhere, at once, and everywhere again when it is activated (behaviour 42)', async () => {
    const { principal, tryAll } = await equip()
    const setActive = (value: boolean) =>
      admin.request('PATCH', `${SCIM}/ServicePrincipals/${principal.id}`, {
        Operations: [{ op: 'replace', path: 'active', value }],
      })
    expect(await tryAll()).toEqual(everywhere)
    await setActive(false)
    expect(await tryAll()).toEqual(nowhere)
    await setActive(true)
    expect(await tryAll()).toEqual(everywhere)
  })

  it('that is deleted gets in nowhere, at once, and stays out when its name is given again (behaviours 41, 42)', async () => {
    const { principal, tryAll } = await equip()
    await admin.request('DELETE', `${SCIM}/ServicePrincipals/${principal.id}`)
    expect(await tryAll()).toEqual(nowhere)
    await admin.request('POST', `${SCIM}/ServicePrincipals`, { applicationId: principal.applicationId })
    expect(await tryAll()).toEqual(nowhere)
  })
})

describe('a person', () => {
  it('that is renamed logs in as the role of before, and still mints (behaviour 40)', async () => {
    const person = await createPerson(lakegate)
    await asOwner(lakegate, (session) =>
      session.query('SELECT databricks_create_role($1, $2)', [person.userName, 'USER']),
    )
    const insider = await openInsider(lakegate)
    try {
      const login = async (user: string) => ({ user, password: await insider.sign(person.id) })
      const renamed = `${randomUUID()}@example.com`
      await admin.request('PATCH', `${SCIM}/Users/${person.id}`, {
        Operations: [{ op: 'replace', path: 'userName', value: renamed }],
      })
      const { rows } = await inSession(lakegate, await login(person.userName), (session) =>
        session.query('SELECT session_user AS who'),
      )
      expect(rows).toEqual([{ who: person.userName }])
      expect((await refusedLogin(lakegate, await login(renamed))).message).toContain('does not exist')
      // Somebody else who gets the name gets nothing of it.
      const successor = await admin.request<ScimUser>('POST', `${SCIM}/Users`, { userName: person.userName })
      const password = await insider.sign(successor.id)
      expect(await refusedLogin(lakegate, { user: person.userName, password })).toMatchObject({
        code: '28000',
        detail: 'The role is bound to another identity than that of the token.',
      })
    } finally {
      await insider.close()
    }
  })
})

describe('a group', () => {
  it('that is deleted in the middle of a membership ends it, for roles and for permissions (behaviour 49)', async () => {
    const principal = await createServicePrincipal(lakegate, 'deep inside')
    const middle = await createGroup([principal.id])
    const outer = await createGroup([middle.id])
    await createGroupRole(outer.displayName)
    await admin.request('PATCH', `/api/2.0/permissions/database-instances/${ready.instance.name}`, {
      access_control_list: [{ group_name: outer.displayName, permission_level: 'CAN_MANAGE' }],
    })
    const password = await mintCredential(principal.http, ready.instance.name)
    const login = { user: outer.displayName, password }
    await expect(inSession(lakegate, login, (session) => session.query('SELECT 1'))).resolves.toBeDefined()
    await admin.request('DELETE', `${SCIM}/Groups/${middle.id}`)
    expect(await refusedLogin(lakegate, login)).toMatchObject({ code: '28000' })
    expect(await outcome(mintCredential(principal.http, ready.instance.name))).toBe('403')
  })

  it('that is deleted takes its permissions along, and a new one of the name has none (behaviour 49)', async () => {
    const principal = await createServicePrincipal(lakegate, 'member')
    const group = await createGroup([principal.id])
    await admin.request('PATCH', `/api/2.0/permissions/database-instances/${ready.instance.name}`, {
      access_control_list: [{ group_name: group.displayName, permission_level: 'CAN_MANAGE' }],
    })
    expect(await outcome(mintCredential(principal.http, ready.instance.name))).toBe('let in')
    await admin.request('DELETE', `${SCIM}/Groups/${group.id}`)
    expect(await outcome(mintCredential(principal.http, ready.instance.name))).toBe('403')
    await admin.request('POST', `${SCIM}/Groups`, {
      displayName: group.displayName,
      members: [{ value: principal.id }],
    })
    expect(await outcome(mintCredential(principal.http, ready.instance.name))).toBe('403')
  })
})
