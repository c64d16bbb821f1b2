/** Which of table, JSON and names a command prints, in which colours. */
import { describe, expect, it } from 'vitest'
import { areColoursWanted } from '../../../src/cli/output/colours.ts'
import { createOutput, type OutputFlags } from '../../../src/cli/output/output.ts'

interface Given {
  readonly flags?: OutputFlags
  readonly environment?: Readonly<Record<string, string>>
  readonly isTerminal?: boolean
}

function open({ flags = {}, environment = {}, isTerminal = false }: Given) {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: isTerminal,
    write: (text: string) => {
      written[name] += text
    },
  })
  const output = createOutput(flags, { environment, stdout: stream('stdout'), stderr: stream('stderr') })
  return { output, written }
}

const view = {
  columns: [{ title: 'Name', of: ({ name }: { name: string }) => name }],
  name: ({ name }: { name: string }) => name,
}
const rows = [{ name: 'dev' }]
const JSON_ROWS = '[\n  {\n    "name": "dev"\n  }\n]\n'

function listed(given: Given, isTableEverywhere = false): string {
  const { output, written } = open({ environment: { NO_COLOR: '1' }, ...given })
  output.showList(rows, { ...view, isTableEverywhere })
  return written.stdout
}

describe('a list', () => {
  it('is a table for people at a terminal', () => {
    expect(listed({ isTerminal: true })).toBe('Name\ndev\n')
  })

  it('is JSON in a pipe, as the databricks CLI prints where it knows no table', () => {
    expect(listed({})).toBe(JSON_ROWS)
  })

  it('is a table in a pipe too, where the databricks CLI has one', () => {
    expect(listed({}, true)).toBe('Name\ndev\n')
  })

  it('is what was asked for, whatever standard output is', () => {
    expect(listed({ flags: { output: 'json' }, isTerminal: true })).toBe(JSON_ROWS)
    expect(listed({ flags: { output: 'json' } }, true)).toBe(JSON_ROWS)
    expect(listed({ flags: { output: 'text' } })).toBe('Name\ndev\n')
  })

  it('follows DATABRICKS_OUTPUT_FORMAT, and the flag goes before it', () => {
    const environment = { DATABRICKS_OUTPUT_FORMAT: 'JSON', NO_COLOR: '1' }
    expect(listed({ environment, isTerminal: true })).toBe(JSON_ROWS)
    expect(listed({ environment, isTerminal: true, flags: { output: 'text' } })).toBe('Name\ndev\n')
  })

  it('is names only with --quiet, in whatever format', () => {
    expect(listed({ flags: { quiet: true, output: 'json' } })).toBe('dev\n')
  })

  it('that is empty is an empty array', () => {
    const { output, written } = open({})
    output.showList([], view)
    expect(written.stdout).toBe('[]\n')
  })
})

describe('JSON', () => {
  it('has colours at a terminal, and is the same value without them', () => {
    const { output, written } = open({ isTerminal: true })
    const value = { name: 'a "quoted": 1', count: -1.5e3, on: true, off: false, none: null, list: ['2'] }
    output.showJson(value)
    expect(written.stdout).toContain('\u001b[34m"name"\u001b[39m: \u001b[32m"a \\"quoted\\": 1"\u001b[39m')
    // eslint-disable-next-line no-control-regex -- the colours
    expect(JSON.parse(written.stdout.replaceAll(/\u001b\[\d+m/g, ''))).toEqual(value)
  })

  it('keeps what a terminal would obey as an escape, and its value', () => {
    const { output, written } = open({})
    const value = { name: '\u001b[31m\u009b\u202e\ud800é🐘' }
    output.showJson(value)
    expect(written.stdout).toBe('{\n  "name": "\\u001b[31m\\u009b\\u202e\\ud800é🐘"\n}\n')
    expect(JSON.parse(written.stdout)).toEqual(value)
  })
})

describe('what is said beside the answer', () => {
  it('goes to standard error, and not with --quiet', () => {
    const spoken = open({})
    spoken.output.say('One gateway did not answer.')
    expect(spoken.written).toEqual({ stdout: '', stderr: 'One gateway did not answer.\n' })
    const quiet = open({ flags: { quiet: true } })
    quiet.output.say('One gateway did not answer.')
    expect(quiet.written.stderr).toBe('')
  })

  it('about progress is one line that changes at a terminal, and a line for each change elsewhere', () => {
    const terminal = open({ isTerminal: true })
    for (const text of ['STARTING', 'STARTING', 'AVAILABLE']) terminal.output.status.update(text)
    terminal.output.status.clear()
    expect(terminal.written.stderr).toBe('\r\u001b[KSTARTING …\r\u001b[KAVAILABLE …\r\u001b[K')
    const pipe = open({})
    for (const text of ['STARTING', 'STARTING', 'AVAILABLE']) pipe.output.status.update(text)
    pipe.output.status.clear()
    expect(pipe.written.stderr).toBe('STARTING …\nAVAILABLE …\n')
  })
})

describe('colours', () => {
  it.each([
    ['at a terminal', {}, true, undefined, true],
    ['not in a pipe', {}, false, undefined, false],
    ['not with NO_COLOR', { NO_COLOR: '1' }, true, undefined, false],
    ['with an empty NO_COLOR, which says nothing', { NO_COLOR: '' }, true, undefined, true],
    ['not on a terminal that has none', { TERM: 'dumb' }, true, undefined, false],
    ['in a pipe with FORCE_COLOR', { FORCE_COLOR: '1' }, false, undefined, true],
    ['not with FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, undefined, false],
    ['not with --no-color, whatever the environment says', { FORCE_COLOR: '1' }, true, false, false],
  ])('are used %s', (_when, environment, isTerminal, wanted, expected) => {
    expect(areColoursWanted({ environment, isTerminal, wanted })).toBe(expected)
  })
})
