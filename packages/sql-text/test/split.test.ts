/** Where statements end, beyond what psql is asked for. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  commandOf,
  firstStatement,
  openPartOf,
  splitStatements,
  statementAt,
  tokensOf,
} from '@lakegate/sql-text'
import { PIECES } from './corpus.ts'

const texts = (sql: string) => splitStatements(sql).map(({ text }) => text)

describe('splitting', () => {
  it('gives back the statements that were put together', () => {
    const statements = PIECES.filter((piece) => splitStatements(piece).length === 1)
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...statements), { maxLength: 8 }), (chosen) => {
        expect(texts(chosen.join('\n'))).toEqual(chosen.flatMap((piece) => texts(piece)))
      }),
    )
  })

  it('never throws, and covers any text with tokens without a gap', () => {
    const signs = fc.constantFrom(
      `'`,
      `"`,
      '$',
      '$a$',
      '/*',
      '*/',
      '--',
      '\n',
      ';',
      '(',
      ')',
      '\\',
      'E',
      ' ',
      'begin',
      'é',
      '😀',
    )
    fc.assert(
      fc.property(fc.array(signs, { maxLength: 40 }), fc.boolean(), (parts, standardConformingStrings) => {
        const sql = parts.join('')
        const tokens = [...tokensOf(sql, { standardConformingStrings })]
        expect(tokens.map(({ start, end }) => sql.slice(start, end)).join('')).toBe(sql)
        for (const { start, end, text } of splitStatements(sql, { standardConformingStrings }))
          expect(sql.slice(start, end)).toBe(text)
      }),
    )
  })

  it.each([
    ['quotes', `'a' `],
    ['continued strings', `'a'\n`],
    ['comments that might go on a string', `'a' -- -- -- -- `],
    ['openings of comments', '/*'],
    ['openings of dollar quotes', '$a$ '],
    ['different dollar quotes', undefined],
    ['dollars', '$'],
    ['words', 'create function '],
  ])('reads a megabyte of %s in steps that do not grow with what came before', (_name, piece) => {
    const sql =
      piece === undefined
        ? Array.from({ length: 100_000 }, (_, index) => `$a${String(index)}$ `).join('')
        : piece.repeat(Math.ceil(1_000_000 / piece.length))
    // Time that grows with the square of the length would be minutes; the limit of the test is what would tell.
    expect(() => splitStatements(sql)).not.toThrow()
  })

  it('tells commands of psql from SQL, and leaves a statement whole in which one stands', () => {
    expect(splitStatements('\\d "a b" \\dt+ x.*\nSELECT 1\n\\copy t from \'a\\b\'')).toMatchObject([
      { kind: 'psql', command: 'd', argument: '"a b"' },
      { kind: 'psql', command: 'dt+', argument: 'x.*' },
      { kind: 'sql', text: "SELECT 1\n\\copy t from 'a\\b'" },
    ])
    expect(texts('DELETE FROM t \\dt\n WHERE id = 1')).toEqual(['DELETE FROM t \\dt\n WHERE id = 1'])
    expect(texts('SELECT 1 \\g\nSELECT 2 \\gx')).toEqual(['SELECT 1', 'SELECT 2'])
  })
})

describe('the statement at a place', () => {
  const sql = 'SELECT 1; SELECT 2;\n\n-- then\nSELECT 3'
  it.each([
    [0, 'SELECT 1'],
    [8, 'SELECT 1'],
    [10, 'SELECT 2'],
    [19, 'SELECT 2'],
    [20, 'SELECT 3'],
    [sql.length, 'SELECT 3'],
  ])('%i is that one', (offset, text) => {
    expect(statementAt(sql, offset)?.text).toBe(text)
  })

  it('is none in a text without any', () => {
    expect(statementAt(' -- nothing', 3)).toBeUndefined()
  })
})

describe('the command of a statement', () => {
  it.each([
    ['/* a */ select 1', 'SELECT'],
    ['(VALUES (1))', 'VALUES'],
    ['create or replace temp view v as select 1', 'CREATE VIEW'],
    ['CREATE UNIQUE INDEX i ON t (a)', 'CREATE INDEX'],
    ['alter role a password null', 'ALTER ROLE'],
    ['EXPLAIN (ANALYZE) DELETE FROM t', 'EXPLAIN'],
    ['$1', ''],
  ])('%s', (statement, command) => {
    expect(commandOf(statement)).toBe(command)
  })
})

describe('a text that is still being typed', () => {
  it.each([
    ['', 'nothing'],
    ['-- only a comment\n', 'nothing'],
    ['select 1', 'statement'],
    ['select (1', 'parenthesis'],
    ["select 'a", 'string'],
    ['select "a', 'quoted_name'],
    ['select $x$ a', 'dollar_string'],
    ['select /* a', 'comment'],
  ] as const)('%j is in the middle of: %s', (text, open) => {
    expect(openPartOf(text)).toBe(open)
  })

  it.each([
    ['select 1; select 2;', 'select 1', true, 'select 1;'.length],
    ['select 1', 'select 1', false, 'select 1'.length],
    ["select ';", "select ';", false, "select ';".length],
    ['select 1 -- ;\n', 'select 1', false, 'select 1 -- ;\n'.length],
    ['select 1 /* x */ ;', 'select 1', true, 'select 1 /* x */ ;'.length],
    ['\\dt x\nselect 1;', '\\dt x', true, '\\dt x'.length],
  ])('%j begins with a statement', (text, statement, isComplete, end) => {
    expect(firstStatement(text)).toMatchObject({ statement: { text: statement }, isComplete, end })
  })

  it('is sent expanded by \\gx', () => {
    expect(firstStatement('select 1 \\gx\nrest')).toMatchObject({ isComplete: true, isExpanded: true })
    expect(firstStatement('select 1 \\g\nrest')).toMatchObject({ isComplete: true, isExpanded: false })
  })
})
