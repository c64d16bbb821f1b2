/**
 * Attack 35: every route of REST is called by principals of one workspace with the ids and names of another one. The
 * list of routes is the server's own; a new route fails here until somebody has said how it is called.
 */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type {
  DatabaseInstanceRole,
  FederationPolicyAnswer,
  SavedQueryAnswer,
  ScimGroup,
  ScimServicePrincipal,
  ScimUser,
  ServicePrincipalSecret,
  SignInSessionAnswer,
  TokenInfo,
  WorkspaceAnswer,
  WorkspaceObjectInfo,
} from '@lakegate/client'
import { auditRoutes } from '../../src/http/api/audit.ts'
import { catalogRoutes } from '../../src/http/api/catalogs.ts'
import { certificateAuthorityRoutes } from '../../src/http/api/certificate-authority.ts'
import { customAppIntegrationRoutes } from '../../src/http/api/custom-app-integrations.ts'
import { databaseCredentialRoutes } from '../../src/http/api/database-credentials.ts'
import { databaseInstanceRoleRoutes } from '../../src/http/api/database-instance-roles.ts'
import { databaseInstanceRoutes } from '../../src/http/api/database-instances.ts'
import { directoryPermissionRoutes } from '../../src/http/api/directory-permissions.ts'
import { federationPolicyRoutes } from '../../src/http/api/federation-policies.ts'
import { grantRoutes } from '../../src/http/api/grants.ts'
import { instanceDatabaseRoutes } from '../../src/http/api/instance-databases.ts'
import { loginCheckRoutes } from '../../src/http/api/login-check.ts'
import { instanceMetricsRoutes } from '../../src/http/api/instance-metrics.ts'
import { permissionRoutes } from '../../src/http/api/permissions.ts'
import { refusalRoutes } from '../../src/http/api/refusals.ts'
import { rightsRoutes } from '../../src/http/api/rights.ts'
import { savedQueryRoutes } from '../../src/http/api/saved-queries.ts'
import { servicePrincipalSecretRoutes } from '../../src/http/api/service-principal-secrets.ts'
import { identityRightsRoutes } from '../../src/http/api/identity-rights.ts'
import { openSessionRoutes } from '../../src/http/api/sessions.ts'
import { signInRoutes } from '../../src/http/api/sign-in.ts'
import { signingKeyRoutes } from '../../src/http/api/signing-keys.ts'
import { tokenIntrospectionRoutes } from '../../src/http/api/token-introspection.ts'
import { tokenRoutes } from '../../src/http/api/tokens.ts'
import { workspaceFileRoutes } from '../../src/http/api/workspace-files.ts'
import { workspaceRoutes } from '../../src/http/api/workspaces.ts'
import type { Route } from '../../src/http/route.ts'
import { scimRoutes } from '../../src/http/scim/routes.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { createPerson, Visitor } from '../stage/person.ts'
import { requestWorkspaceToken } from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const ACCOUNT = `/api/2.0/accounts/${ready.account_id}`
const SCIM = '/api/2.0/preview/scim/v2'

/** The routes are only listed, never answered, so that what they would ask need not be there. */
const nothingBehind = { accountId: ready.account_id } as never
const ROUTES: readonly Route[] = [
  ...tokenIntrospectionRoutes(nothingBehind),
  ...catalogRoutes(nothingBehind),
  ...certificateAuthorityRoutes(nothingBehind),
  ...grantRoutes(nothingBehind),
  ...permissionRoutes(nothingBehind),
  ...databaseInstanceRoleRoutes(nothingBehind),
  ...federationPolicyRoutes(nothingBehind),
  ...customAppIntegrationRoutes(nothingBehind),
  ...tokenRoutes(nothingBehind),
  ...signInRoutes(nothingBehind),
  ...identityRightsRoutes(nothingBehind),
  ...instanceMetricsRoutes(nothingBehind),
  ...openSessionRoutes(nothingBehind),
  ...auditRoutes(nothingBehind),
  ...databaseCredentialRoutes(nothingBehind),
  ...databaseInstanceRoutes(nothingBehind),
  ...scimRoutes(nothingBehind),
  ...workspaceRoutes(nothingBehind),
  ...servicePrincipalSecretRoutes(nothingBehind),
  ...signingKeyRoutes(nothingBehind),
  ...directoryPermissionRoutes(nothingBehind),
  ...workspaceFileRoutes(nothingBehind),
  ...rightsRoutes(nothingBehind),
  ...loginCheckRoutes(nothingBehind),
  ...instanceDatabaseRoutes(nothingBehind),
  ...savedQueryRoutes(nothingBehind),
  ...refusalRoutes(),
]

/** What the first workspace has, by the name of the parameter that takes it. */
interface Belongings {
  readonly Users: string
  readonly ServicePrincipals: string
  readonly Groups: string
  readonly servicePrincipalId: string
  readonly secretId: string
  readonly policyId: string
  readonly integrationId: string
  readonly tokenId: string
  readonly userId: string
  readonly identityId: string
  readonly sessionId: string
  readonly workspaceId: string
  readonly principalId: string
  readonly instance: string
  readonly name: string
  readonly role: string
  readonly applicationId: string
  readonly type: string
  readonly catalogs: string
  readonly tables: string
  readonly directories: string
  readonly queryId: string
  /** Of a file, without the slash at its front. */
  readonly file: string
}

let its: Belongings
/** Texts that only somebody who was shown the first workspace knows. */
let secretsOfIt: readonly string[]
let base: string
let callers: { readonly administrator: string; readonly member: string }

beforeAll(async () => {
  const user = await createPerson(lakegate, `shown to nobody ${randomUUID()}`)
  const group = await admin.request<ScimGroup>('POST', `${SCIM}/Groups`, {
    displayName: `group ${randomUUID()}`,
    members: [{ value: user.id }],
  })
  const principal = await admin.request<ScimServicePrincipal>('POST', `${SCIM}/ServicePrincipals`, {
    displayName: `program ${randomUUID()}`,
  })
  const secret = await admin.request<ServicePrincipalSecret>(
    'POST',
    `/api/2.0/accounts/servicePrincipals/${principal.id}/credentials/secrets`,
    {},
  )
  const policy = await admin.request<FederationPolicyAnswer>(
    'POST',
    `${ACCOUNT}/servicePrincipals/${principal.id}/federationPolicies`,
    { oidc_policy: { issuer: 'https://ci.example.com', subject: 's', jwks_json: '{"keys":[]}' } },
  )
  const application = await admin.request<{ integration_id: string }>(
    'POST',
    `${ACCOUNT}/oauth2/custom-app-integrations`,
    { name: 'an app', redirect_urls: ['https://app.example.com/'] },
  )
  const token = await admin.request<{ token_info: TokenInfo }>(
    'POST',
    '/api/2.0/token-management/on-behalf-of/tokens',
    { application_id: principal.applicationId },
  )
  const role = await admin.request<DatabaseInstanceRole>(
    'POST',
    `/api/2.0/database/instances/${ready.instance.name}/roles`,
    { name: `role ${randomUUID()}` },
  )
  const catalog = `catalog_${randomUUID().slice(0, 8)}`
  await admin.request('POST', '/api/2.0/database/catalogs', {
    name: catalog,
    database_instance_name: ready.instance.name,
    database_name: ready.instance.database,
  })
  const table = `other_${randomUUID().slice(0, 8)}.schema.table`
  await admin.request('POST', '/api/2.0/database/tables', {
    name: table,
    database_instance_name: ready.instance.name,
    logical_database_name: ready.instance.database,
  })
  const home = `/Workspace/Users/${user.userName}`
  const directory = `${home}/directory ${randomUUID()}`
  await admin.request('POST', '/api/2.0/workspace/mkdirs', { path: directory })
  const file = `${directory}/file ${randomUUID()}`
  const content = `content ${randomUUID()}`
  await admin.request('POST', '/api/2.0/workspace/import', {
    path: file,
    content: Buffer.from(content).toString('base64'),
    format: 'AUTO',
  })
  const { object_id } = await admin.request<WorkspaceObjectInfo>(
    'GET',
    `/api/2.0/workspace/get-status?path=${encodeURIComponent(directory)}`,
  )
  const query = await admin.request<SavedQueryAnswer>('POST', '/api/2.0/lakegate/saved-queries', {
    name: `query ${randomUUID()}`,
    sql: `SELECT '${randomUUID()}'`,
    is_shared: true,
  })
  await signIn(user)
  const { sessions } = await admin.request<{ sessions: SignInSessionAnswer[] }>(
    'GET',
    `/api/2.0/lakegate/users/${user.id}/sessions`,
  )
  its = {
    Users: user.id,
    ServicePrincipals: principal.id,
    Groups: group.id,
    servicePrincipalId: principal.id,
    secretId: secret.id,
    policyId: policy.policy_id,
    integrationId: application.integration_id,
    tokenId: token.token_info.token_id,
    userId: user.id,
    identityId: user.id,
    sessionId: sessions[0]?.session_id ?? '',
    workspaceId: ready.workspace_id,
    principalId: principal.id,
    instance: ready.instance.name,
    name: ready.instance.name,
    role: role.name,
    applicationId: principal.applicationId,
    type: 'catalog',
    catalogs: catalog,
    tables: table,
    directories: String(object_id),
    queryId: query.id,
    file: file.slice(1),
  }
  secretsOfIt = [
    user.userName,
    group.displayName,
    principal.displayName,
    principal.applicationId,
    ready.instance.uid,
    secret.id,
    role.name,
    token.token_info.token_id,
    catalog,
    table,
    content,
    path.basename(directory),
    path.basename(file),
    query.id,
    query.name,
    query.sql,
  ]

  const other = await admin.request<WorkspaceAnswer>('POST', `${ACCOUNT}/workspaces`, {
    workspace_name: `other ${randomUUID()}`,
  })
  base = other.workspace_url
  const enter = async (permission: 'USER' | 'ADMIN') => {
    const made = await admin.request<ScimServicePrincipal>('POST', `${ACCOUNT}/scim/v2/ServicePrincipals`, {
      displayName: 'of the other workspace',
    })
    await admin.request(
      'PUT',
      `${ACCOUNT}/workspaces/${String(other.workspace_id)}/permissionassignments/principals/${made.id}`,
      { permissions: [permission] },
    )
    const created = await admin.request<ServicePrincipalSecret>(
      'POST',
      `${ACCOUNT}/servicePrincipals/${made.id}/credentials/secrets`,
      {},
    )
    return requestWorkspaceToken(base, made.applicationId, created.secret ?? '', 'all-apis')
  }
  callers = { administrator: await enter('ADMIN'), member: await enter('USER') }
})

/** So that there is a session that somebody might end. */
async function signIn(user: { readonly userName: string; readonly password: string }): Promise<void> {
  const visitor = new Visitor()
  const query = new URLSearchParams({
    client_id: 'databricks-cli',
    response_type: 'code',
    redirect_uri: 'http://localhost:8020',
    scope: 'postgres',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })
  const page = await visitor.visit(`${ready.http_url}/oidc/v1/authorize?${query.toString()}`)
  await visitor.submit(new URL(`${page.url.href}/sign-in`), {
    user_name: user.userName,
    password: user.password,
  })
}

/** Routes that take a path in their query. */
const BY_QUERY = ['get-status', 'list', 'export'].map((verb) => `/api/2.0/workspace/${verb}`)

/** The path with what the first workspace has in the place of its parameters. */
function placeIn(path: string): string {
  if (BY_QUERY.includes(path)) return `${path}?path=${encodeURIComponent(`/${its.file}`)}`
  return path
    .replace('/api/2.0/workspace-files/*', `/api/2.0/workspace-files/${encodeURIComponent(its.file)}`)
    .replace('/import-file/*', `/import-file/${encodeURIComponent(its.file)}?overwrite=true`)
    .replace('::findByUid', `:findByUid?uid=${ready.instance.uid}`)
    .replace('/*', `/${encodeURIComponent(its.role)}`)
    .replace('/database/catalogs/:name', `/database/catalogs/${its.catalogs}`)
    .replace('/database/tables/:name', `/database/tables/${its.tables}`)
    .replace('/:type/:name', `/:type/${its.catalogs}`)
    .replace(/(\w+)\/:id(?=\/|$)/, (_match, collection: string) => {
      const id = collection in its ? its[collection as keyof Belongings] : its.Users
      return `${collection}/${id}`
    })
    .replace(/:([a-zA-Z]+)(?=\/|$)/g, (match, parameter: string) =>
      parameter in its ? encodeURIComponent(its[parameter as keyof Belongings]) : match,
    )
}

/** A body that is right in every other respect, so that nothing but the permission can refuse it. */
function bodyOf({ method, path }: Route): object | undefined {
  if (method === 'GET' || method === 'DELETE') return undefined
  if (path.includes('/scim/')) {
    if (method === 'PATCH')
      return { Operations: [{ op: 'replace', path: 'displayName', value: 'taken over' }] }
    const written = path.includes('/Users') ? { userName: `${randomUUID()}@example.com` } : {}
    return { ...written, displayName: `taken over ${randomUUID()}` }
  }
  if (path.includes('/federationPolicies'))
    return { oidc_policy: { issuer: 'https://evil.example.com', subject: 's', jwks_json: '{"keys":[]}' } }
  if (path.includes('/custom-app-integrations'))
    return { ...(method === 'POST' ? { name: 'x' } : {}), redirect_urls: ['https://evil.example.com/'] }
  if (path.includes('/permissionassignments')) return { permissions: ['ADMIN'] }
  if (path.includes('/unity-catalog/')) return { changes: [{ principal: 'users', add: ['SELECT'] }] }
  if (path.includes('/permissions/'))
    return { access_control_list: [{ group_name: 'admins', permission_level: 'CAN_MANAGE' }] }
  if (path.endsWith('/roles')) return { name: `taken over ${randomUUID()}` }
  if (path.includes('/roles/')) return { attributes: { createrole: true } }
  if (path.endsWith('/login-check')) return { identity: its.Users, role: its.role }
  if (path.includes('/saved-queries')) return { version: 1, name: `taken over ${randomUUID()}` }
  if (path.endsWith('/instances/:name')) return { name: its.name, stopped: true }
  return {}
}

/** Routes without a parameter that take an id or a name of something in their body. */
const BY_BODY: Readonly<Record<string, () => object>> = {
  'POST /api/2.0/token/delete': () => ({ token_id: its.tokenId }),
  'POST /api/2.0/database/credentials': () => ({ instance_names: [its.instance] }),
  'POST /api/2.0/database/catalogs': () => ({
    name: `catalog_${randomUUID().slice(0, 8)}`,
    database_instance_name: its.instance,
    database_name: ready.instance.database,
  }),
  'POST /api/2.0/database/tables': () => ({
    name: `x_${randomUUID().slice(0, 8)}.schema.table`,
    database_instance_name: its.instance,
    logical_database_name: ready.instance.database,
  }),
  'POST /api/2.0/token-management/on-behalf-of/tokens': () => ({ application_id: its.applicationId }),
  'POST /api/2.0/workspace/mkdirs': () => ({ path: `/${path.dirname(its.file)}/new` }),
  'POST /api/2.0/workspace/delete': () => ({ path: `/${its.file}` }),
  'POST /api/2.0/workspace/import': () => ({
    path: `/${its.file}`,
    content: '',
    format: 'AUTO',
    overwrite: true,
  }),
  // Of the whole account, and so for its administrators alone.
  [`POST ${ACCOUNT}/lakegate/signing-keys`]: () => ({}),
}
/** Routes that only make something new, in the workspace of the caller or, for its administrators, in the account. */
const MAKES_SOMETHING = [
  'POST /api/2.0/token/create',
  'POST /api/2.0/database/instances',
  'POST /api/2.0/lakegate/saved-queries',
  ...['Users', 'ServicePrincipals', 'Groups'].flatMap((type) => [
    `POST ${SCIM}/${type}`,
    `POST /scim/v2/${type}`,
    `POST ${ACCOUNT}/scim/v2/${type}`,
    `POST /api/2.0/account/scim/v2/${type}`,
  ]),
  `POST ${ACCOUNT}/workspaces`,
  `POST ${ACCOUNT}/federationPolicies`,
  `POST ${ACCOUNT}/oauth2/custom-app-integrations`,
]
/** The same for everybody, whatever is named. */
const SAYS_NOTHING = [
  'GET /api/2.0/permissions/database-instances/:name/permissionLevels',
  `GET ${ACCOUNT}/workspaces/:workspaceId/permissionassignments/permissions`,
]

const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>) => `${method} ${path}`
const hasParameter = ({ path }: Route) =>
  BY_QUERY.includes(path) || /::findByUid|(?<!:):[a-zA-Z]|\*/.test(path)

async function call(route: Route, url: string, token: string, body = bodyOf(route)) {
  const response = await fetch(`${url}${placeIn(route.path)}`, {
    method: route.method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, text: await response.text() }
}

/** What other files change while this one runs: the instance, and who is in the workspace. */
const isShared = ({ path }: Route) =>
  /permissionassignments|\/permissions\/|\/instances\/:name$|\/roles$|\/catalogs$|\/lakegate\/instances\//.test(
    path,
  )

/** Everything that the first workspace has, as its administrator sees it. */
async function look(): Promise<Readonly<Record<string, string>>> {
  const seen: Record<string, string> = {}
  for (const route of ROUTES.filter((one) => one.method === 'GET' && hasParameter(one))) {
    const { status, text } = await call(route, ready.http_url, ready.admin_token)
    // What the administrator cannot see would be found by nobody below: the test would prove nothing.
    const isDiscovery = /\/(Schemas|ResourceTypes)\/:id/.test(route.path)
    const isAccountPolicy = route.path === `${ACCOUNT}/federationPolicies/:policyId`
    expect(status, nameOf(route)).toBe(isDiscovery || isAccountPolicy ? 404 : 200)
    if (status === 200 && !isShared(route)) seen[nameOf(route)] = text
  }
  return seen
}

describe('the list of routes', () => {
  it('is all of what the server serves, and each is called in one way', async () => {
    const ways = (route: Route) =>
      [
        hasParameter(route),
        nameOf(route) in BY_BODY,
        MAKES_SOMETHING.includes(nameOf(route)),
        route.method === 'GET' && !hasParameter(route),
      ].filter(Boolean).length
    expect(ROUTES.filter((route) => ways(route) !== 1).map(nameOf)).toEqual([])
    const file = new URL('../../src/composition/routes.ts', import.meta.url)
    const composed = await readFile(file, 'utf8')
    const families = [...composed.matchAll(/\.\.\.(\w+Routes)\(/g)].map(([, family]) => family)
    const isGroup = (family = '') =>
      composed.includes(`const ${family} = `) || composed.includes(`function ${family}(`)
    // The front door, discovery, the OpenAPI document and health are for anybody.
    expect(
      families.filter(
        (family) =>
          !isGroup(family) &&
          !['frontDoorRoutes', 'discoveryRoutes', 'openApiRoutes', 'healthRoutes'].includes(family ?? ''),
      ),
    ).toHaveLength(27)
  })
})

/** Another file of the run switches native login of the shared instance; every answer above was a refusal all the same. */
const withoutSwitch = (text: string): string =>
  text.replaceAll(/"(?:effective_)?enable_pg_native_login":(?:true|false),?/g, '')

describe.each(['administrator', 'member'] as const)('%s of another workspace', (kind) => {
  it('reaches nothing by its id or name, reads nothing of it, and changes nothing', async () => {
    const before = await look()
    const token = callers[kind]
    for (const route of ROUTES.filter((one) => hasParameter(one) || nameOf(one) in BY_BODY)) {
      const body = BY_BODY[nameOf(route)]?.() ?? bodyOf(route)
      const { status, text } = await call(route, base, token, body)
      if (SAYS_NOTHING.includes(nameOf(route))) expect(status).toBe(200)
      else expect(status, `${nameOf(route)}: ${text}`).toBeOneOf([403, 404])
      const asked = decodeURIComponent(placeIn(route.path)) + JSON.stringify(body ?? {})
      const told = secretsOfIt.filter((known) => text.includes(known) && !asked.includes(known))
      expect(told, nameOf(route)).toEqual([])
    }
    const after = await look()
    for (const [route, text] of Object.entries(before))
      expect(withoutSwitch(after[route] ?? ''), route).toBe(withoutSwitch(text))
  })

  it('finds nothing of it in any list', async () => {
    for (const route of ROUTES.filter((one) => one.method === 'GET' && !hasParameter(one))) {
      const { status, text } = await call(route, base, callers[kind])
      expect(status, `${nameOf(route)}: ${text}`).toBeOneOf([200, 403, 404])
      expect(
        secretsOfIt.filter((known) => text.includes(known)),
        nameOf(route),
      ).toEqual([])
    }
  })

  it('is nobody at the address of the first workspace', async () => {
    for (const route of ROUTES) {
      if (MAKES_SOMETHING.includes(nameOf(route))) continue
      const { status } = await call(route, ready.http_url, callers[kind])
      expect(status, nameOf(route)).toBe(401)
    }
  })
})

describe('an administrator of a workspace', () => {
  it('sees of a guest only the groups that are in the workspace, too', async () => {
    const guest = await admin.request<ScimUser>('POST', `${SCIM}/Users`, {
      userName: `${randomUUID()}@example.com`,
    })
    const secret = `confidential project ${randomUUID()}`
    await admin.request('POST', `${SCIM}/Groups`, { displayName: secret, members: [{ value: guest.id }] })
    const http = (path: string, init: RequestInit = {}) =>
      fetch(`${base}${path}`, {
        ...init,
        headers: {
          authorization: `Bearer ${callers.administrator}`,
          'content-type': 'application/json',
        },
      })
    const taken = await http(`${SCIM}/Users`, {
      method: 'POST',
      body: JSON.stringify({ userName: guest.userName }),
    })
    expect(taken.status).toBe(201)
    for (const path of [`${SCIM}/Users/${guest.id}`, `${SCIM}/Users`]) {
      const text = await (await http(path)).text()
      expect(text).toContain(guest.userName)
      expect(text).not.toContain(secret)
    }
    const shown = (await (await http(`${SCIM}/Users/${guest.id}`)).json()) as ScimUser
    expect(shown.groups.map(({ display }) => display)).toEqual(['users'])
  })

  it('puts nobody from elsewhere into a group, and gives nobody from elsewhere a permission', async () => {
    const response = await fetch(`${base}${SCIM}/Groups`, {
      method: 'POST',
      headers: { authorization: `Bearer ${callers.administrator}`, 'content-type': 'application/json' },
      body: JSON.stringify({ displayName: `group ${randomUUID()}`, members: [{ value: its.Users }] }),
    })
    expect(response.status).toBe(400)
  })
})
