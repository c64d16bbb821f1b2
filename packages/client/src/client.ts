/** A workspace as one caller sees it: its REST API, database credentials, and where and as whom to connect. */
import { createAccessTokenSource } from './authentication/access-tokens.ts'
import { noHost } from './authentication/authorization-server.ts'
import {
  resolveConfiguration,
  type ClientConfiguration,
  type ResolvedConfiguration,
} from './authentication/configuration.ts'
import type { InstanceConnection } from './connection.ts'
import type { CertificateAuthorityAnswer } from './contract/console.ts'
import type { DatabaseCredential, DatabaseInstance } from './contract/database.ts'
import type { ScimMe } from './contract/identities.ts'
import { LakegateApiError, LakegateConfigurationError, LakegateError } from './errors.ts'
import { createLakegateHttp, pathMember, type HttpOptions, type LakegateHttp } from './http.ts'
import { createRest, type Rest } from './rest/rest.ts'
import { createTokenSource, type TokenSourceOptions } from './tokens/create-token-source.ts'
import type { Token, TokenSource } from './tokens/token-source.ts'

/** A workspace as one caller sees it. */
export interface Lakegate {
  /** The REST API as the caller; what is worth repeating is repeated. */
  readonly http: LakegateHttp
  /** The same as functions, by service: `rest.database.listDatabaseInstances()`. */
  readonly rest: Rest
  readonly configuration: ResolvedConfiguration
  /** Bearer tokens of the REST API. */
  readonly accessTokens: TokenSource
  /** Who the caller is; `userName` is the name of its PostgreSQL role. */
  me(): Promise<ScimMe>
  /** Passwords for these instances: credentials that live an hour at most. */
  credentials(instanceNames: readonly string[], options?: TokenSourceOptions): TokenSource
  /** Where an instance is, and what it takes to log in there. */
  connection(instance: string, options?: ConnectionOptions): Promise<InstanceConnection>
  /** Stops every refresh in the background of what came from here. */
  close(): void
}

/** As whom and to which database a connection is made. */
export interface ConnectionOptions {
  /** The PostgreSQL role to log in as, e.g. that of a group; default: the caller's own. */
  readonly role?: string
  /** Default: `databricks_postgres`. */
  readonly database?: string
  /** The endpoint where sessions share backends, which Lakegate has and the real service has not. */
  readonly pooled?: boolean
  readonly credentials?: TokenSourceOptions
}

/** How the library reaches the workspace, beside who the caller is. */
export interface LakegateOptions extends HttpOptions {
  /** Of access tokens; those of databases are chosen at `credentials`. */
  readonly accessTokens?: TokenSourceOptions
}

/** The port of PostgreSQL, which the real service always uses and so does not name. */
const POSTGRES_PORT = 5432
/** In both, the database that every instance has. */
const FIRST_DATABASE = 'databricks_postgres'

/**
 * Opens a workspace as the caller that is configured.
 * @param given what the SDKs call by these names; the rest comes from variables `DATABRICKS_*` and ~/.databrickscfg
 * @throws LakegateConfigurationError when no workspace is named, or nothing says who the caller is
 */
export async function createLakegate(
  given: ClientConfiguration = {},
  options: LakegateOptions = {},
): Promise<Lakegate> {
  return lakegateOf(await resolveConfiguration(given), options)
}

/** The same, of a configuration that was resolved before. */
export function lakegateOf(configuration: ResolvedConfiguration, options: LakegateOptions = {}): Lakegate {
  const { host } = configuration
  if (host === undefined) throw noHost()
  const time = {
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.random === undefined ? {} : { random: options.random }),
  }
  const accessTokens = createAccessTokenSource(configuration, {
    ...time,
    ...options.accessTokens,
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  })
  const http = createLakegateHttp(host, accessTokens, { attempts: 4, ...options })
  const sources: TokenSource[] = [accessTokens]

  const credentials = (instanceNames: readonly string[], given?: TokenSourceOptions): TokenSource => {
    const source = createTokenSource(({ signal }) => mintCredential(http, instanceNames, signal), {
      ...time,
      ...given,
    })
    if (given?.refresh === 'ahead') sources.push(source)
    return source
  }
  const me = () => http.request<ScimMe>('GET', '/api/2.0/preview/scim/v2/Me')

  return {
    http,
    rest: createRest(
      http,
      configuration.accountId === undefined ? {} : { accountId: configuration.accountId },
    ),
    configuration,
    accessTokens,
    me,
    credentials,
    async connection(name, given = {}) {
      const [instance, user] = await Promise.all([
        readInstance(http, name),
        given.role ?? me().then(({ userName }) => userName),
      ])
      return {
        ...endpointOf(instance, given.pooled === true),
        database: given.database ?? FIRST_DATABASE,
        user,
        ca: await readAuthority(http, instance),
        credentials: credentials([name], given.credentials),
      }
    },
    close() {
      for (const source of sources) source.close()
    },
  }
}

async function readInstance(http: LakegateHttp, name: string): Promise<DatabaseInstance> {
  const instance = await http.request<DatabaseInstance>(
    'GET',
    `/api/2.0/database/instances/${pathMember('the name of an instance', name)}`,
  )
  const nextStep = NEXT_STEP_OF_STATE[instance.state]
  if (nextStep !== undefined)
    throw new LakegateError(
      `The instance ${name} is ${instance.state}.`,
      instance.status_message ?? nextStep(name),
    )
  return instance
}

/** States in which nobody can log in. */
const NEXT_STEP_OF_STATE: Readonly<Partial<Record<string, (name: string) => string>>> = {
  STARTING: () => 'Wait until it is AVAILABLE.',
  STOPPED: (name) =>
    `Start it: lakegate database update-database-instance ${name} stopped --json '{"stopped": false}'`,
  DELETING: () => 'It is being deleted; take another one.',
}

function endpointOf(instance: DatabaseInstance, pooled: boolean): { host: string; port: number } {
  if (!pooled) return { host: instance.read_write_dns, port: instance.read_write_port ?? POSTGRES_PORT }
  if (instance.pooled_dns === undefined)
    throw new LakegateConfigurationError(
      `The instance ${instance.name} has no pooled endpoint.`,
      'Leave out pooled; an administrator of a Lakegate can turn it on.',
    )
  return { host: instance.pooled_dns, port: instance.pooled_port ?? POSTGRES_PORT }
}

/** Only Lakegate has an authority of its own; the real service is not asked for a path that it does not have. */
async function readAuthority(http: LakegateHttp, instance: DatabaseInstance): Promise<string | undefined> {
  if (!('effective_session_policy' in instance)) return undefined
  try {
    const { certificate_pem: pem, signs_gateway_certificates: isUsed } =
      await http.request<CertificateAuthorityAnswer>('GET', '/api/2.0/lakegate/certificate-authority')
    return isUsed ? pem : undefined
  } catch (error) {
    if (error instanceof LakegateApiError && error.status === 404) return undefined
    throw error
  }
}

async function mintCredential(
  http: LakegateHttp,
  instanceNames: readonly string[],
  signal: AbortSignal,
): Promise<Token> {
  const { body, headers, sentAt } = await http.exchange<DatabaseCredential>(
    'POST',
    '/api/2.0/database/credentials',
    { request_id: crypto.randomUUID(), instance_names: instanceNames },
    // The source repeats it by its own rule.
    { attempts: 1, signal },
  )
  return { value: body.token, expiresAt: expiryHere(body.expiration_time, headers.get('date'), sentAt) }
}

/**
 * When a token expires by the clock of this machine, which may differ from the server's: as long after the request as the
 * server's own time of the answer is before the expiry.
 */
function expiryHere(expiration: string, date: string | null, sentAt: Date): Date {
  const expiresAt = new Date(expiration)
  const answeredAt = date === null ? NaN : Date.parse(date)
  return Number.isNaN(answeredAt)
    ? expiresAt
    : new Date(sentAt.getTime() + (expiresAt.getTime() - answeredAt))
}
