/** The config file: a JSON object whose keys are names of settings. */
import { readFileSync } from 'node:fs'
import { Fault } from '../domain/fault.ts'

/**
 * @returns the values as text, under the names that the file uses; the names are not checked
 * @throws Fault configuration_invalid
 */
export function readConfigFile(file: string): Readonly<Record<string, string>> {
  const parsed = parse(file, read(file))
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw invalid(`The config file ${file} is not a JSON object.`)
  }
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]: [string, unknown]) => {
      if (typeof value !== 'string' && typeof value !== 'number') {
        throw invalid(`The setting ${name} in the config file ${file} is neither text nor a number.`)
      }
      return [name, String(value)]
    }),
  )
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw invalid(`The config file ${file} cannot be read: ${problem}.`, cause)
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    // V8's message quotes the text around the error, which may be a secret: only the position is passed on.
    const position = error instanceof Error ? /at position \d+/.exec(error.message)?.[0] : undefined
    throw invalid(
      `The config file ${file} is not valid JSON${position === undefined ? '' : ` (${position})`}.`,
    )
  }
}

function invalid(message: string, cause?: unknown): Fault {
  return new Fault({
    code: 'configuration_invalid',
    origin: 'configuration',
    message,
    nextStep: 'Write, for example, {"http-port": 8470}; docs/settings.md lists every setting.',
    cause,
  })
}
