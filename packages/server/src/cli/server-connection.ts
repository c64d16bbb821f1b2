/**
 * How a command reaches a running Lakegate: address and token are given as for the databricks CLI. The token comes from
 * the environment or a file, because everybody can read the arguments in the process list (behaviour 74).
 */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import {
  createLakegateHttp,
  LakegateApiError,
  LakegateConnectionError,
  type LakegateHttp,
} from '@lakegate/client'
import { Option, type Command } from 'commander'
import { commandFailed, EXIT_STATUS, exitStatusOfHttp, wrongUsage } from './exit-codes.ts'

export interface ServerFlags {
  readonly url: string
  readonly tokenFile?: string
}

export const withServer = (command: Command): Command =>
  command
    .addOption(
      new Option('--url <url>', 'REST of Lakegate').env('DATABRICKS_HOST').default('http://127.0.0.1:8470'),
    )
    .option('--token-file <file>', 'file with an access token; default: the variable DATABRICKS_TOKEN')

/**
 * Runs a command against the server.
 * @throws Fault with the error of the server, or saying that it cannot be reached
 */
export async function atServer<Result>(
  flags: ServerFlags,
  work: (http: LakegateHttp) => Promise<Result>,
): Promise<Result> {
  const token =
    flags.tokenFile === undefined ? process.env['DATABRICKS_TOKEN'] : await readSecret(flags.tokenFile)
  if (token === undefined || token === '')
    throw commandFailed(
      'There is no access token.',
      'Set DATABRICKS_TOKEN, or name a file with --token-file.',
      EXIT_STATUS.refused,
    )
  if (!URL.canParse(flags.url))
    throw wrongUsage(`“${flags.url}” is no URL.`, 'Write --url or DATABRICKS_HOST as http://127.0.0.1:8470.')
  try {
    return await work(createLakegateHttp(flags.url, () => token))
  } catch (error) {
    if (error instanceof LakegateApiError)
      throw commandFailed(
        error.message,
        error.status === 401 ? GOOD_TOKEN : undefined,
        exitStatusOfHttp(error.status),
      )
    if (error instanceof LakegateConnectionError)
      throw commandFailed(
        `Lakegate cannot be reached at ${flags.url}: ${causeOf(error)}.`,
        OF_CERTIFICATES.test(codeOf(error))
          ? 'Name the authority of its certificate: NODE_EXTRA_CA_CERTS=<data directory>/ca.pem.'
          : 'Start it, or name its address with --url or DATABRICKS_HOST.',
        EXIT_STATUS.unreachable,
      )
    throw error
  }
}

const GOOD_TOKEN =
  'Set DATABRICKS_TOKEN, or the file of --token-file, to an access token of that Lakegate that has not expired.'

/** OpenSSL error codes of a certificate chain that ends at no trusted authority. */
const OF_CERTIFICATES = /SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)/

const codeOf = ({ cause }: Error): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : ''

const causeOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : error.message)

export const readSecret = async (file: string): Promise<string> =>
  (file === '-' ? await text(process.stdin) : await readText(file)).replace(/\r?\n$/, '')

/** @throws Fault when the file cannot be read */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw commandFailed(
      `The file ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      undefined,
    )
  }
}
