/**
 * Finds the name of a refusal from what a client received. On the PostgreSQL protocol a refusal has a SQLSTATE and
 * texts but no name, and the console, which logs in like any client, needs the name to link to the page that explains
 * it.
 */
import type { RefusalDefinition } from './refusal-definition.ts'
import { REFUSALS } from './refusal-table.ts'

interface Pattern {
  readonly name: string
  readonly sqlstate: string
  readonly message: RegExp
  readonly detail: RegExp | undefined
  /** How much of its texts is fixed: when several patterns match, the most specific one counts. */
  readonly weight: number
}

const PARAMETER = /\{\w+\}/g

function patternOf(text: string): RegExp {
  const fixed = text
    .trim()
    .split(PARAMETER)
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${fixed.join('[^]*')}$`)
}

const fixedLength = (text: string): number => text.replaceAll(PARAMETER, '').trim().length

const PATTERNS: readonly Pattern[] = Object.entries<RefusalDefinition>(REFUSALS)
  .flatMap(([name, { postgres }]) =>
    postgres === undefined
      ? []
      : [
          {
            name,
            sqlstate: postgres.sqlstate,
            message: patternOf(postgres.message),
            detail: postgres.detail === undefined ? undefined : patternOf(postgres.detail),
            weight: fixedLength(postgres.message) + fixedLength(postgres.detail ?? ''),
          },
        ],
  )
  .sort((one, other) => other.weight - one.weight)

/** Ours are shorter. Others come from statements, at any length, and the patterns take quadratic time. */
const LONGEST_TEXT = 4_096

/** Undefined for PostgreSQL's own errors. */
export function recognizeRefusal(read: {
  readonly sqlstate: string
  readonly message: string
  readonly detail: string | undefined
}): string | undefined {
  if (read.message.length > LONGEST_TEXT || (read.detail ?? '').length > LONGEST_TEXT) return undefined
  return PATTERNS.find(
    ({ sqlstate, message, detail, weight }) =>
      weight > 0 &&
      sqlstate === read.sqlstate &&
      message.test(read.message) &&
      (detail === undefined ? read.detail === undefined : detail.test(read.detail ?? '')),
  )?.name
}
