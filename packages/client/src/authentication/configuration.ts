/**
 * Who the caller is, and at which workspace, by the names that the SDKs use: what is given in code comes before variables of
 * the environment, and these come before a profile of ~/.databrickscfg.
 */
import { homedir } from 'node:os'
import { LakegateConfigurationError } from '../errors.ts'
import { defaultProfileOf, pathOfConfigFile, readConfigFile, SETTINGS_SECTION } from './profiles.ts'
import { findSession } from './sessions.ts'

/** The ways in which a caller proves who it is. */
export const AUTH_TYPES = [
  'pat',
  'oauth-m2m',
  'databricks-cli',
  'github-oidc',
  'env-oidc',
  'file-oidc',
] as const
/** One of the ways in which a caller proves who it is. */
export type AuthType = (typeof AUTH_TYPES)[number]

/** Which workspace is meant and who the caller is, by the names of the Databricks SDKs. */
export interface ClientConfiguration {
  /** Of the workspace, e.g. `https://dbc-1.cloud.databricks.com` or `http://127.0.0.1:8470`. */
  readonly host?: string
  readonly accountId?: string
  readonly workspaceId?: string
  /** A section of the file of profiles. */
  readonly profile?: string
  /** Default: `~/.databrickscfg`. */
  readonly configFile?: string
  /** Only this way is tried; needed where more than one is configured. */
  readonly authType?: AuthType
  /** Personal access token, or another token that is sent as it is. */
  readonly token?: string
  /** Of a service principal: its application id. */
  readonly clientId?: string
  readonly clientSecret?: string
  /** The variable that holds the token of an identity provider; default `DATABRICKS_OIDC_TOKEN`. */
  readonly oidcTokenEnv?: string
  /** The file that holds it, such as that of a service account of Kubernetes. */
  readonly oidcTokenFilepath?: string
  /** The audience that the provider's token is asked for. */
  readonly tokenAudience?: string
  /** Metadata of the OAuth server, where the host does not tell. */
  readonly discoveryUrl?: string
  /** Of access tokens; default `all-apis`. */
  readonly scopes?: readonly string[]
  /** The program `databricks`; default: the one on the PATH. */
  readonly databricksCliPath?: string
}

/** The configuration with what the variables `DATABRICKS_*` and the profile add to it. */
export interface ResolvedConfiguration extends Omit<ClientConfiguration, 'scopes' | 'configFile'> {
  readonly configFile: string
  readonly scopes: readonly string[]
  /** Where each value comes from, e.g. `the variable DATABRICKS_HOST`, for messages. */
  readonly origins: Readonly<Record<string, string>>
  readonly surroundings: Surroundings
}

/** What a configuration is resolved in. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly homeDirectory: string
}

type Setting = Exclude<keyof ClientConfiguration, 'scopes'>

/** By which names a setting goes in the environment and in a profile; the first of several is the usual one. */
const SETTINGS: Readonly<
  Record<Setting, { readonly variables: readonly string[]; readonly keys: readonly string[] }>
> = {
  host: { variables: ['DATABRICKS_HOST'], keys: ['host'] },
  accountId: { variables: ['DATABRICKS_ACCOUNT_ID'], keys: ['account_id'] },
  workspaceId: { variables: ['DATABRICKS_WORKSPACE_ID'], keys: ['workspace_id'] },
  profile: { variables: ['DATABRICKS_CONFIG_PROFILE'], keys: [] },
  configFile: { variables: ['DATABRICKS_CONFIG_FILE'], keys: [] },
  authType: { variables: ['DATABRICKS_AUTH_TYPE'], keys: ['auth_type'] },
  token: { variables: ['DATABRICKS_TOKEN'], keys: ['token'] },
  clientId: { variables: ['DATABRICKS_CLIENT_ID'], keys: ['client_id'] },
  clientSecret: { variables: ['DATABRICKS_CLIENT_SECRET'], keys: ['client_secret'] },
  oidcTokenEnv: { variables: ['DATABRICKS_OIDC_TOKEN_ENV'], keys: ['oidc_token_env'] },
  oidcTokenFilepath: {
    variables: ['DATABRICKS_OIDC_TOKEN_FILEPATH', 'DATABRICKS_OIDC_TOKEN_FILE'],
    // Of the Python SDK and of the Go SDK.
    keys: ['oidc_token_filepath', 'databricks_id_token_filepath'],
  },
  tokenAudience: { variables: ['DATABRICKS_TOKEN_AUDIENCE'], keys: ['token_audience', 'audience'] },
  discoveryUrl: { variables: ['DATABRICKS_DISCOVERY_URL'], keys: ['discovery_url'] },
  databricksCliPath: { variables: ['DATABRICKS_CLI_PATH'], keys: ['databricks_cli_path'] },
}

const NAMES = Object.keys(SETTINGS) as readonly Setting[]

/**
 * Adds to what is given the variables `DATABRICKS_*`, and to those the profile of ~/.databrickscfg.
 * @param surroundings for tests; default: those of this process
 * @returns without `authType` where nothing is configured with which the caller could prove who it is
 * @throws LakegateConfigurationError when a profile is named that is not there, or when more than one way is configured
 */
export async function resolveConfiguration(
  given: ClientConfiguration = {},
  surroundings: Surroundings = { environment: process.env, homeDirectory: homedir() },
): Promise<ResolvedConfiguration> {
  const values: Partial<Record<Setting, string>> = {}
  const origins: Partial<Record<Setting | 'scopes', string>> = {}
  const take = (name: Setting, value: string | undefined, origin: string) => {
    if (value === undefined || value === '' || values[name] !== undefined) return
    values[name] = value
    origins[name] = origin
  }
  for (const name of NAMES) take(name, given[name], `${name} in the code`)
  for (const name of NAMES)
    for (const variable of SETTINGS[name].variables)
      take(name, surroundings.environment[variable], `the variable ${variable}`)

  const configFile = pathOfConfigFile(values.configFile, surroundings.homeDirectory)
  const profile = await readProfile(values, configFile)
  if (profile !== undefined) {
    values.profile = profile.name
    for (const name of NAMES)
      for (const key of SETTINGS[name].keys)
        take(name, profile.values.get(key), `${key} of the profile ${profile.name} in ${configFile}`)
  }
  if (profile !== undefined && isOfAnotherHost(profile, values.host)) {
    refuseItsCredentials(profile.name, profile.values.get('host') ?? '', values, origins)
    // Its session is not looked for, only one of the host.
    delete values.profile
  }
  const scopes = given.scopes ?? splitScopes(profile?.values.get('scopes'))
  const { authType: wanted, ...rest } = values
  const resolved = {
    ...rest,
    ...(rest.host === undefined ? {} : { host: normalizeHost(rest.host) }),
    configFile,
    scopes: scopes.length === 0 ? ['all-apis'] : scopes,
    origins,
    surroundings,
  }
  const authType =
    wanted === undefined ? await chooseAuthType(resolved) : checkAuthType(wanted, origins.authType)
  return authType === undefined ? resolved : { ...resolved, authType }
}

/**
 * As the SDKs do: a profile that nobody named is not read where a host or a credential is given, so that the credential of one
 * workspace is never sent to another.
 */
async function readProfile(
  values: Partial<Record<Setting, string>>,
  configFile: string,
): Promise<{ name: string; values: ReadonlyMap<string, string> } | undefined> {
  if (values.profile === undefined && isEnough(values)) return undefined
  const sections = await readConfigFile(configFile)
  const name = values.profile ?? (sections === undefined ? undefined : defaultProfileOf(sections))
  const found = name === undefined || name === SETTINGS_SECTION ? undefined : sections?.get(name)
  if (name !== undefined && found !== undefined && found.size > 0) return { name, values: found }
  if (values.profile === undefined) return undefined
  throw new LakegateConfigurationError(
    `There is no profile ${values.profile} in ${configFile}.`,
    `Name one that is there, or make it: lakegate auth login --profile ${values.profile}`,
  )
}

function isOfAnotherHost(
  { values }: { readonly values: ReadonlyMap<string, string> },
  host: string | undefined,
): boolean {
  const own = values.get('host')
  if (own === undefined || own === '' || host === undefined) return false
  return normalizeHost(own) !== normalizeHost(host)
}

/** A profile that is named while another host is given has credentials of the one for the other. */
function refuseItsCredentials(
  profile: string,
  ownHost: string,
  values: Partial<Record<Setting, string>>,
  origins: Partial<Record<Setting, string>>,
): void {
  const credential = (['token', 'clientSecret'] as const).find((name) =>
    SETTINGS[name].keys.some((key) => origins[name]?.startsWith(`${key} of the profile `) === true),
  )
  if (credential === undefined) return
  throw new LakegateConfigurationError(
    `The profile ${profile} is of ${normalizeHost(ownHost)}, and ${origins.host ?? 'another setting'} names ${normalizeHost(values.host ?? '')}: the ${SETTINGS[credential].keys.join()} of the one is not sent to the other.`,
    'Name the profile of that host, or leave out the host.',
  )
}

const isEnough = (values: Partial<Record<Setting, string>>): boolean =>
  values.host !== undefined ||
  METHODS.some(({ settings }) => settings.some((name) => values[name] !== undefined))

/** The methods that settings speak of; two at once contradict each other. */
const METHODS: readonly { readonly name: string; readonly settings: readonly Setting[] }[] = [
  { name: 'pat', settings: ['token'] },
  { name: 'oauth', settings: ['clientId', 'clientSecret'] },
  { name: 'env-oidc', settings: ['oidcTokenEnv'] },
  { name: 'file-oidc', settings: ['oidcTokenFilepath'] },
]

type Found = Partial<Record<Setting, string>> &
  Pick<ResolvedConfiguration, 'origins' | 'surroundings' | 'configFile'>

/** In the order in which the Go SDK tries them. */
async function chooseAuthType(found: Found): Promise<AuthType | undefined> {
  refuseContradictions(found)
  const { environment } = found.surroundings
  if (found.token !== undefined) return 'pat'
  if (found.clientId !== undefined && found.clientSecret !== undefined) return 'oauth-m2m'
  // The client id says that the caller is a service principal, not the person of a session.
  if (found.clientId === undefined && (await findSession(found)) !== undefined) return 'databricks-cli'
  if (environment['ACTIONS_ID_TOKEN_REQUEST_URL'] && environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN'])
    return 'github-oidc'
  if (found.oidcTokenEnv !== undefined || environment['DATABRICKS_OIDC_TOKEN']) return 'env-oidc'
  if (found.oidcTokenFilepath !== undefined) return 'file-oidc'
  return undefined
}

function refuseContradictions(found: Found): void {
  const used = METHODS.flatMap(({ name, settings }) => {
    const origins = settings
      .filter((setting) => found[setting] !== undefined)
      .map((setting) => found.origins[setting] ?? setting)
    return origins.length === 0 ? [] : [{ name, origins }]
  })
  // A client id belongs to a federation of a service principal as well.
  const isFederation = found.clientSecret === undefined && found.token === undefined
  const methods = isFederation ? used.filter(({ name }) => name !== 'oauth') : used
  if (methods.length <= 1) return
  throw new LakegateConfigurationError(
    `More than one authorization method is configured: ${methods
      .map(({ name, origins }) => `${name} (${origins.join(', ')})`)
      .join(' and ')}.`,
    'Take away all but one, or say which with DATABRICKS_AUTH_TYPE (authType).',
  )
}

function checkAuthType(value: string, origin = 'authType'): AuthType {
  const known = AUTH_TYPES.find((type) => type === value)
  if (known !== undefined) return known
  throw new LakegateConfigurationError(
    `The auth type “${value}” (${origin}) is not supported.`,
    `Take one of ${AUTH_TYPES.join(', ')}.`,
  )
}

/** As the SDKs do: `https` where no scheme is named, and nothing behind the port. */
export function normalizeHost(host: string): string {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(host) ? host : `https://${host}`
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new LakegateConfigurationError(
      `“${host}” is no address of a workspace.`,
      'Write it as https://dbc-1.cloud.databricks.com or http://127.0.0.1:8470.',
    )
  return new URL(address).origin
}

const splitScopes = (value: string | undefined): readonly string[] =>
  [...new Set((value ?? '').split(/[\s,]+/).filter((scope) => scope !== ''))].sort()
