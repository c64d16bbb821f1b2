/** Flags as those of the databricks CLI: anywhere on the line, and switches with a value. */
import { describe, expect, it } from 'vitest'
import {
  inheritFlags,
  withWorkspace,
  WorkspaceCommand,
  type WorkspaceFlags,
} from '../../../src/cli/workspace/flags.ts'

interface Parsed extends WorkspaceFlags {
  readonly stopped?: boolean
  readonly force?: boolean
  readonly wait?: boolean
  readonly words?: readonly string[]
}

function parse(...words: string[]): Parsed {
  let parsed: Parsed = {}
  const program = withWorkspace(new WorkspaceCommand('lakegate'))
    .enablePositionalOptions()
    .exitOverride()
    .hook('preAction', (_program, command) => {
      inheritFlags(command)
    })
  const group = withWorkspace(program.command('database')).enablePositionalOptions()
  const create = withWorkspace(group.command('create'))
    .argument('[words...]')
    .option('--stopped')
    .option('--no-stopped')
    .option('--force')
    .option('--no-wait')
  create.action((given: string[], flags: Parsed) => {
    parsed = { ...flags, words: given }
  })
  program.command('up').action(() => undefined)
  program.parse(words, { from: 'user' })
  return parsed
}

describe('flags that all commands share', () => {
  it.each([
    ['before the group', ['-p', 'ada', '-o', 'json', 'database', 'create']],
    ['behind the group', ['database', '-p', 'ada', '-o', 'json', 'create']],
    ['at the end', ['database', 'create', '-p', 'ada', '--output', 'json']],
    ['here and there', ['--profile=ada', 'database', 'create', '-o', 'json']],
  ])('may stand %s', (_where, words) => {
    expect(parse(...words)).toMatchObject({ profile: 'ada', output: 'json', color: true })
  })

  it('count where they stand nearest to the end', () => {
    expect(parse('-p', 'a', 'database', '-p', 'b', 'create')).toMatchObject({ profile: 'b' })
    expect(parse('-p', 'a', 'database', '-p', 'b', 'create', '-p', 'c')).toMatchObject({ profile: 'c' })
    expect(parse('--no-color', 'database', 'create')).toMatchObject({ color: false })
  })
})

describe('flags that a command does not know', () => {
  it.each([
    ['--output', ['-o', 'json', 'up']],
    ['--quiet', ['--quiet', 'up']],
    ['--profile', ['-p', 'ada', 'up']],
  ])('are refused before it, too: %s', (flag, words) => {
    expect(() => parse(...words)).toThrow(`lakegate up does not know ${flag}.`)
  })

  it('are heard where they only say which colours', () => {
    expect(() => parse('--no-color', 'up')).not.toThrow()
  })
})

describe('a switch', () => {
  it.each([
    [['--no-wait'], false],
    [['--no-wait=true'], false],
    [['--no-wait=false'], true],
    [[], true],
  ])('that begins with no: %j is %s', (words, value) => {
    expect(parse('database', 'create', ...words).wait).toBe(value)
  })

  it.each([
    [['--stopped'], true],
    [['--stopped=true'], true],
    [['--stopped=false'], false],
    [[], undefined],
  ])('%j is %s', (words, value) => {
    expect(parse('database', 'create', ...words).stopped).toBe(value)
  })

  it('without an opposite is not there when it is false', () => {
    expect(parse('database', 'create', '--force=false').force).toBe(undefined)
  })

  it('takes no word that follows it, and none behind --', () => {
    expect(parse('database', 'create', '--stopped', 'false').words).toEqual(['false'])
    expect(parse('database', 'create', '--', '--stopped=false')).toMatchObject({ words: ['--stopped=false'] })
  })
})
