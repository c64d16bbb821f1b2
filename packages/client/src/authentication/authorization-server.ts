/** Where the workspace's OAuth server is, found as the SDKs find it, and one request to it. */
import type { HostMetadata, TokenResponse } from '../contract/discovery.ts'
import { LakegateApiError, LakegateConfigurationError, LakegateError } from '../errors.ts'
import { fetchJson, type FetchLimits } from '../http.ts'
import type { Token } from '../tokens/token-source.ts'
import type { ResolvedConfiguration } from './configuration.ts'

/** Where the OAuth server of a host is, and whose tokens it issues. */
export interface AuthorizationServer {
  readonly tokenEndpoint: string
  readonly authorizationEndpoint: string
  /** RFC 8628; absent where the server has no device flow, as the real service has none. */
  readonly deviceAuthorizationEndpoint?: string
  readonly accountId?: string
  readonly workspaceId?: string
  /** What a provider's token is asked for where nobody says. */
  readonly defaultAudience: string
}

/** The client id of the Databricks CLI, which every workspace knows. */
export const CLI_CLIENT_ID = 'databricks-cli'

/** The network between here and the server; tests play it. */
export type Network = Pick<FetchLimits, 'fetch' | 'clock' | 'signal'>

/** Of a request to the OAuth server, and of one for its metadata. */
const TIME_LIMIT = 30_000
const METADATA_TIME_LIMIT = 5_000

const ACCOUNT_HOST = /^https:\/\/accounts(?:-dod)?\./

/**
 * In this order: `discoveryUrl`; for a host of accounts the addresses that it always has; `/.well-known/databricks-config` of
 * the host; and for older workspaces, which have no such document, `/oidc/.well-known/oauth-authorization-server`.
 */
export async function discoverAuthorizationServer(
  configuration: Pick<ResolvedConfiguration, 'host' | 'accountId' | 'discoveryUrl'>,
  network: Network = {},
): Promise<AuthorizationServer> {
  const { host, accountId, discoveryUrl } = configuration
  const inClear = host?.startsWith('http:') ?? true
  if (discoveryUrl !== undefined) return readMetadata(addressOf(discoveryUrl), {}, inClear, network)
  if (host === undefined) throw noHost()
  if (ACCOUNT_HOST.test(host)) {
    if (accountId === undefined)
      throw new LakegateConfigurationError(
        `${host} is a host of accounts, and no account is named.`,
        'Set account_id in the profile, or DATABRICKS_ACCOUNT_ID.',
      )
    const base = `${host}/oidc/accounts/${accountId}/v1`
    return {
      tokenEndpoint: `${base}/token`,
      authorizationEndpoint: `${base}/authorize`,
      accountId,
      defaultAudience: accountId,
    }
  }
  const known = await readHostMetadata(host, network)
  const account = accountId ?? known?.account_id
  const issuer =
    known?.oidc_endpoint?.replace('{account_id}', account ?? '').replace(/\/+$/, '') ?? `${host}/oidc`
  const audience = known?.token_federation_default_oidc_audiences?.[0]
  if (!isUsable(issuer, inClear))
    throw new LakegateConfigurationError(
      `${host} names ${issuer} as its OAuth server, which is no address${inClear ? '' : ' inside TLS'}.`,
      'Check that the host is a workspace; if it is, ask whoever runs it.',
    )
  return readMetadata(
    new URL(`${issuer}/.well-known/oauth-authorization-server`),
    {
      ...(account === undefined ? {} : { accountId: account }),
      ...(known?.workspace_id === undefined ? {} : { workspaceId: known.workspace_id }),
      ...(audience === undefined ? {} : { defaultAudience: audience }),
    },
    inClear,
    network,
  )
}

function addressOf(discoveryUrl: string): URL {
  if (isUsable(discoveryUrl, true)) return new URL(discoveryUrl)
  throw new LakegateConfigurationError(
    `“${discoveryUrl}” is no address of the metadata of an OAuth server.`,
    'Check DATABRICKS_DISCOVERY_URL, or discovery_url of the profile.',
  )
}

export const noHost = (): LakegateConfigurationError =>
  new LakegateConfigurationError(
    'No workspace is named.',
    'Set DATABRICKS_HOST, or host in a profile of ~/.databrickscfg: lakegate auth login',
  )

async function readHostMetadata(host: string, network: Network): Promise<Partial<HostMetadata> | undefined> {
  try {
    const { body } = await fetchJson(
      new URL('/.well-known/databricks-config', host),
      { method: 'GET' },
      { ...network, timeLimitMilliseconds: METADATA_TIME_LIMIT },
    )
    return body as Partial<HostMetadata>
  } catch (error) {
    // An older workspace has no such document; one that cannot be reached is found out about by the next request.
    if (error instanceof LakegateError) return undefined
    throw error
  }
}

/** @param inClear whether the host itself is spoken to without TLS, so that others may be as well */
async function readMetadata(
  url: URL,
  known: Partial<AuthorizationServer>,
  inClear: boolean,
  network: Network,
): Promise<AuthorizationServer> {
  const { body } = await fetchJson(url, { method: 'GET' }, { ...network, timeLimitMilliseconds: TIME_LIMIT })
  const metadata = body as Readonly<Record<string, unknown>>
  const mayBeClear = inClear && url.protocol === 'http:'
  const find = (name: string) => addressIn(metadata, name, url, mayBeClear)
  const tokenEndpoint = find('token_endpoint')
  const device = 'device_authorization_endpoint'
  return {
    ...known,
    tokenEndpoint,
    authorizationEndpoint: find('authorization_endpoint'),
    ...(metadata[device] === undefined ? {} : { deviceAuthorizationEndpoint: find(device) }),
    defaultAudience: known.defaultAudience ?? tokenEndpoint,
  }
}

/** A secret that would go over TLS is not sent in clear because a document says so. */
const isUsable = (address: string, mayBeClear: boolean): boolean =>
  URL.canParse(address) && (mayBeClear ? /^https?:$/ : /^https:$/).test(new URL(address).protocol)

function addressIn(
  metadata: Readonly<Record<string, unknown>>,
  name: string,
  from: URL,
  mayBeClear: boolean,
): string {
  const value = metadata[name]
  if (typeof value === 'string' && isUsable(value, mayBeClear)) return value
  throw new LakegateConfigurationError(
    `${from.href} names no usable ${name}.`,
    'Check that the host is a workspace, and discovery_url if it is set.',
  )
}

/** What the OAuth server answers to a request for a token. */
export interface TokenAnswer extends Token {
  readonly tokenType: string
  readonly refreshToken?: string
  readonly scope?: string
}

/**
 * One request to a token endpoint (RFC 6749 §5).
 * @param basic client id and secret, which then are not in the form
 * @returns a token whose expiry is in the time of this machine's clock: `expires_in` counted from the request
 */
export async function requestToken(
  tokenEndpoint: string,
  form: Readonly<Record<string, string>>,
  options: {
    readonly basic?: { readonly id: string; readonly secret: string }
    readonly network?: Network
  } = {},
): Promise<TokenAnswer> {
  const { basic, network } = options
  const { body, sentAt } = await fetchJson(
    new URL(tokenEndpoint),
    {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(basic === undefined ? {} : { authorization: basicAuthorization(basic) }),
      },
      body: new URLSearchParams(form).toString(),
    },
    { ...network, timeLimitMilliseconds: TIME_LIMIT },
  )
  const answer = body as Partial<TokenResponse> & { readonly refresh_token?: unknown }
  const seconds = Number(answer.expires_in)
  if (typeof answer.access_token !== 'string' || answer.access_token === '')
    throw new LakegateApiError(502, {
      error_code: 'NO_TOKEN',
      message: `${tokenEndpoint} answered without a token.`,
    })
  return {
    value: answer.access_token,
    expiresAt:
      answer.expires_in === undefined || Number.isNaN(seconds)
        ? undefined
        : new Date(sentAt.getTime() + seconds * 1000),
    tokenType: typeof answer.token_type === 'string' ? answer.token_type : 'Bearer',
    ...(typeof answer.refresh_token === 'string' ? { refreshToken: answer.refresh_token } : {}),
    ...(typeof answer.scope === 'string' ? { scope: answer.scope } : {}),
  }
}

/** RFC 6749 §2.3.1: both are form-encoded before they are joined. */
const basicAuthorization = ({ id, secret }: { readonly id: string; readonly secret: string }): string =>
  `Basic ${Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64')}`

const formEncoded = (value: string): string => new URLSearchParams({ v: value }).toString().slice(2)
