import { describe, expect, it } from 'vitest'
import type { SqlCell, SqlColumn } from '@lakegate/client'
import { bytesOfHex } from '../src/pages/sql/values/cell-text.ts'
import { compactJson, indentJson } from '../src/pages/sql/values/json-tokens.ts'
import { countCutCells, toCsv, toJson, toMarkdown, toTabs } from '../src/pages/sql/values/result-files.ts'
import { quoteName, quoteQualified } from '../src/pages/sql/quote-name.ts'

const column = (name: string, type_oid = 25): SqlColumn => ({ name, type_oid, type: 'text', align: 'left' })
const one = (cell: SqlCell, type_oid = 25) => ({ columns: [column('v', type_oid)], rows: [[cell]] })
const joined = (text: string) =>
  indentJson(text)
    ?.map((token) => token.text)
    .join('')

describe('CSV of loaded rows', () => {
  it('keeps NULL and an empty text apart, and quotes as RFC 4180 says', () => {
    const rows = [[null, '', 'a,b', 'say "x"', 'two\nlines', ' edge']]
    const columns = ['n', 'e', 'c', 'q', 'l', 's'].map((name) => column(name))
    expect(toCsv({ columns, rows })).toBe('n,e,c,q,l,s\r\n,"","a,b","say ""x""","two\nlines"," edge"\r\n')
  })

  it('writes numbers as PostgreSQL sent them', () => {
    expect(toCsv(one('12345678901234567890.1230', 1700))).toBe('v\r\n12345678901234567890.1230\r\n')
  })
})

describe('JSON of loaded rows', () => {
  it.each([
    ['9007199254740993', 20, '"9007199254740993"'],
    ['42', 20, '42'],
    ['1203.100000', 1700, '"1203.100000"'],
    ['NaN', 701, '"NaN"'],
    ['0.1', 701, '0.1'],
    ['1e-400', 1700, '"1e-400"'],
    ['t', 16, 'true'],
    ['007', 25, '"007"'],
    ['{"a": 1}', 3802, '{"a": 1}'],
    ['{"a":1,"a":2}', 114, '"{\\"a\\":1,\\"a\\":2}"'],
    ['1e400', 114, '"1e400"'],
  ])('writes %s of type %i as %s', (cell, oid, expected) => {
    expect(toJson(one(cell, oid))).toBe(`[\n  {"v": ${expected}}\n]\n`)
  })

  it('keeps two columns of one name apart', () => {
    const columns = [column('a'), column('a')]
    expect(JSON.parse(toJson({ columns, rows: [['1', null]] }))).toEqual([{ a: '1', a_2: null }])
  })
})

describe('Markdown of loaded rows', () => {
  it('escapes what would be markup, and tells NULL from an empty text', () => {
    const columns = [{ ...column('a|b'), align: 'right' as const }, column('c')]
    expect(
      toMarkdown({
        columns,
        rows: [
          ['x|y\nz', null],
          ['', '*'],
        ],
      }),
    ).toBe("| a\\|b | c |\n| ---: | --- |\n| x\\|y<br>z | NULL |\n| '' | \\* |\n")
  })
})

describe('cells', () => {
  it('go to the clipboard as text with tabs, quoted where they hold tabs or lines', () => {
    expect(toTabs([['a', null, 'b\tc']])).toBe('a\t\t"b\tc"')
  })

  it('that are cut are counted', () => {
    expect(countCutCells(one({ beginning: 'x', bytes: 20_000, kept_bytes: 20_000 }))).toBe(1)
  })

  it('of bytea tell their bytes, whole or cut', () => {
    expect(bytesOfHex('\\xdeadbeef')).toBe(4)
    expect(bytesOfHex({ beginning: '\\xde', bytes: 20_002, kept_bytes: 20_002 })).toBe(10_000)
  })
})

describe('JSON in the panel', () => {
  it('is set out without being read: long numbers, 1e400 and double keys stay', () => {
    expect(joined('{"a":1e400,"a":12345678901234567890,"b":[],"c":{"d":[1,"x,\\"y"]}}')).toBe(
      '{\n  "a": 1e400,\n  "a": 12345678901234567890,\n  "b": [],\n  "c": {\n    "d": [\n      1,\n      "x,\\"y"\n    ]\n  }\n}',
    )
  })

  it('tells keys from texts', () => {
    expect(indentJson('{"a":"b"}')?.map(({ kind }) => kind)).toContain('key')
  })

  it('is nothing for a text that is no JSON or only a beginning', () => {
    expect([indentJson('{"a":'), indentJson('hello, x'), indentJson('')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('loses only spaces when it is compacted', () => {
    expect(compactJson('{ "a b" : [1 , 2.50] }')).toBe('{"a b":[1,2.50]}')
  })
})

describe('names', () => {
  it.each([
    ['orders', 'orders'],
    ['Orders', '"Orders"'],
    ['order', '"order"'],
    ['a"b', '"a""b"'],
    ['ada@example.com', '"ada@example.com"'],
    ['1st', '"1st"'],
  ])('%s is inserted as %s', (name, expected) => {
    expect(quoteName(name)).toBe(expected)
  })

  it('of another schema than public carry it', () => {
    expect([quoteQualified('public', 'user'), quoteQualified('Sales', 'orders')]).toEqual([
      '"user"',
      '"Sales".orders',
    ])
  })
})
