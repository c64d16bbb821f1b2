/** Starts a Lakegate for a run of tests, and gives what a test needs of it. */
import { readFile } from 'node:fs/promises'
import {
  createLakegateHttp,
  type DatabaseCredential,
  type DatabaseInstance,
  type DatabaseInstanceRole,
  type LakegateHttp,
  type ScimMe,
} from '@lakegate/client'
import { runLakegate } from './child-program.ts'
import {
  createGroup,
  createServicePrincipal,
  createTokenEndpoint,
  createUser,
  trustOwnProvider,
  type IdentityPorts,
  type TestGroup,
  type TestIdentity,
  type TestServicePrincipal,
  type TestUser,
} from './identities.ts'

export interface StartOptions {
  /** Settings by their names in docs/settings.md, such as `{ 'log-level': 'debug' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Which role an identity or a group gets in PostgreSQL; by default one without attributes, on the first instance. */
export interface RoleOptions {
  /** The database instance; null for no role. */
  readonly instance?: string | null
  /** Whether the role is a member of `databricks_superuser`. */
  readonly superuser?: boolean
}

export interface ConnectionOptions {
  /** The group whose role the identity takes; left out, its own. */
  readonly as?: TestGroup
  /** Left out, the first instance. */
  readonly instance?: string
  /** Left out, `databricks_postgres`. */
  readonly database?: string
  /** Whether to connect to the pooled endpoint. */
  readonly pooled?: boolean
}

/** As node-postgres takes them: `new pg.Client(await lakegate.connection(app))`. */
export interface ConnectionParameters {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** A database credential, good for one hour. */
  readonly password: string
  readonly ssl: { readonly ca: string }
}

export interface TestLakegate extends AsyncDisposable {
  /** REST and OAuth: the `DATABRICKS_HOST` of the program under test. */
  readonly httpUrl: string
  readonly accountId: string
  readonly workspaceId: string
  /** The name of the database instance that exists from the start, `dev` by default. */
  readonly instance: string
  /** PEM file of the authority that signed the certificates of gateway and REST. */
  readonly caFile: string
  /** The administrator: owner of the first instance. */
  readonly admin: TestIdentity & { readonly token: string }
  /** A user with a role of the same name. */
  createUser(userName: string, options?: RoleOptions): Promise<TestUser>
  /** A service principal with an OAuth secret, and a role of the name of its application id. */
  createServicePrincipal(displayName: string, options?: RoleOptions): Promise<TestServicePrincipal>
  /** A group with a role of the same name. @param members identities and groups */
  createGroup(
    displayName: string,
    members: readonly { readonly id: string }[],
    options?: RoleOptions,
  ): Promise<TestGroup>
  /** Parameters of a connection with a fresh credential. @param identity left out, the administrator */
  connection(identity?: TestIdentity, options?: ConnectionOptions): Promise<ConnectionParameters>
  /** The same as environment variables: of libpq (`PGHOST`, …) and of the Databricks SDKs (`DATABRICKS_HOST`, …). */
  environment(identity?: TestIdentity, options?: ConnectionOptions): Promise<Record<string, string>>
  /** Stops it, and removes everything that it left. */
  stop(): Promise<void>
}

/**
 * Starts a Lakegate with a data directory of its own on free ports. It stops with `stop()`, at the end of the block of an
 * `await using`, and when this process ends, however that happens.
 * @throws Error with what the program printed, when it does not start
 */
export async function startLakegate(options: StartOptions = {}): Promise<TestLakegate> {
  const program = await runLakegate(options.settings ?? {})
  try {
    return await serve(program)
  } catch (error) {
    await program.stop()
    throw error
  }
}

async function serve({ ready, stop }: Awaited<ReturnType<typeof runLakegate>>): Promise<TestLakegate> {
  const asIdentity = (workspaceToken: () => Promise<string>) => ({
    workspaceToken,
    http: createLakegateHttp(ready.http_url, workspaceToken),
  })
  const asAdmin = asIdentity(() => Promise.resolve(ready.admin_token))
  const [{ id }, ca] = await Promise.all([
    asAdmin.http.request<ScimMe>('GET', '/api/2.0/preview/scim/v2/Me'),
    readFile(ready.ca_file, 'utf8'),
  ])
  const admin = {
    ...asAdmin,
    id,
    role: ready.admin_user,
    token: ready.admin_token,
  }
  const first = ready.instance?.name ?? ''
  const ports = portsOf(ready, admin.http, asIdentity)
  const withRole = async <Made extends { readonly role: string }>(
    made: Made,
    type: DatabaseInstanceRole['identity_type'],
    { instance = first, superuser = false }: RoleOptions,
  ): Promise<Made> => {
    if (instance !== null && instance !== '')
      await createRole(admin.http, instance, made.role, type, superuser)
    return made
  }
  const connection = async (
    identity: TestIdentity = admin,
    { as, instance = first, database = 'databricks_postgres', pooled = false }: ConnectionOptions = {},
  ): Promise<ConnectionParameters> => {
    const [found, { token }] = await Promise.all([
      admin.http.request<DatabaseInstance>('GET', pathOf(instance)),
      identity.http.request<DatabaseCredential>('POST', '/api/2.0/database/credentials', {
        instance_names: [instance],
      }),
    ])
    return {
      ...addressOf(found, pooled),
      database,
      user: as?.role ?? identity.role,
      password: token,
      ssl: { ca },
    }
  }
  return {
    httpUrl: ready.http_url,
    accountId: ready.account_id,
    workspaceId: ready.workspace_id,
    instance: first,
    caFile: ready.ca_file,
    admin,
    createUser: async (userName, options = {}) =>
      withRole(await createUser(ports, userName), 'USER', options),
    createServicePrincipal: async (displayName, options = {}) =>
      withRole(await createServicePrincipal(ports, displayName), 'SERVICE_PRINCIPAL', options),
    createGroup: async (displayName, members, options = {}) =>
      withRole(await createGroup(ports, displayName, members), 'GROUP', options),
    connection,
    async environment(identity = admin, options = {}) {
      const { host, port, database, user, password } = await connection(identity, options)
      return {
        DATABRICKS_HOST: ready.http_url,
        DATABRICKS_TOKEN: await identity.workspaceToken(),
        PGHOST: host,
        PGPORT: String(port),
        PGDATABASE: database,
        PGUSER: user,
        PGPASSWORD: password,
        PGSSLMODE: 'verify-full',
        PGSSLROOTCERT: ready.ca_file,
      }
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** The provider whose tokens make users is trusted when the first of them needs one. */
function portsOf(
  ready: { readonly http_url: string; readonly account_id: string },
  admin: LakegateHttp,
  asIdentity: IdentityPorts['asIdentity'],
): IdentityPorts {
  const tokens = createTokenEndpoint(ready.http_url)
  let provider: ReturnType<typeof trustOwnProvider> | undefined
  return {
    admin,
    asIdentity,
    tokenOfServicePrincipal: tokens.clientCredentials,
    async tokenOfUser(userName) {
      provider ??= trustOwnProvider(admin, ready.account_id)
      return tokens.exchange((await provider)(userName))
    },
  }
}

const pathOf = (instance: string): string => `/api/2.0/database/instances/${encodeURIComponent(instance)}`

function addressOf(found: DatabaseInstance, pooled: boolean): { host: string; port: number } {
  const [host, port] = pooled
    ? [found.pooled_dns, found.pooled_port]
    : [found.read_write_dns, found.read_write_port]
  if (host === undefined || host === '')
    throw new Error(
      `${found.name} has no ${pooled ? 'pooled endpoint' : 'address'}: it is ${found.state}${found.status_message === undefined ? '' : `, ${found.status_message}`}.`,
    )
  return { host, port: port ?? 5432 }
}

async function createRole(
  admin: LakegateHttp,
  instance: string,
  name: string,
  type: DatabaseInstanceRole['identity_type'],
  superuser: boolean,
): Promise<void> {
  await admin.request<DatabaseInstanceRole>('POST', `${pathOf(instance)}/roles`, {
    name,
    identity_type: type,
    ...(superuser ? { membership_role: 'DATABRICKS_SUPERUSER' } : {}),
  })
}
