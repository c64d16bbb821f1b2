/**
 * What is printed when a command fails: one line says what failed, one line says what to do. Only our own bugs are
 * shown with a stack trace.
 */
import { LakegateApiError } from '@lakegate/client'
import { Fault } from '../domain/fault.ts'
import { RefusedError } from '../operations/refused-error.ts'
import { toHttpRefusal } from '../policy/refusals.ts'

export function explain(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(explain).join('')
  if (error instanceof Fault) return sayWhat(messageOf(error), error.nextStep)
  if (error instanceof LakegateApiError) return sayWhat(error.message, undefined)
  if (error instanceof RefusedError) {
    const said = toHttpRefusal(error.refusal)?.message
    if (said !== undefined) return sayWhat(said, undefined)
  }
  if (isOfTheSystem(error))
    return sayWhat(
      `${error.message}.`,
      'Make sure that the file, directory or program named there exists, and that the account which runs Lakegate may use it.',
    )
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `\nLakegate failed, and this is its own mistake. Please report it with what follows.\n${text}\n`
}

const sayWhat = (message: string, nextStep: string | undefined): string =>
  `\nLakegate cannot go on: ${inOneLine(message)}\n${nextStep === undefined ? '' : `What to do: ${inOneLine(nextStep)}\n`}`

const inOneLine = (text: string): string => text.trim().replaceAll(/\s*[\r\n]+\s*/g, ' / ')

/** At a start there is no log yet in which the operator would find the cause. */
function messageOf({ code, message, cause }: Fault): string {
  const because = code === 'system_database_unavailable' && cause instanceof Error ? cause.message : ''
  return because === '' ? message : `${message.replace(/\.$/, '')}: ${because}.`
}

/** An error of the operating system, such as a full disk or a missing permission. */
const isOfTheSystem = (error: unknown): error is Error => error instanceof Error && 'syscall' in error
