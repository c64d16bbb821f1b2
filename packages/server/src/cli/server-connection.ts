/**
 * How a command of an operator reaches a running Lakegate: as every other (workspace/connection.ts), and with flags of its
 * own for the address and for a token in a file, because everybody can read the arguments in the process list (behaviour 74).
 */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { ClientConfiguration, LakegateHttp } from '@lakegate/client'
import { Option, type Command } from 'commander'
import type { FindLocalLogin } from './connect/connect-flags.ts'
import { wrongUsage } from './exit-codes.ts'
import { atWorkspace, configurationOf } from './workspace/connection.ts'

export interface ServerFlags {
  readonly url?: string
  readonly tokenFile?: string
  readonly profile?: string
  readonly debug?: boolean
  readonly findLocalLogin?: FindLocalLogin
}

export const withServer = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--url <url>',
        'REST of Lakegate (DATABRICKS_HOST); default: that of the profile, or http://127.0.0.1:8470',
      ),
    )
    .option(
      '--token-file <file>',
      'file with an access token (DATABRICKS_TOKEN); default: that of the profile',
    )
    .option('-p, --profile <name>', 'profile of ~/.databrickscfg (DATABRICKS_CONFIG_PROFILE)')
    .option('--debug', 'say on standard error which requests are made; never what is secret')

/**
 * Runs a command against the server.
 * @throws CommandFailure with the error of the server, or saying that it cannot be reached
 */
export async function atServer<Result>(
  flags: ServerFlags,
  work: (http: LakegateHttp) => Promise<Result>,
): Promise<Result> {
  return atWorkspace(flags, ({ http }) => work(http), await givenBy(flags))
}

/** @throws CommandFailure when a value cannot be right, or the file of the token cannot be read */
async function givenBy({ url, tokenFile, profile }: ServerFlags): Promise<ClientConfiguration> {
  if (url !== undefined && !URL.canParse(url))
    throw wrongUsage(`“${url}” is no URL.`, 'Write --url as http://127.0.0.1:8470.')
  const token = tokenFile === undefined ? undefined : await readSecret(tokenFile)
  if (token === '')
    throw wrongUsage(`The file ${tokenFile ?? ''} is empty.`, 'Write an access token into it.')
  return {
    ...configurationOf(profile === undefined ? {} : { profile }),
    ...(url === undefined ? {} : { host: url }),
    ...(token === undefined ? {} : { token }),
  }
}

export const readSecret = async (file: string): Promise<string> =>
  (file === '-' ? await text(process.stdin) : await readText(file)).replace(/\r?\n$/, '')

/** @throws CommandFailure when the file cannot be read */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw wrongUsage(
      `The file ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      'Name a file that is there, and that you may read.',
    )
  }
}
