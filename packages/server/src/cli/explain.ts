/**
 * What is printed when a command fails: one line says what failed, one line says what to do. Only our own bugs are
 * shown with a stack trace.
 */
import { LakegateError } from '@lakegate/client'
import { Fault } from '../domain/fault.ts'
import { RefusedError } from '../operations/refused-error.ts'
import { toHttpRefusal } from '../policy/refusals.ts'
import { CommandFailure } from './exit-codes.ts'
import { printable } from './output/printable.ts'

export function explain(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(explain).join('')
  if (error instanceof CommandFailure) return sayWhat(error.message, error.nextStep, 'Error')
  if (error instanceof Fault) return sayWhat(messageOf(error), error.nextStep)
  if (error instanceof LakegateError) return sayWhat(error.message, error.nextStep, 'Error')
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

/** @param begins a command says «Error», as the databricks CLI does; what is to run says that it does not */
const sayWhat = (message: string, nextStep: string | undefined, begins = '\nLakegate cannot go on'): string =>
  `${begins}: ${inOneLine(message)}\n${nextStep === undefined ? '' : `What to do: ${inOneLine(nextStep)}\n`}`

/** What others said is in it: servers, files, programs. */
const inOneLine = (text: string): string => printable(text.trim().replaceAll(/\s*[\r\n]+\s*/g, ' / '))

/** At a start there is no log yet in which the operator would find the cause. */
function messageOf({ code, message, cause }: Fault): string {
  const because = code === 'system_database_unavailable' && cause instanceof Error ? cause.message : ''
  return because === '' ? message : `${message.replace(/\.$/, '')}: ${because}.`
}

/** An error of the operating system, such as a full disk or a missing permission. */
const isOfTheSystem = (error: unknown): error is Error => error instanceof Error && 'syscall' in error
