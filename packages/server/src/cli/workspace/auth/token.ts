/** `lakegate auth token`: an access token of a session, renewed when needed, as the databricks CLI prints it. */
import {
  createAccessTokenSource,
  LakegateSignInError,
  resolveConfiguration,
  type ClientConfiguration,
  type Profile,
  type ResolvedConfiguration,
  type Token,
} from '@lakegate/client'
import { Option, type Command } from 'commander'
import { commandFailed, EXIT_STATUS, wrongUsage } from '../../exit-codes.ts'
import { createOutput } from '../../output/output.ts'
import { loginLine, quoteForShell, resolveAtHost, toFailure } from '../connection.ts'
import { fetchAloud } from '../fetch-aloud.ts'
import { withWorkspace, WorkspaceCommand, type WorkspaceFlags } from '../flags.ts'
import { profiles, surroundingsOfProfile } from './profile-file.ts'

interface TokenFlags extends WorkspaceFlags {
  readonly forceRefresh?: boolean
  readonly accountId?: string
}

export function tokenCommand(): Command {
  const command = new WorkspaceCommand('token')
    .description('print an access token of a session, renewed where it is about to expire')
    .usage('[PROFILE] [options]')
    .argument('[PROFILE]', 'profile, or address of the workspace')
    .option('--host <host>', 'address of the workspace')
    .addOption(new Option('--account-id <id>', 'account').hideHelp())
    .option('--force-refresh', 'a new one in any case')
    .addOption(new Option('--timeout <duration>', 'as in the databricks CLI').hideHelp())
  withWorkspace(command)
  return command.action(async (argument: string | undefined) => {
    await printToken(argument, command.opts<TokenFlags>())
  })
}

async function printToken(argument: string | undefined, flags: TokenFlags): Promise<void> {
  const configuration = await resolveSession(argument, flags)
  const token = await readToken(configuration, flags)
  const output = createOutput(flags)
  // JSON whatever the environment says, because scripts read it (databricks CLI).
  if (flags.output === 'text' || output.isQuiet) process.stdout.write(`${token.value}\n`)
  else
    output.showJson({
      access_token: token.value,
      token_type: 'Bearer',
      ...(token.expiresAt === undefined
        ? {}
        : {
            expiry: token.expiresAt.toISOString(),
            expires_in: Math.max(0, Math.round((token.expiresAt.getTime() - Date.now()) / 1000)),
          }),
    })
}

async function resolveSession(
  argument: string | undefined,
  flags: TokenFlags,
): Promise<ResolvedConfiguration> {
  if (argument !== undefined && (flags.host !== undefined || flags.profile !== undefined))
    throw wrongUsage(
      `The argument ${argument} does not go together with --host or --profile.`,
      'Give only one of them.',
    )
  const all = await profiles()
  const isProfile = all.some(({ name }) => name === argument)
  const profile = flags.profile ?? (isProfile ? argument : undefined)
  const host = flags.host ?? (isProfile ? undefined : argument)
  const given: ClientConfiguration = {
    ...(profile === undefined ? {} : { profile }),
    ...(host === undefined ? {} : { host }),
    ...(flags.accountId === undefined ? {} : { accountId: flags.accountId }),
  }
  try {
    if (profile !== undefined) return await resolveConfiguration(given, surroundingsOfProfile())
    if (host === undefined) return await resolveAtHost(given)
    // A session of that host, by the profile that has it; never a token of the environment.
    const { host: wanted } = await resolveConfiguration({ host }, surroundingsOfProfile())
    const found = chooseSession(
      all.filter(({ values }) => values.get('host')?.replace(/\/+$/, '') === wanted),
      flags.accountId,
    )
    return await resolveConfiguration(
      { ...given, ...(found === undefined ? {} : { profile: found.name }) },
      surroundingsOfProfile(),
    )
  } catch (error) {
    throw toFailure(error, undefined)
  }
}

/**
 * The profile that the environment names, else the only one with a session of a person.
 * @param ofHost the profiles of the host
 * @throws CommandFailure when there are several: they may be of different people
 */
export function chooseSession(
  ofHost: readonly Profile[],
  accountId: string | undefined,
): Profile | undefined {
  const named = ofHost.find(({ name }) => name === process.env['DATABRICKS_CONFIG_PROFILE'])
  if (named !== undefined) return named
  const sessions = ofHost.filter(
    ({ values }) =>
      values.get('auth_type') === 'databricks-cli' &&
      (accountId === undefined || (values.get('account_id') ?? accountId) === accountId),
  )
  if (sessions.length <= 1) return sessions[0]
  const names = sessions.map(({ name }) => name)
  throw wrongUsage(
    `Several profiles have a session of this host: ${names.join(', ')}.`,
    `Name one: lakegate auth token --profile ${quoteForShell(names[0] ?? '')}; a program sets DATABRICKS_CONFIG_PROFILE.`,
  )
}

async function readToken(configuration: ResolvedConfiguration, flags: TokenFlags): Promise<Token> {
  if (configuration.authType === 'pat')
    throw commandFailed(
      `${configuration.origins['token'] ?? 'A token'} is a token itself: there is none to ask for.`,
      'Use it as it is; or name the profile of a session.',
      EXIT_STATUS.wrongUsage,
    )
  // SDKs that call this program look for these words, and then try other ways to sign in.
  if (configuration.authType === undefined)
    throw commandFailed(
      `databricks OAuth is not configured for this host: nobody is signed in${configuration.host === undefined ? '' : ` to ${configuration.host}`}.`,
      `Run \`${loginLine(configuration)}\`.`,
      EXIT_STATUS.refused,
    )
  const source = createAccessTokenSource(configuration, flags.debug === true ? { fetch: fetchAloud } : {})
  try {
    const token = await source.token()
    if (flags.forceRefresh !== true) return token
    source.refuse(token.value)
    return await source.token()
  } catch (error) {
    if (error instanceof LakegateSignInError)
      throw commandFailed(error.message, `Run \`${loginLine(configuration)}\`.`, EXIT_STATUS.refused)
    throw toFailure(error, configuration)
  } finally {
    source.close()
  }
}
