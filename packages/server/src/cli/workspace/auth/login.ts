/**
 * `lakegate auth login`: signs a person in and keeps that in a profile, which the databricks CLI and the SDKs read as well
 * (wire-contract §3.6).
 */
import {
  discoverAuthorizationServer,
  LakegateError,
  lakegateOf,
  resolveConfiguration,
  storeSession,
  type AuthorizationServer,
  type TokenAnswer,
} from '@lakegate/client'
import { Option, type Command } from 'commander'
import { wrongUsage } from '../../exit-codes.ts'
import { createOutput, type Output } from '../../output/output.ts'
import { LOCAL_HOST, quoteForShell, toFailure } from '../connection.ts'
import { parseDuration } from '../duration.ts'
import { fetchAloud } from '../fetch-aloud.ts'
import { withWorkspace, WorkspaceCommand, type WorkspaceFlags } from '../flags.ts'
import { browserOf, type Machine } from './browser.ts'
import {
  configFile,
  defaultProfile,
  profiles,
  readSetting,
  saveProfile,
  saveSetting,
  surroundings,
  surroundingsOfProfile,
} from './profile-file.ts'
import { ask, canAsk } from './prompt.ts'
import { signInByBrowser, signInByDevice, type SignIn } from './sign-in.ts'

interface LoginFlags extends WorkspaceFlags {
  readonly accountId?: string
  readonly workspaceId?: string
  readonly browser: boolean
  readonly scopes?: string
  readonly timeout: string
}

export function loginCommand(): Command {
  const command = new WorkspaceCommand('login')
    .description('sign in with the browser, and keep that in a profile of ~/.databrickscfg')
    .usage('[HOST] [options]')
    .argument('[HOST]', `address of the workspace: ${LOCAL_HOST}`)
    .option('--host <host>', 'the same')
    .option('--account-id <id>', 'account, where the host does not tell')
    .addOption(new Option('--workspace-id <id>', 'workspace, where the host does not tell').hideHelp())
    .option('--no-browser', 'print a code to enter on any device')
    .option('--scopes <names>', 'what the session may do, with commas between them; default: all-apis')
    .option('--timeout <duration>', 'how long to wait for you', '1h')
  withWorkspace(command)
  return command.action(async (host: string | undefined) => {
    await login(host, command.opts<LoginFlags>())
  })
}

async function login(argument: string | undefined, flags: LoginFlags): Promise<void> {
  if (argument !== undefined && flags.host !== undefined)
    throw wrongUsage('The host is given twice.', 'Give it as the argument, or with --host.')
  const output = createOutput(flags)
  const network = flags.debug === true ? { fetch: fetchAloud } : {}
  const named = flags.profile ?? process.env['DATABRICKS_CONFIG_PROFILE']
  const target = await chooseHost(argument ?? flags.host, named, flags)
  const profile = named ?? (await chooseProfile(target.host))
  try {
    const server = await discoverAuthorizationServer(target, network)
    const scopes = (flags.scopes ?? '').split(/[\s,]+/).filter((scope) => scope !== '')
    const token = await signIn(
      {
        server,
        scopes: scopes.length === 0 ? ['all-apis'] : scopes,
        timeoutMs: parseDuration('--timeout', flags.timeout),
        say: speakTo(output),
        ...network,
      },
      flags,
    )
    await keep({ profile, target, server, token, scopes })
  } catch (error) {
    throw toFailure(error, undefined)
  }
  await tell(profile, output)
}

interface Target {
  readonly host: string
  readonly accountId?: string
  readonly workspaceId?: string
}

/** As the databricks CLI: what is given, else that of the profile, else a question. */
async function chooseHost(
  given: string | undefined,
  profile: string | undefined,
  { accountId, workspaceId }: LoginFlags,
): Promise<Target> {
  const ofProfile = (await profiles()).find(({ name }) => name === profile)?.values
  const asked =
    given ??
    ofProfile?.get('host') ??
    process.env['DATABRICKS_HOST'] ??
    (canAsk() ? await ask('Host', LOCAL_HOST) : undefined)
  if (asked === undefined || asked === '')
    throw wrongUsage(
      'No workspace is named.',
      `Name it: lakegate auth login --host ${LOCAL_HOST}${profile === undefined ? '' : ` --profile ${quoteForShell(profile)}`}`,
    )
  const { host } = await resolveConfiguration({ host: asked }, surroundingsOfProfile())
  const query = URL.canParse(asked) ? new URL(asked).searchParams : new URLSearchParams()
  const isSameHost = given === undefined
  // Addresses copied from a browser say which workspace they mean.
  const account =
    accountId ??
    query.get('account_id') ??
    query.get('a') ??
    (isSameHost ? ofProfile?.get('account_id') : undefined)
  const workspace = workspaceId ?? query.get('workspace_id') ?? query.get('o') ?? query.get('w') ?? undefined
  return {
    host: host ?? asked,
    ...(account === undefined ? {} : { accountId: account }),
    ...(workspace === undefined ? {} : { workspaceId: workspace }),
  }
}

/** The profile of that host, the default one while it is free, or one that is called like the host. */
async function chooseProfile(host: string): Promise<string> {
  const all = await profiles()
  const isOf = (values: ReadonlyMap<string, string>) => values.get('host')?.replace(/\/+$/, '') === host
  const sessions = all.filter(({ values }) => isOf(values) && values.get('auth_type') === 'databricks-cli')
  const byDefault = await defaultProfile()
  const found = sessions.find(({ name }) => name === byDefault) ?? sessions[0]
  if (found !== undefined) return found.name
  const isFree = (name: string) => all.every((profile) => profile.name !== name)
  if (isFree(byDefault)) return byDefault
  const { hostname, port } = new URL(host)
  const like = /^[\d.[\]:]+$/.test(hostname) ? 'lakegate' : (hostname.split('.')[0] ?? 'lakegate')
  return [like, `${like}-${port}`, `${hostname}-${port}`].find(isFree) ?? `${hostname}-${port}`
}

async function signIn(given: SignIn, { browser }: LoginFlags): Promise<TokenAnswer> {
  const machine: Machine = { environment: process.env, platform: process.platform }
  const way = browser ? browserOf(machine) : 'none'
  const { deviceAuthorizationEndpoint: endpoint } = given.server
  if (way === 'none' && endpoint !== undefined) return signInByDevice(given, endpoint)
  return signInByBrowser(given, way === 'open' ? machine : undefined)
}

/** What must stay readable stands alone in its line; standard output stays for programs. */
const speakTo =
  (output: Output) =>
  (sentence: string, line?: string): void => {
    // The login cannot go on without it, so `--quiet` does not hide it.
    output.insist(line === undefined ? sentence : `${sentence}\n\n  ${line}\n`)
  }

async function keep(login: {
  readonly profile: string
  readonly target: Target
  readonly server: AuthorizationServer
  readonly token: TokenAnswer
  readonly scopes: readonly string[]
}): Promise<void> {
  const { profile, target, server, token, scopes } = login
  const accountId = target.accountId ?? server.accountId
  const workspaceId = target.workspaceId ?? server.workspaceId
  const isFirst = !(await profiles()).some(({ values }) => values.get('auth_type') === 'databricks-cli')
  await storeSession(
    {
      host: target.host,
      profile,
      ...(accountId === undefined ? {} : { accountId }),
      surroundings: surroundings(),
    },
    {
      access_token: token.value,
      token_type: token.tokenType,
      ...(token.refreshToken === undefined ? {} : { refresh_token: token.refreshToken }),
      ...(token.expiresAt === undefined ? {} : { expiry: token.expiresAt.toISOString() }),
    },
  )
  await saveProfile(profile, {
    host: target.host,
    account_id: accountId,
    workspace_id: workspaceId,
    auth_type: 'databricks-cli',
    scopes: scopes.length === 0 ? undefined : scopes.join(','),
  })
  // The databricks CLI since 1.0 looks into the keyring of the system, unless this says where sessions are. Where it has some
  // of its own there, that stays as it is.
  if (isFirst && (await readSetting('auth_storage')) === undefined)
    await saveSetting('auth_storage', 'plaintext')
}

async function tell(profile: string, output: Output): Promise<void> {
  output.say(`Profile ${profile} was successfully saved in ${configFile()}`)
  try {
    const lakegate = lakegateOf(await resolveConfiguration({ profile }, surroundingsOfProfile()))
    output.say(`You are signed in as ${(await lakegate.me()).userName}.`)
    lakegate.close()
  } catch (error) {
    // The login itself is done; a session with few scopes may not ask who it is.
    if (!(error instanceof LakegateError)) throw error
  }
  if (profile !== (await defaultProfile()))
    output.say(
      `Commands take it with \`--profile ${quoteForShell(profile)}\`; \`lakegate auth switch --profile ${quoteForShell(profile)}\` makes it the default.`,
    )
}
