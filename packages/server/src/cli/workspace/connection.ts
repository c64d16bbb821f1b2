/**
 * How every command reaches a Lakegate: as the SDKs resolve it, from flags, variables DATABRICKS_*, and profiles of
 * ~/.databrickscfg; and what is said when that fails, with the command that mends it.
 */
import {
  LakegateApiError,
  LakegateConfigurationError,
  LakegateConnectionError,
  LakegateError,
  LakegateSignInError,
  lakegateOf,
  resolveConfiguration,
  type ClientConfiguration,
  type HostMetadata,
  type Lakegate,
  type ResolvedConfiguration,
} from '@lakegate/client'
import { logInLocally } from '../connect/local-login.ts'
import {
  commandFailed,
  EXIT_STATUS,
  exitStatusOfHttp,
  exitStatusOfLibrary,
  type CommandFailure,
} from '../exit-codes.ts'
import type { WorkspaceFlags } from './flags.ts'
import { fetchAloud } from './fetch-aloud.ts'

/** Where `npm start` listens. */
export const LOCAL_HOST = 'http://127.0.0.1:8470'

export type Workspace = Lakegate & {
  /** The account's id, from the configuration or from the host. */
  accountId(): Promise<string>
}

/**
 * Runs a command as whom the flags and the surroundings say.
 * @param given what goes before everything else
 * @throws CommandFailure with what the server said, or saying what is missing
 */
export async function atWorkspace<Result>(
  flags: WorkspaceFlags,
  work: (workspace: Workspace) => Promise<Result>,
  given: ClientConfiguration = configurationOf(flags),
): Promise<Result> {
  let configuration: ResolvedConfiguration | undefined
  try {
    configuration = await resolveCaller(given, flags)
    const lakegate = lakegateOf(configuration, flags.debug === true ? { fetch: fetchAloud } : {})
    const { http } = lakegate
    try {
      return await work({
        ...lakegate,
        accountId: async () =>
          lakegate.configuration.accountId ??
          (await http.request<HostMetadata>('GET', '/.well-known/databricks-config')).account_id,
      })
    } finally {
      lakegate.close()
    }
  } catch (error) {
    throw toFailure(error, configuration)
  }
}

export const configurationOf = ({ profile, host }: WorkspaceFlags): ClientConfiguration => ({
  ...(profile === undefined ? {} : { profile }),
  ...(host === undefined ? {} : { host }),
})

/**
 * As the SDKs resolve it; and for who is not signed in, the local login of this machine (connect/local-login.ts), unless
 * another workspace is named.
 */
export async function resolveCaller(
  given: ClientConfiguration,
  { findLocalLogin }: Pick<WorkspaceFlags, 'findLocalLogin'>,
): Promise<ResolvedConfiguration> {
  const resolved = await resolveConfiguration(given)
  const { authType, profile, host, surroundings } = resolved
  if (authType === undefined && profile === undefined && findLocalLogin !== undefined) {
    const answer = await logInLocally(await findLocalLogin({}))
    if (answer.kind === 'signed_in' && (host === undefined || host === answer.access.httpUrl)) {
      const { httpUrl, accessToken } = answer.access
      // Nothing but these two: what the environment says is for another workspace.
      const alone = { environment: {}, homeDirectory: surroundings.homeDirectory }
      return resolveConfiguration({ host: httpUrl, token: accessToken, authType: 'pat' }, alone)
    }
  }
  return resolveAtHost(given)
}

/** Without any host, it is the one of this machine. */
export async function resolveAtHost(given: ClientConfiguration): Promise<ResolvedConfiguration> {
  const resolved = await resolveConfiguration(given)
  return resolved.host === undefined && resolved.profile === undefined
    ? resolveConfiguration({ ...given, host: LOCAL_HOST })
    : resolved
}

/** @returns what is thrown in its place: a failure with its exit status and its next step, or the error itself when it is our own */
export function toFailure(error: unknown, configuration: ResolvedConfiguration | undefined): unknown {
  if (!(error instanceof LakegateError)) return error
  if (error instanceof LakegateApiError) return ofApi(error, configuration)
  if (error instanceof LakegateConnectionError)
    return commandFailed(error.message, nextStepOfConnection(error, configuration), EXIT_STATUS.unreachable)
  if (error instanceof LakegateSignInError)
    return commandFailed(error.message, signInAgain(configuration) ?? error.nextStep, EXIT_STATUS.refused)
  if (error instanceof LakegateConfigurationError && configuration?.authType === undefined)
    return ofConfiguration(error, configuration)
  return commandFailed(error.message, error.nextStep, exitStatusOfLibrary(error))
}

function ofApi(error: LakegateApiError, configuration: ResolvedConfiguration | undefined): CommandFailure {
  const nextStep = error.status === 401 ? signInAgain(configuration) : undefined
  return commandFailed(error.message, nextStep ?? error.nextStep, exitStatusOfHttp(error.status))
}

/** The configuration is not enough: nobody is signed in; or it makes no sense. */
function ofConfiguration(
  error: LakegateConfigurationError,
  configuration: ResolvedConfiguration | undefined,
): CommandFailure {
  if (configuration === undefined) return commandFailed(error.message, error.nextStep, EXIT_STATUS.wrongUsage)
  const { host } = configuration
  return commandFailed(
    `You are not signed in${host === undefined ? '' : ` to ${host}`}.`,
    `Run \`${loginLine(configuration)}\`. A program sets DATABRICKS_HOST and DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET.`,
    EXIT_STATUS.refused,
  )
}

/** What brings a caller back in whose token was refused; it depends on where the token came from. */
function signInAgain(configuration: ResolvedConfiguration | undefined): string | undefined {
  if (configuration === undefined) return undefined
  const { authType, origins } = configuration
  if (authType === 'databricks-cli') return `Run \`${loginLine(configuration)}\`.`
  const origin =
    authType === 'pat' ? origins['token'] : authType === 'oauth-m2m' ? origins['clientSecret'] : undefined
  if (origin === undefined) return undefined
  const what = authType === 'pat' ? 'an access token that has not expired' : 'a secret that is still there'
  return `Set ${origin.replace(/ in the code$/, '')} to ${what}, or run \`${loginLine(configuration)}\`.`
}

/** The exact command that signs in where this configuration points. */
export function loginLine({ host, profile }: Pick<ResolvedConfiguration, 'host' | 'profile'>): string {
  const words = ['lakegate', 'auth', 'login']
  if (host !== undefined) words.push('--host', quoteForShell(host))
  if (profile !== undefined) words.push('--profile', quoteForShell(profile))
  return words.join(' ')
}

export const quoteForShell = (text: string): string =>
  /^[A-Za-z0-9@%+=:,./_-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

function nextStepOfConnection(
  error: LakegateConnectionError,
  configuration: ResolvedConfiguration | undefined,
): string | undefined {
  if (error.code !== 'ECONNREFUSED' || configuration?.host === undefined) return error.nextStep
  const origin = configuration.origins['host']
  return configuration.host === LOCAL_HOST
    ? 'Start Lakegate (`lakegate up`), or name the address of another with --profile or DATABRICKS_HOST.'
    : `Start it, or correct its address${origin === undefined ? '' : `: ${origin.replace(/ in the code$/, ' of this command')}`}.`
}
