/** Tables, and what of the text of others reaches a terminal. */
import { describe, expect, it } from 'vitest'
import { createColours } from '../../../src/cli/output/colours.ts'
import { renderFields, renderTable } from '../../../src/cli/output/table.ts'

const plain = createColours({ environment: {}, isTerminal: false })
const coloured = createColours({ environment: {}, isTerminal: true })

interface Named {
  readonly name: string
  readonly state?: string
}
const columns = [
  { title: 'Name', of: ({ name }: Named) => name, colour: 'green' as const },
  { title: 'State', of: ({ state }: Named) => state },
]

describe('a table', () => {
  it('has a header, a line for each row, and no space at the end of a line', () => {
    expect(renderTable([{ name: 'dev', state: 'AVAILABLE' }, { name: 'production' }], columns, plain)).toBe(
      'Name        State\ndev         AVAILABLE\nproduction  -\n',
    )
  })

  it('counts the columns of wide characters, of emoji and of marks that combine', () => {
    const rows = ['数据库', '🐘🐘', 'e\u0301a', '❤️', 'ｘ'].map((name) => ({ name, state: '|' }))
    const lines = renderTable(rows, columns, plain).trimEnd().split('\n').slice(1)
    expect(lines).toEqual(['数据库  |', '🐘🐘    |', 'e\u0301a      |', '❤️      |', 'ｘ      |'])
  })

  it('is as wide in colours as without', () => {
    expect(renderTable([{ name: 'dev', state: 'x' }], columns, coloured)).toBe(
      '\u001b[34mName\u001b[39m  \u001b[34mState\u001b[39m\n\u001b[32mdev\u001b[39m   x\n',
    )
  })

  it.each([
    ['a line end', 'a\nb', 'a�b'],
    ['an escape sequence', '\u001b]0;owned\u0007', '�]0;owned�'],
    ['an escape sequence of C1', '\u009b31m', '�31m'],
    ['a mark that turns the direction of what follows', 'a\u202eb', 'a�b'],
    ['half a character', 'a\ud800b', 'a�b'],
  ])('does not pass on %s', (_what, name, shown) => {
    expect(renderTable([{ name, state: 'x' }], columns, coloured)).toContain(`\u001b[32m${shown}\u001b[39m`)
  })
})

describe('the fields of one thing', () => {
  it('are lines of their own, without those that are not known', () => {
    const fields = [
      ['Name', 'dev'],
      ['Read-write DNS', '127.0.0.1'],
      ['Message', undefined],
    ] as const
    expect(renderFields(fields, plain)).toBe('Name            dev\nRead-write DNS  127.0.0.1\n')
  })

  it('keep the lines of a certificate, and nothing that a terminal obeys', () => {
    expect(renderFields([['CA', 'one\ntw\u001bo\n']], plain)).toBe('CA  one\n    tw�o\n')
  })
})
