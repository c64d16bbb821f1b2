/** `lakegate auth describe` and `auth env`: who a command would be, and where each value of that comes from. */
import { lakegateOf, type ResolvedConfiguration } from '@lakegate/client'
import type { Command } from 'commander'
import { createOutput, type Output } from '../../output/output.ts'
import { printable } from '../../output/printable.ts'
import { configurationOf, quoteForShell, resolveCaller, toFailure } from '../connection.ts'
import { fetchAloud } from '../fetch-aloud.ts'
import { withWorkspace, WorkspaceCommand, type WorkspaceFlags } from '../flags.ts'

/** By the names of the SDKs; those whose values are secret are shown only when asked for. */
const ATTRIBUTES = [
  { name: 'host', of: 'host', variable: 'DATABRICKS_HOST' },
  { name: 'account_id', of: 'accountId', variable: 'DATABRICKS_ACCOUNT_ID' },
  { name: 'workspace_id', of: 'workspaceId', variable: 'DATABRICKS_WORKSPACE_ID' },
  { name: 'profile', of: 'profile', variable: 'DATABRICKS_CONFIG_PROFILE' },
  { name: 'config_file', of: 'configFile', variable: 'DATABRICKS_CONFIG_FILE' },
  { name: 'token', of: 'token', variable: 'DATABRICKS_TOKEN', isSecret: true },
  { name: 'client_id', of: 'clientId', variable: 'DATABRICKS_CLIENT_ID' },
  { name: 'client_secret', of: 'clientSecret', variable: 'DATABRICKS_CLIENT_SECRET', isSecret: true },
  { name: 'oidc_token_env', of: 'oidcTokenEnv', variable: 'DATABRICKS_OIDC_TOKEN_ENV' },
  { name: 'oidc_token_filepath', of: 'oidcTokenFilepath', variable: 'DATABRICKS_OIDC_TOKEN_FILEPATH' },
  { name: 'token_audience', of: 'tokenAudience', variable: 'DATABRICKS_TOKEN_AUDIENCE' },
  { name: 'auth_type', of: 'authType', variable: 'DATABRICKS_AUTH_TYPE' },
] as const

interface Attribute {
  readonly name: string
  readonly value: string
  readonly from: string | undefined
}

function attributesOf(configuration: ResolvedConfiguration, showsSecrets: boolean): readonly Attribute[] {
  return ATTRIBUTES.flatMap((attribute) => {
    const value = configuration[attribute.of]
    const from = configuration.origins[attribute.of]
    // Nobody set it: it is where profiles always are.
    if (value === undefined || (attribute.of === 'configFile' && from === undefined)) return []
    const isHidden = 'isSecret' in attribute && !showsSecrets
    return [{ name: attribute.name, value: isHidden ? '********' : value, from: sourceOf(from) }]
  })
}

/** What a command gives to the library comes from a flag; or, where there was none, from the local login. */
const sourceOf = (origin: string | undefined): string | undefined =>
  origin?.endsWith(' in the code') !== true
    ? origin
    : origin.startsWith('profile ')
      ? 'the flag --profile'
      : 'the flag --host, or the local login of this machine'

export function describeCommand(): Command {
  const command = new WorkspaceCommand('describe')
    .description('show who you are to a command, and where each value of that comes from')
    .option('--host <host>', 'address of the workspace')
    .option('--sensitive', 'show tokens and secrets as well')
  withWorkspace(command)
  return command.action(async () => {
    const flags = command.opts<WorkspaceFlags & { sensitive?: boolean }>()
    const configuration = await resolve(flags)
    const output = createOutput(flags)
    const attributes = attributesOf(configuration, flags.sensitive === true)
    const who = await whoIs(configuration, flags)
    if (output.isText(true)) process.stdout.write(render(configuration, attributes, who, output))
    else
      output.showJson({
        status: 'error' in who ? 'error' : 'success',
        ...('error' in who ? { error: who.error } : { username: who.userName }),
        ...(configuration.accountId === undefined ? {} : { account_id: configuration.accountId }),
        details: {
          ...(configuration.authType === undefined ? {} : { auth_type: configuration.authType }),
          ...(configuration.host === undefined ? {} : { host: configuration.host }),
          configuration: Object.fromEntries(
            attributes.map(({ name, value, from }) => [
              name,
              { value, ...(from === undefined ? {} : { source: from }) },
            ]),
          ),
        },
      })
    if ('failure' in who) throw who.failure
  })
}

type Who = { readonly userName: string } | { readonly error: string; readonly failure: unknown }

async function whoIs(configuration: ResolvedConfiguration, flags: WorkspaceFlags): Promise<Who> {
  try {
    const lakegate = lakegateOf(configuration, flags.debug === true ? { fetch: fetchAloud } : {})
    const { userName } = await lakegate.me()
    lakegate.close()
    return { userName }
  } catch (error) {
    const failure = toFailure(error, configuration)
    if (!(failure instanceof Error)) throw error
    return { error: failure.message, failure }
  }
}

function render(
  { host, accountId, authType }: ResolvedConfiguration,
  attributes: readonly Attribute[],
  who: Who,
  { colours }: Output,
): string {
  const { bold } = colours
  // What failed is said on standard error.
  const head =
    'error' in who
      ? []
      : [
          `${bold('Host:')} ${printable(host ?? '')}`,
          ...(accountId === undefined ? [] : [`${bold('Account ID:')} ${printable(accountId)}`]),
          `${bold('User:')} ${printable(who.userName)}`,
          `${bold('Authenticated with:')} ${authType ?? ''}`,
          '-----',
        ]
  const lines = attributes.map(
    ({ name, value, from }) =>
      `  ✓ ${bold(name)}: ${printable(value)}${from === undefined ? '' : ` (from ${printable(from)})`}`,
  )
  return `${[...head, 'Current configuration:', ...lines].join('\n')}\n`
}

export function envCommand(): Command {
  const command = new WorkspaceCommand('env')
    .description('print the variables DATABRICKS_* that stand for a profile; secrets are among them')
    .option('--host <host>', 'address of the workspace')
  withWorkspace(command)
  return command.action(async () => {
    const flags = command.opts<WorkspaceFlags>()
    const configuration = await resolve(flags)
    const byName = new Map(attributesOf(configuration, true).map(({ name, value }) => [name, value]))
    const variables = ATTRIBUTES.flatMap(({ name, variable }) => {
      const value = byName.get(name)
      return value === undefined ? [] : [[variable, value] as const]
    })
    // JSON, unless the flag itself asks for lines: as the databricks CLI, so that scripts can rely on it.
    if (flags.output === 'text')
      process.stdout.write(variables.map(([name, value]) => `${name}=${quoteForShell(value)}\n`).join(''))
    else createOutput(flags).showJson({ env: Object.fromEntries(variables) })
  })
}

async function resolve(flags: WorkspaceFlags): Promise<ResolvedConfiguration> {
  try {
    return await resolveCaller(configurationOf(flags), flags)
  } catch (error) {
    throw toFailure(error, undefined)
  }
}
