/**
 * The REST contract holds: each operation of the typed client is called at a running Lakegate, and what comes back is
 * what the OpenAPI document of that Lakegate says, without a field more.
 */
import { randomUUID } from 'node:crypto'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLakegateHttp, createRest, OPERATIONS, type LakegateHttp, type Rest } from '@lakegate/client'
import { createPerson, Visitor } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate
const instance = ready.instance.name

interface Document {
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, RenderedOperation>>>>
  readonly components: {
    readonly securitySchemes: {
      readonly oauth2: { readonly flows: { readonly clientCredentials: { readonly tokenUrl: string } } }
    }
  }
}
interface RenderedOperation {
  readonly operationId: string
  readonly responses: Readonly<Record<string, unknown>>
}

/** Operations that are not called here, and why. */
const NOT_CALLED: Readonly<Record<string, string>> = {
  'installation.rotateSigningKeys':
    'it would disturb the others at this Lakegate; clients/operating.test.ts calls it',
}

let rest: Rest
const called = new Set<string>()
/** What does not conform, by the name of the operation. */
const faults: string[] = []
const unfinished: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  const document = (await (await fetch(`${ready.http_url}/openapi.json`)).json()) as Document
  rest = createRest(judging(lakegate.admin, document), { accountId: ready.account_id })
})
beforeEach(() => {
  faults.length = 0
})
afterAll(async () => {
  for (const finish of unfinished.reverse()) await finish().catch(() => undefined)
})

/** Answers of that server, each held against its document. */
function judging(http: LakegateHttp, document: Document): LakegateHttp {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  ajv.addSchema(closed(document), 'openapi')
  const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const [status = ''] = Object.keys(operation.responses).sort()
      const pointer = `openapi#/paths/${encodeURIComponent(template.replaceAll('/', '~1'))}/${method}/responses/${status}`
      const validate: ValidateFunction =
        status === '204'
          ? ajv.compile({ type: 'object', maxProperties: 0 })
          : ajv.compile({ $ref: `${pointer}/content/application~1json/schema` })
      const shape = template.replace(/[.+^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/?]+')
      return { method, path: new RegExp(`^${shape}$`), id: operation.operationId, validate, template }
    }),
  )
  // A path without parameters before one with them.
  operations.sort((one, other) => one.template.split('{').length - other.template.split('{').length)
  return {
    ...http,
    async request<Answer>(method: string, path: string, body?: unknown) {
      const answer = await http.request<Answer>(method as 'GET', path, body)
      const [bare = ''] = path.split('?')
      const operation = operations.find((one) => one.method === method.toLowerCase() && one.path.test(bare))
      if (operation === undefined) throw new Error(`${method} ${bare} is not in the document`)
      called.add(operation.id)
      if (!operation.validate(answer))
        faults.push(`${operation.id}: ${ajv.errorsText(operation.validate.errors)}`)
      return answer
    },
  }
}

/** Without room for fields that are not in the document. */
function closed(value: unknown): object {
  const close = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(close)
    if (typeof one !== 'object' || one === null) return one
    const members = Object.fromEntries(Object.entries(one).map(([key, member]) => [key, close(member)]))
    return 'properties' in one && !('additionalProperties' in one)
      ? { ...members, additionalProperties: false }
      : members
  }
  return close(value) as object
}

const nameOf = (kind: string): string => `${kind}-${randomUUID().slice(0, 8)}`

describe('answers are as the document says', () => {
  it('of database instances, their roles, catalogs and tables', async () => {
    const { database } = rest
    const name = nameOf('contract')
    const created = await database.createDatabaseInstance({ name, capacity: 'CU_1' })
    unfinished.push(() => database.deleteDatabaseInstance({ name, purge: true }))
    await database.updateDatabaseInstance({ name, custom_tags: [{ key: 'k', value: 'v' }] })
    expect((await database.findDatabaseInstanceByUid({ uid: created.uid })).name).toBe(name)
    await database.deleteDatabaseInstance({ name, purge: true })
    expect(await database.listDatabaseInstances({ page_size: 1 }).all()).not.toEqual([])
    await database.getDatabaseInstance({ name: instance })
    await database.generateDatabaseCredential({ instance_names: [instance] })

    const role = { instance_name: instance, name: nameOf('role') }
    await database.createDatabaseInstanceRole({ ...role, identity_type: 'PG_ONLY' })
    await database.getDatabaseInstanceRole(role)
    await database.updateDatabaseInstanceRole({ ...role, attributes: { createdb: true } })
    expect(await database.listDatabaseInstanceRoles({ instance_name: instance }).all()).not.toEqual([])
    await database.deleteDatabaseInstanceRole({ ...role, allow_missing: true })

    const catalog = nameOf('catalog').replace('-', '_')
    await database.createDatabaseCatalog({
      name: catalog,
      database_instance_name: instance,
      database_name: ready.instance.database,
    })
    unfinished.push(() => database.deleteDatabaseCatalog({ name: catalog }))
    await database.getDatabaseCatalog({ name: catalog })
    await database.updateDatabaseCatalog({ name: catalog, database_name: ready.instance.database })
    await database.listDatabaseCatalogs({ instance_name: instance }).all()
    const securable = { securable_type: 'catalog', full_name: catalog } as const
    await rest.grants.update({ ...securable, changes: [{ principal: 'users', add: ['SELECT'] }] })
    await rest.grants.get(securable)
    const table = `${nameOf('other').replace('-', '_')}.public.t`
    await database.createDatabaseTable({
      name: table,
      database_instance_name: instance,
      logical_database_name: ready.instance.database,
    })
    await database.getDatabaseTable({ name: table })
    await rest.instances.listTables({ instance_name: instance }).all()
    await database.deleteDatabaseTable({ name: table })
    await database.deleteDatabaseCatalog({ name: catalog })
    expect(faults).toEqual([])
  })

  it('of what is known about an instance, and of its sessions', async () => {
    const of = { instance_name: instance }
    await rest.instances.listDatabases(of)
    await rest.instances.getMetrics({ ...of, points: 5 })
    await rest.instances.getRights(of)
    await rest.instances.listSignInRoles(of)
    const me = await rest.currentUser.me()
    await rest.instances.checkLogin({ ...of, role: me.userName })
    await rest.instances.checkLogin({ ...of, role: 'nobody at all' })
    const { token } = await rest.database.generateDatabaseCredential({ instance_names: [instance] })
    const client = new pg.Client({
      host: ready.instance.host,
      port: ready.instance.port,
      user: me.userName,
      password: token,
      database: ready.instance.database,
      ssl: { rejectUnauthorized: false },
    })
    // The server ends it below.
    client.on('error', () => undefined)
    await client.connect()
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const { sessions } = await rest.sessions.listOfInstance(of)
    const own = sessions.find(({ backend_process_id: pid }) => pid === rows[0]?.pid)
    expect(own?.role).toBe(me.userName)
    await rest.sessions.listOfIdentity({ identity_id: me.id })
    await rest.sessions.endOfInstance({ ...of, session_id: own?.session_id ?? '' })
    await client.end().catch(() => undefined)
    expect(faults).toEqual([])
  })

  it('of permissions, rights, the audit and the installation', async () => {
    const group = await rest.groups.create({ displayName: nameOf('group') })
    unfinished.push(() => rest.groups.delete({ id: group.id }))
    const object = { request_object_id: instance }
    await rest.permissions.getPermissionLevels(object)
    const before = await rest.permissions.get(object)
    await rest.permissions.update({
      ...object,
      access_control_list: [{ group_name: group.displayName, permission_level: 'CAN_USE' }],
    })
    const direct = before.access_control_list.flatMap(
      ({ display_name: _name, all_permissions: all, ...who }) =>
        all.flatMap(({ inherited, permission_level: level }) =>
          inherited ? [] : [{ ...who, permission_level: level }],
        ),
    )
    await rest.permissions.set({ ...object, access_control_list: direct })
    await rest.installation.getRights()
    await rest.installation.listRefusals()
    await rest.installation.getCertificateAuthority()
    await rest.identities.getRights({ identity_id: group.id })
    await rest.audit.list({ page_size: 3 }).page()
    await rest.audit.listOfAccount({ page_size: 3, event: 'login' }).page()
    await rest.discovery.getHostMetadata()
    await rest.discovery.getHealth()
    await rest.discovery.getReadiness()
    expect(faults).toEqual([])
  })

  it.each([
    ['the workspace', 'users', 'groups', 'servicePrincipals'],
    ['the account', 'accountUsers', 'accountGroups', 'accountServicePrincipals'],
  ] as const)('of identities of %s', async (_place, users, groups, servicePrincipals) => {
    const userName = `${nameOf('ada')}@example.com`
    const user = await rest[users].create({ userName, name: { givenName: 'Ada' }, roles: [{ value: 'r' }] })
    await rest[users].get({ id: user.id, attributes: 'userName' })
    await rest[users].update({ id: user.id, userName, displayName: 'Ada' })
    await rest[users].patch({ id: user.id, Operations: [{ op: 'replace', path: 'active', value: false }] })
    await rest[users].list({ filter: `userName eq "${userName}"` }).all()
    const group = await rest[groups].create({ displayName: nameOf('group'), members: [{ value: user.id }] })
    await rest[groups].get({ id: group.id })
    await rest[groups].list({ count: 2 }).page()
    await rest[groups].update({ id: group.id, displayName: group.displayName })
    await rest[groups].patch({ id: group.id, Operations: [{ op: 'add', value: { externalId: 'x' } }] })
    await rest[groups].delete({ id: group.id })
    await rest[users].delete({ id: user.id })
    const program = await rest[servicePrincipals].create({ displayName: 'contract' })
    await rest[servicePrincipals].get({ id: program.id, excludedAttributes: 'groups' })
    await rest[servicePrincipals].list({ sortBy: 'displayName', sortOrder: 'descending', count: 2 }).page()
    await rest[servicePrincipals].update({ id: program.id, displayName: 'renamed' })
    await rest[servicePrincipals].patch({
      id: program.id,
      Operations: [{ op: 'add', path: 'roles', value: [{ value: 'r' }] }],
    })
    await rest[servicePrincipals].delete({ id: program.id })
    expect(faults).toEqual([])
  })

  it('of SCIM itself, and of the caller', async () => {
    await rest.scim.getServiceProviderConfig()
    for (const { id } of (await rest.scim.listSchemas()).Resources) await rest.scim.getSchema({ id })
    for (const { id } of (await rest.scim.listResourceTypes()).Resources)
      await rest.scim.getResourceType({ id })
    await rest.accountCurrentUser.me()
    expect(faults).toEqual([])
  })

  it('of secrets, tokens, federation and applications', async () => {
    const program = await rest.servicePrincipals.create({ displayName: 'contract' })
    unfinished.push(() => rest.servicePrincipals.delete({ id: program.id }))
    const of = { service_principal_id: program.id }
    for (const secrets of [rest.servicePrincipalSecretsProxy, rest.servicePrincipalSecrets]) {
      const secret = await secrets.create({ ...of, lifetime: '3600s' })
      await secrets.list(of)
      await secrets.delete({ ...of, secret_id: secret.id })
    }
    const own = await rest.tokens.create({ comment: 'contract', lifetime_seconds: 60 })
    await rest.tokens.list()
    await rest.tokens.introspect()
    await rest.tokens.delete({ token_id: own.token_info.token_id })
    const theirs = await rest.tokenManagement.createOboToken({ application_id: program.applicationId })
    const token = { token_id: theirs.token_info.token_id }
    await rest.tokenManagement.list({ created_by_username: 'nobody' })
    await rest.tokenManagement.get(token)
    await rest.tokenManagement.delete(token)
    const policy = {
      oidc_policy: { issuer: 'https://ci.example.com', subject: 's', jwks_json: '{"keys":[]}' },
    }
    const federation = rest.servicePrincipalFederationPolicy
    const created = { ...of, policy_id: (await federation.create({ ...of, ...policy })).policy_id }
    await federation.list(of)
    await federation.get(created)
    await federation.update({ ...created, description: 'changed' })
    await federation.delete(created)
    const account = rest.accountFederationPolicy
    const { subject: _subject, ...ofAccount } = policy.oidc_policy
    const id = {
      policy_id: (await account.create({ policy_id: nameOf('policy'), oidc_policy: ofAccount })).policy_id,
    }
    await account.list()
    await account.get(id)
    await account.update({ ...id, description: 'changed' })
    await account.delete(id)
    const apps = rest.customAppIntegration
    const app = await apps.create({
      name: 'contract',
      redirect_urls: ['https://a.example.com/'],
      confidential: true,
    })
    const integration = { integration_id: app.integration_id }
    await apps.list()
    await apps.get(integration)
    await apps.update({ ...integration, scopes: ['all-apis'] })
    await apps.delete(integration)
    expect(faults).toEqual([])
  })

  it('of workspaces and their assignments', async () => {
    const { workspaces, workspaceAssignment: assignments } = rest
    const made = await workspaces.create({ workspace_name: nameOf('contract') })
    const of = { workspace_id: String(made.workspace_id) }
    await workspaces.list()
    await workspaces.get(of)
    const me = await rest.currentUser.me()
    const principal = { ...of, principal_id: me.id }
    await assignments.get(of)
    await assignments.update({ ...principal, permissions: ['ADMIN'] })
    await assignments.list(of)
    await assignments.update({ ...principal, permissions: [] })
    await assignments.update({ ...principal, permissions: ['USER'] })
    await assignments.delete(principal)
    await workspaces.delete(of)
    expect(faults).toEqual([])
  })

  it('of files and saved queries', async () => {
    const { userName } = await rest.currentUser.me()
    const directory = `/Workspace/Users/${userName}/${nameOf('contract')}`
    const path = `${directory}/a.txt`
    await rest.workspace.mkdirs({ path: directory })
    unfinished.push(() => rest.workspace.delete({ path: directory, recursive: true }))
    await rest.workspace.import({ path, content: 'YQ==', format: 'AUTO' })
    await rest.workspace.list({ path: directory })
    expect(await rest.workspace.export({ path })).toEqual({ content: 'YQ==' })
    await rest.workspace.getStatus({ path })
    const of = {
      workspace_object_id: String((await rest.workspace.getStatus({ path: directory })).object_id),
    }
    await rest.workspace.getPermissions(of)
    await rest.workspace.setPermissions({ ...of, access_control_list: [] })
    await rest.workspace.updatePermissions({ ...of, access_control_list: [] })
    await rest.workspace.delete({ path: directory, recursive: true })
    const query = await rest.savedQueries.create({ name: nameOf('query'), sql: 'SELECT 1' })
    const saved = { query_id: query.id }
    await rest.savedQueries.list({ page_size: 1 }).all()
    await rest.savedQueries.get(saved)
    await rest.savedQueries.update({ ...saved, version: query.version, sql: 'SELECT 2' })
    await rest.savedQueries.delete(saved)
    expect(faults).toEqual([])
  })

  it('of how users sign in', async () => {
    const person = await createPerson(lakegate, nameOf('person'))
    unfinished.push(() => rest.users.delete({ id: person.id }))
    const of = { user_id: person.id }
    const visitor = new Visitor()
    const page = await visitor.visit(
      `${ready.http_url}/oidc/v1/authorize?client_id=databricks-cli&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A8020&scope=postgres&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256`,
    )
    await visitor.submit(new URL(`${page.url.href}/sign-in`), {
      user_name: person.userName,
      password: person.password,
    })
    const { sessions } = await rest.signIn.listSessions(of)
    await rest.signIn.endSession({ ...of, session_id: sessions[0]?.session_id ?? '' })
    await rest.signIn.createLink(of)
    await rest.sessions.endOfIdentity({ identity_id: person.id })
    expect(faults).toEqual([])
  })

  it('of every operation that there is', () => {
    const all = Object.entries(OPERATIONS).flatMap(([service, operations]) =>
      Object.keys(operations).map((name) => `${service}.${name}`),
    )
    expect(all.filter((name) => !called.has(name)).sort()).toEqual(Object.keys(NOT_CALLED).sort())
  })
})

describe('the OpenAPI document of a host', () => {
  const read = async (host: string, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(`${host}/openapi.json`, { headers })
    return { status: response.status, etag: response.headers.get('etag') ?? '', text: await response.text() }
  }

  it('needs no token, and names that host and its OAuth server', async () => {
    const { status, text } = await read(ready.http_url)
    const { servers, components } = JSON.parse(text) as Document
    expect(status).toBe(200)
    expect(servers).toEqual([{ url: ready.http_url }])
    expect(components.securitySchemes.oauth2.flows.clientCredentials.tokenUrl).toBe(
      `${ready.http_url}/oidc/v1/token`,
    )
  })

  it('is not sent again to whoever has it', async () => {
    const { etag } = await read(ready.http_url)
    const again = await read(ready.http_url, { 'if-none-match': etag })
    expect(again).toEqual({ status: 304, etag, text: '' })
    expect((await read(ready.http_url, { 'if-none-match': '"another"' })).status).toBe(200)
  })

  it('of another workspace names the host of that workspace', async () => {
    const { workspace_url: url, workspace_id: id } = await rest.workspaces.create({
      workspace_name: nameOf('document'),
    })
    unfinished.push(() => rest.workspaces.delete({ workspace_id: String(id) }))
    const { text } = await read(url)
    expect((JSON.parse(text) as Document).servers).toEqual([{ url }])
  })
})

it('an account that is not configured is found by asking the host', async () => {
  const { workspaces } = createRest(createLakegateHttp(ready.http_url, () => ready.admin_token))
  expect((await workspaces.list()).map(({ account_id: id }) => id)).toContain(ready.account_id)
})
