/**
 * The exit status of every command of `lakegate`: scripts branch on it, so a number keeps its meaning
 * (docs/command-line.md). The servers `up` and `serve` use 0, 1 and the status of a signal only.
 */
import {
  LakegateApiError,
  LakegateConfigurationError,
  LakegateConnectionError,
  LakegateError,
  LakegateSignInError,
} from '@lakegate/client'
import { CommanderError } from 'commander'
import { Fault } from '../domain/fault.ts'
import { EndedWithStatus } from './ended-with-status.ts'
import { Interrupted } from './interrupted.ts'

export const EXIT_STATUS = {
  done: 0,
  /** It was tried and did not succeed; also when `status` or `doctor` found something wrong. */
  failed: 1,
  /**
   * The words of the command make no sense, or name a profile or a file that is not on this machine; nothing was tried.
   * What shells use for their own commands.
   */
  wrongUsage: 2,
  /** There is no usable token, or it may not do this: HTTP 401 and 403. */
  refused: 3,
  /** What the command names does not exist in Lakegate: HTTP 404. */
  notFound: 4,
  /** Lakegate does not run, or cannot be reached. */
  unreachable: 5,
} as const

export type FailureStatus = Exclude<(typeof EXIT_STATUS)[keyof typeof EXIT_STATUS], 0>

/** Why a command failed, in words for people, and with the status for scripts. */
export class CommandFailure extends Fault {
  readonly exitStatus: FailureStatus

  constructor(message: string, nextStep: string | undefined, exitStatus: FailureStatus) {
    super({
      code: 'command_failed',
      origin: 'client',
      message,
      ...(nextStep === undefined ? {} : { nextStep }),
    })
    this.name = 'CommandFailure'
    this.exitStatus = exitStatus
  }
}

export const commandFailed = (
  message: string,
  nextStep: string | undefined,
  exitStatus: FailureStatus = EXIT_STATUS.failed,
): CommandFailure => new CommandFailure(message, nextStep, exitStatus)

/** The words of a command contradict each other, or one of them cannot be right. */
export const wrongUsage = (message: string, nextStep: string | undefined): CommandFailure =>
  new CommandFailure(message, nextStep, EXIT_STATUS.wrongUsage)

/** @param error what a command threw */
export function exitStatusOf(error: unknown): number {
  if (error instanceof Interrupted || error instanceof EndedWithStatus || error instanceof CommandFailure)
    return error.exitStatus
  // Commander throws for the help and the version too, with the status 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_STATUS.done : EXIT_STATUS.wrongUsage
  return error instanceof LakegateError ? exitStatusOfLibrary(error) : EXIT_STATUS.failed
}

/** @param error of the client library, as it comes where no command gave it a status of its own */
export function exitStatusOfLibrary(error: LakegateError): FailureStatus {
  if (error instanceof LakegateApiError) return exitStatusOfHttp(error.status)
  if (error instanceof LakegateConfigurationError) return EXIT_STATUS.wrongUsage
  if (error instanceof LakegateSignInError) return EXIT_STATUS.refused
  return error instanceof LakegateConnectionError ? EXIT_STATUS.unreachable : EXIT_STATUS.failed
}

/** @param status of an HTTP answer that is an error */
export function exitStatusOfHttp(status: number): FailureStatus {
  if (status === 401 || status === 403) return EXIT_STATUS.refused
  return status === 404 ? EXIT_STATUS.notFound : EXIT_STATUS.failed
}
