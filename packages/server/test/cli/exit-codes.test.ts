/** The exit status of a command tells a script what kind of failure it was (docs/command-line.md). */
import {
  LakegateApiError,
  LakegateConfigurationError,
  LakegateConnectionError,
  LakegateError,
  LakegateSignInError,
} from '@lakegate/client'
import { CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { commandFailed, EXIT_STATUS, exitStatusOf, wrongUsage } from '../../src/cli/exit-codes.ts'
import { Interrupted } from '../../src/cli/interrupted.ts'
import { Fault } from '../../src/domain/fault.ts'

const answer = (status: number) => new LakegateApiError(status, { error_code: 'X', message: 'No.' })

describe('the exit status', () => {
  it.each([
    ['a failure', commandFailed('It failed.', undefined), 1],
    ['a failure that says which kind it is', commandFailed('Gone.', undefined, EXIT_STATUS.notFound), 4],
    ['a fault of the server’s parts', new Fault({ code: 'x', origin: 'machine', message: 'Full.' }), 1],
    ['words that contradict each other', wrongUsage('Both.', undefined), 2],
    ['a flag that does not exist', new CommanderError(1, 'commander.unknownOption', 'error'), 2],
    ['the help that was asked for', new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'), 0],
    ['a token that is not good', answer(401), 3],
    ['something that the token may not do', answer(403), 3],
    ['a name that nobody has', answer(404), 4],
    ['a server that fails', answer(500), 1],
    ['a configuration that makes no sense', new LakegateConfigurationError('No.', 'Do.'), 2],
    ['nobody who is signed in', new LakegateSignInError('No.', 'Do.'), 3],
    ['a server that does not answer', new LakegateConnectionError('No.', 'ECONNREFUSED', 'Do.'), 5],
    ['another error of the library', new LakegateError('Locked.', 'Do.'), 1],
    ['Ctrl-C', new Interrupted('SIGINT'), 130],
    ['our own bug', new TypeError('x is not a function'), 1],
  ])('of %s', (_what, error, status) => {
    expect(exitStatusOf(error)).toBe(status)
  })
})
