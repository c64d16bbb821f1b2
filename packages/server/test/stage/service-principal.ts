/** The walk of issue and README: a service principal, its secret, its tokens, its role in PostgreSQL. */
import { readFile } from 'node:fs/promises'
import pg from 'pg'
import {
  createLakegateHttp,
  type DatabaseCredential,
  type LakegateHttp,
  type ScimServicePrincipal,
  type ServicePrincipalSecret,
  type TokenResponse,
} from '@lakegate/client'
import type { Lakegate } from './lakegate.ts'

export interface TestServicePrincipal {
  readonly id: string
  readonly applicationId: string
  readonly secret: string
  /** `scope=all-apis`, fresh. */
  workspaceToken(scope?: string): Promise<string>
  /** REST as this service principal. */
  readonly http: LakegateHttp
}

export async function createServicePrincipal(
  lakegate: Lakegate,
  displayName: string,
): Promise<TestServicePrincipal> {
  const principal = await lakegate.admin.request<ScimServicePrincipal>(
    'POST',
    '/api/2.0/preview/scim/v2/ServicePrincipals',
    { schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal'], displayName, active: true },
  )
  const created = await lakegate.admin.request<ServicePrincipalSecret>(
    'POST',
    `/api/2.0/accounts/servicePrincipals/${principal.id}/credentials/secrets`,
    {},
  )
  const secret = created.secret
  if (secret === undefined) throw new Error('the secret was not shown at its creation')
  const workspaceToken = async (scope = 'all-apis') =>
    requestWorkspaceToken(lakegate.ready.http_url, principal.applicationId, secret, scope)
  return {
    id: principal.id,
    applicationId: principal.applicationId,
    secret,
    workspaceToken,
    http: createLakegateHttp(lakegate.ready.http_url, () => workspaceToken()),
  }
}

export async function requestWorkspaceToken(
  baseUrl: string,
  clientId: string,
  clientSecret: string,
  scope: string,
): Promise<string> {
  const response = await fetch(`${baseUrl}/oidc/v1/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
  })
  if (!response.ok) throw new Error(`token endpoint: ${String(response.status)} ${await response.text()}`)
  return ((await response.json()) as TokenResponse).access_token
}

export async function mintCredential(http: LakegateHttp, ...instanceNames: string[]): Promise<string> {
  const credential = await http.request<DatabaseCredential>('POST', '/api/2.0/database/credentials', {
    request_id: crypto.randomUUID(),
    instance_names: instanceNames,
  })
  return credential.token
}

export interface Login {
  readonly user: string
  readonly password: string
  readonly database?: string
  readonly instance?: { readonly host: string; readonly port: number }
  /** As PGOPTIONS. */
  readonly options?: string
}

/** A node-postgres client with verified TLS, not yet connected. */
export async function databaseClient(lakegate: Lakegate, login: Login): Promise<pg.Client> {
  const { instance } = lakegate.ready
  const client = new pg.Client({
    host: login.instance?.host ?? instance.host,
    port: login.instance?.port ?? instance.port,
    database: login.database ?? instance.database,
    user: login.user,
    password: login.password,
    ...(login.options === undefined ? {} : { options: login.options }),
    ssl: { ca: await readFile(lakegate.ready.ca_file, 'utf8') },
  })
  // A server that ends the connection is part of some tests; the query in progress reports it.
  client.on('error', () => undefined)
  return client
}

/** Logs in, runs `work`, logs out. */
export async function inSession<Result>(
  lakegate: Lakegate,
  login: Login,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await databaseClient(lakegate, login)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Logs in as the owner of the first instance, with a credential of its own. */
export async function asOwner<Result>(
  lakegate: Lakegate,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const password = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
  return inSession(lakegate, { user: lakegate.ready.admin_user, password }, work)
}

/** `CREATE EXTENSION …; SELECT databricks_create_role(…)` as the owner. */
export async function createRoleFor(lakegate: Lakegate, principal: TestServicePrincipal): Promise<void> {
  await asOwner(lakegate, async (client) => {
    await client.query('CREATE EXTENSION IF NOT EXISTS databricks_auth')
    await client.query('SELECT databricks_create_role($1, $2)', [
      principal.applicationId,
      'SERVICE_PRINCIPAL',
    ])
  })
}

export async function createPrincipalWithRole(
  lakegate: Lakegate,
  displayName: string,
): Promise<TestServicePrincipal> {
  const principal = await createServicePrincipal(lakegate, displayName)
  await createRoleFor(lakegate, principal)
  return principal
}

/** What PostgreSQL or the gateway answered to a login that must fail. */
export async function refusedLogin(lakegate: Lakegate, login: Login): Promise<pg.DatabaseError> {
  const client = await databaseClient(lakegate, login)
  try {
    await client.connect()
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error
    throw error
  }
  await client.end()
  throw new Error(`the login as ${login.user} was admitted`)
}
