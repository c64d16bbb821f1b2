import { LakegateApiError, LakegateConfigurationError } from '@lakegate/client'
import { describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { explain } from '../../src/cli/explain.ts'
import { Fault } from '../../src/domain/fault.ts'
import { RefusedError } from '../../src/operations/refused-error.ts'
import { refuse } from '../../src/policy/refusals.ts'

const fault = (message: string) =>
  new Fault({ code: 'x', origin: 'configuration', message, nextStep: 'Do something else.' })

const failing = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

describe('what is said of a failure', () => {
  it('is one line what and one line what to do, whatever the cause printed', () => {
    expect(explain(fault('PostgreSQL said:\n  one\n  two'))).toBe(
      '\nLakegate cannot go on: PostgreSQL said: / one / two\nWhat to do: Do something else.\n',
    )
  })

  it('of a refusal is its own text, without a stack', () => {
    const refused = new RefusedError(refuse('invalid_parameter', { field: 'name', problem: 'is empty.' }))
    expect(explain(refused)).toMatch(/^\nLakegate cannot go on: .*name.*\n$/)
  })

  it.each<[string, Error, RegExp]>([
    ['the configuration', new LakegateConfigurationError('No address.', 'Write it so.'), /Write it so\./],
    [
      'a request that makes no sense',
      new LakegateApiError(400, { error_code: 'X', message: 'No.' }),
      /Correct/,
    ],
    [
      'a name that is taken',
      new LakegateApiError(409, { error_code: 'X', message: 'No.' }),
      /name may be taken/,
    ],
  ])('of the library, about %s, is no mistake of ours, and comes with a next step', (_what, error, next) => {
    const said = explain(error)
    expect(said).toMatch(/^Error: .*\nWhat to do: .*\n$/)
    expect(said).toMatch(next)
  })

  it('of an answer of the operating system is no mistake of ours', () => {
    const said = explain(failing(() => readFileSync('/none/at/all')))
    expect(said).toMatch(/^\nLakegate cannot go on: ENOENT.*\/none\/at\/all.*\nWhat to do: .*\n$/)
  })

  it('of a start that failed and could not be stopped is both', () => {
    const said = explain(new AggregateError([fault('The port is in use.'), fault('A disk is gone.')]))
    expect(said).toContain('The port is in use.')
    expect(said).toContain('A disk is gone.')
  })

  it('of the system database has the cause, as there is no log yet', () => {
    const unavailable = new Fault({
      code: 'system_database_unavailable',
      origin: 'store',
      message: 'The system database does not answer.',
      cause: new Error('Connection terminated'),
    })
    expect(explain(unavailable)).toContain('does not answer: Connection terminated.')
  })

  it('of our own mistake comes with a stack and the wish to hear of it', () => {
    expect(explain(new TypeError('oops'))).toMatch(/its own mistake.*report[\s\S]*TypeError: oops\n {4}at /)
  })
})
