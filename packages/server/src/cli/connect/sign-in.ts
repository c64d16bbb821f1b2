/**
 * Who runs the command, and at which Lakegate: flags, then variables DATABRICKS_*, then profiles, as the SDKs have it; last
 * the local login. Errors of the client library become failures of the command here.
 */
import {
  lakegateOf,
  resolveConfiguration,
  type ConnectionOptions,
  type InstanceConnection,
  type Lakegate,
  type LakegateOptions,
  type ResolvedConfiguration,
} from '@lakegate/client'
import { homedir } from 'node:os'
import { CommandFailure, commandFailed, EXIT_STATUS, wrongUsage } from '../exit-codes.ts'
import { toFailure } from '../workspace/connection.ts'
import { fetchAloud } from '../workspace/fetch-aloud.ts'
import type { ConnectFlags, FindLocalLogin } from './connect-flags.ts'
import { logInLocally } from './local-login.ts'

export interface SignedIn {
  /** @throws CommandFailure */
  connection(instance: string, options: ConnectionOptions): Promise<InstanceConnection>
  /** Whether this was the local login. */
  readonly isLocal: boolean
  close(): void
}

/** @throws CommandFailure that says how to sign in */
export async function signIn(flags: ConnectFlags, findLocalLogin: FindLocalLogin): Promise<SignedIn> {
  const say =
    flags.debug === true ? (line: string) => void process.stderr.write(`${line}\n`) : () => undefined
  const { lakegate, isLocal } = await reporting(() => signInAs(flags, findLocalLogin, say), undefined, true)
  const { configuration } = lakegate
  return {
    isLocal,
    async connection(instance, options) {
      const found = await reporting(() => lakegate.connection(instance, options), configuration, isLocal)
      say(
        `${instance} is at ${found.host} port ${String(found.port)}; role ${found.user}, database ${found.database}`,
      )
      say(
        found.ca === undefined
          ? 'its certificate is of a public authority'
          : 'its certificate is of the authority of Lakegate',
      )
      return {
        ...found,
        credentials: {
          refuse: (value) => {
            found.credentials.refuse(value)
          },
          close: () => {
            found.credentials.close()
          },
          token: () => reporting(() => found.credentials.token(), configuration, isLocal),
        },
      }
    },
    close: () => {
      lakegate.close()
    },
  }
}

async function signInAs(
  flags: ConnectFlags,
  findLocalLogin: FindLocalLogin,
  say: (line: string) => void,
): Promise<{ readonly lakegate: Lakegate; readonly isLocal: boolean }> {
  const { profile, host, local, dataDir } = flags
  if (local === true && (profile !== undefined || host !== undefined))
    throw wrongUsage('--local does not go together with --profile or --host.', 'Leave one of them out.')
  // What is configured may even contradict itself: --local has nothing to do with it.
  const configured =
    local === true
      ? undefined
      : await resolveConfiguration({
          ...(profile === undefined ? {} : { profile }),
          ...(host === undefined ? {} : { host }),
        })
  if (configured !== undefined && (configured.authType !== undefined || configured.profile !== undefined)) {
    say(describe(configured))
    return { lakegate: lakegateOf(configured, optionsOf(flags)), isLocal: false }
  }
  const place = await findLocalLogin(dataDir === undefined ? {} : { dataDir })
  const answer = await logInLocally(place)
  const { socket } = place
  if (answer.kind !== 'signed_in') throw notSignedIn(configured?.host, local === true, socket, answer)
  const { httpUrl, accessToken } = answer.access
  // A host that is named and is another one is not this machine's Lakegate.
  if (configured?.host !== undefined && configured.host !== httpUrl)
    throw notSignedIn(configured.host, false, socket, { kind: 'nothing_there' })
  say(`signed in by the local login at ${socket}, to ${httpUrl}`)
  // Nothing but these two: what the environment says is for another workspace.
  const alone = { environment: {}, homeDirectory: homedir() }
  return {
    lakegate: lakegateOf(
      await resolveConfiguration({ host: httpUrl, token: accessToken, authType: 'pat' }, alone),
      optionsOf(flags),
    ),
    isLocal: true,
  }
}

const optionsOf = ({ debug }: ConnectFlags): LakegateOptions => (debug === true ? { fetch: fetchAloud } : {})

function describe({ host = '', authType = 'pat', profile, origins }: ResolvedConfiguration): string {
  const by = profile === undefined ? '' : `, profile ${profile}`
  const from = origins['host'] === undefined ? '' : ` (host from ${origins['host']})`
  return `signed in to ${host} by ${authType}${by}${from}`
}

function notSignedIn(
  host: string | undefined,
  isWanted: boolean,
  socket: string,
  answer: { readonly kind: 'nothing_there' } | { readonly kind: 'refused'; readonly why: string },
) {
  if (answer.kind === 'refused')
    return commandFailed(
      `The Lakegate of this machine does not let you in by the local login: ${answer.why}.`,
      'The local login is for the account that runs Lakegate. As somebody else sign in with `lakegate auth login`.',
      EXIT_STATUS.refused,
    )
  if (host !== undefined && !isWanted)
    return commandFailed(
      `You are not signed in to ${host}.`,
      `Run \`lakegate auth login --host ${host}\`, or set DATABRICKS_TOKEN.`,
      EXIT_STATUS.refused,
    )
  return commandFailed(
    `You are not signed in anywhere, and no Lakegate of this account runs on this machine (there is nothing at ${socket}).`,
    'Start it (`npm start`, `lakegate up`) and name its LAKEGATE_DATA_DIR if it has one, or sign in to another with `lakegate auth login --host <url>`.',
    isWanted ? EXIT_STATUS.unreachable : EXIT_STATUS.refused,
  )
}

/** @throws CommandFailure in place of an error of the client library */
async function reporting<Result>(
  work: () => Promise<Result>,
  configuration: ResolvedConfiguration | undefined,
  isLocal: boolean,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const failure = toFailure(error, configuration)
    if (isLocal || !(failure instanceof CommandFailure) || failure.exitStatus !== EXIT_STATUS.notFound)
      throw failure
    throw commandFailed(failure.message, `${failure.nextStep ?? ''}${LOCAL_HINT}`.trim(), failure.exitStatus)
  }
}

const LOCAL_HINT = ' With --local the command goes to the Lakegate that runs on this machine.'
