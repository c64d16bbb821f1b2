/** Tokens of a person's session: from the cache of the Databricks CLI, renewed there, or from the program itself. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { LakegateApiError, LakegateSignInError } from '../errors.ts'
import { outsideBackground } from '../tokens/background.ts'
import { systemClock } from '../tokens/clock.ts'
import type { TokenRequest } from '../tokens/create-token-source.ts'
import type { Token } from '../tokens/token-source.ts'
import {
  CLI_CLIENT_ID,
  discoverAuthorizationServer,
  requestToken,
  type Network,
} from './authorization-server.ts'
import type { ResolvedConfiguration } from './configuration.ts'
import { withSessionLock } from './session-lock.ts'
import { expiryOf, findSession, writeSession, type Session } from './sessions.ts'

/** There was nothing to renew the session with. */
const NOT_RENEWABLE = { failure: undefined }

/** A session whose token lives for less is renewed: so does the CLI. */
const RENEW_BEFORE = 300_000

export function createCliTokenReader(
  configuration: ResolvedConfiguration,
  network: Network,
): (request: TokenRequest) => Promise<Token> {
  const now = () => (network.clock ?? systemClock).wallTime()
  const isGood = (session: Session, { refused, atHand }: TokenRequest): boolean => {
    const expiry = expiryOf(session)
    return (
      session.access_token !== refused &&
      session.access_token !== atHand &&
      (expiry === undefined || expiry.getTime() - now() > RENEW_BEFORE)
    )
  }

  const read = async (request: TokenRequest) => {
    const found = await findSession(configuration)
    if (found === undefined) return fromProgram(configuration, request)
    if (isGood(found, request)) return tokenOf(found)
    const outcome = await withSessionLock(configuration.surroundings.homeDirectory, async () => {
      // Another process may have renewed it while this one waited.
      const session = (await findSession(configuration)) ?? found
      if (isGood(session, request)) return tokenOf(session)
      if (session.refresh_token === undefined || session.refresh_token === '') return NOT_RENEWABLE
      try {
        return await renew(configuration, session, network)
      } catch (error) {
        if (!(error instanceof LakegateApiError) || error.status !== 400) throw error
        // A program that does not know the lock may have been faster, and so used up the refresh token.
        const other = await findSession(configuration)
        if (other !== undefined && isGood(other, request)) return tokenOf(other)
        return { failure: error }
      }
    })
    // Only now, because the program takes the same lock.
    return 'failure' in outcome ? fromProgram(configuration, request, outcome.failure) : outcome
  }
  // Whoever uses a refresh token and does not keep what came for it has lost the session: neither close() nor the end of the
  // program interrupts this.
  return (request) => outsideBackground(() => read(request))
}

const tokenOf = (session: Session): Token => ({ value: session.access_token, expiresAt: expiryOf(session) })

async function renew(
  configuration: ResolvedConfiguration,
  session: Session,
  network: Network,
): Promise<Token> {
  const { tokenEndpoint } = await discoverAuthorizationServer(configuration, network)
  const answer = await requestToken(
    tokenEndpoint,
    { grant_type: 'refresh_token', refresh_token: session.refresh_token ?? '', client_id: CLI_CLIENT_ID },
    { network },
  )
  await writeSession(configuration, renewedSession(session, answer))
  return { value: answer.value, expiresAt: answer.expiresAt }
}

function renewedSession(session: Session, answer: Awaited<ReturnType<typeof requestToken>>): Session {
  const { expiry: _former, expires_in: _seconds, ...kept } = session
  return {
    ...kept,
    access_token: answer.value,
    token_type: answer.tokenType,
    // RFC 6749 §6: without a new one the old one stays.
    ...(answer.refreshToken === undefined ? {} : { refresh_token: answer.refreshToken }),
    ...(answer.expiresAt === undefined ? {} : { expiry: answer.expiresAt.toISOString() }),
  }
}

/** A cold start of the CLI, and its request. */
const PROGRAM_TIME_LIMIT = 60_000

/** Set for the program: `lakegate` may be it, and must not ask in its turn. */
const ASKED = 'LAKEGATE_ASKED_FOR_SESSION'

/** For sessions that the CLI keeps where only it can read them, such as the keyring of the system. */
async function fromProgram(
  configuration: ResolvedConfiguration,
  { refused, atHand }: TokenRequest,
  cause?: unknown,
): Promise<Token> {
  const { profile, host, surroundings } = configuration
  const whose = profile === undefined ? ['--host', host ?? ''] : ['--profile', profile]
  const words = ['auth', 'token', ...whose]
  try {
    if (surroundings.environment[ASKED] !== undefined) throw new Error('there is none in its cache.')
    if (refused === undefined && atHand === undefined) return await runProgram(words, configuration)
    return await runProgram([...words, '--force-refresh'], configuration).catch((error: unknown) => {
      // Before 0.296 the CLI renewed when it had to, and could not be told to.
      if (complaintOf(error)?.includes('unknown flag') === true) return runProgram(words, configuration)
      throw error
    })
  } catch (error) {
    throw new LakegateSignInError(
      `There is no session of ${profile === undefined ? (host ?? 'a person') : `the profile ${profile}`} that can be used: ${reasonOf(cause ?? error)}`,
      `Sign in: lakegate auth login${profile === undefined ? ` --host ${host ?? '<host>'}` : ` --profile ${profile}`}`,
      cause ?? error,
    )
  }
}

async function runProgram(
  words: readonly string[],
  { surroundings, configFile, databricksCliPath = 'databricks' }: ResolvedConfiguration,
): Promise<Token> {
  const { stdout } = await promisify(execFile)(databricksCliPath, words, {
    timeout: PROGRAM_TIME_LIMIT,
    env: {
      ...surroundings.environment,
      HOME: surroundings.homeDirectory,
      DATABRICKS_CONFIG_FILE: configFile,
      [ASKED]: '1',
    },
  })
  const answer = parseOutput(stdout)
  if (
    typeof answer === 'object' &&
    answer !== null &&
    'access_token' in answer &&
    typeof answer.access_token === 'string'
  ) {
    return tokenOf(answer as Session)
  }
  throw new Error('databricks auth token printed no token')
}

/** The error of JSON.parse quotes what it read, which may be a token. */
function parseOutput(stdout: string): unknown {
  try {
    return JSON.parse(stdout)
  } catch {
    throw new Error('databricks auth token printed something that is not JSON')
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'ENOENT')
    return 'there is none in its cache, and the program databricks is not installed.'
  return complaintOf(error) ?? error.message
}

/** What the program wrote about its failure; its output, which may be a token, is never repeated. */
const complaintOf = (error: unknown): string | undefined =>
  error instanceof Error && 'stderr' in error && typeof error.stderr === 'string'
    ? error.stderr.trim().split('\n')[0]
    : undefined
