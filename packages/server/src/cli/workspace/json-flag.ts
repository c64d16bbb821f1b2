/**
 * `--json`: the body of a request, inline, as `@file`, or as `@-` from standard input. A file keeps what is secret out of
 * the list of processes.
 */
import { wrongUsage } from '../exit-codes.ts'
import { readSecret } from '../server-connection.ts'

export const JSON_FLAG = '--json <JSON>'
export const JSON_FLAG_SAYS = 'body of the request: inline JSON, @path/to/file.json, or @- for standard input'

/** @throws CommandFailure when it cannot be read, or is no JSON object */
export async function readJsonFlag(value: string): Promise<Readonly<Record<string, unknown>>> {
  const isFile = value.startsWith('@')
  const text = isFile ? await readSecret(value.slice(1)) : value
  const where = isFile && value !== '@-' ? `The file ${value.slice(1)}` : '--json'
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw wrongUsage(
      `${where} holds no valid JSON: ${error instanceof Error ? error.message : String(error)}`,
      isFile
        ? 'Correct it: what it needs is the body of the request.'
        : 'In a shell, put single quotes around it; or write it into a file, and give --json @file.',
    )
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw wrongUsage(`${where} holds no JSON object.`, 'Write the body of the request: {"name": …}')
  return { ...parsed }
}
