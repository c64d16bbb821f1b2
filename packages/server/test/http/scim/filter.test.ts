/** SCIM filters as clients write them (RFC 7644 §3.4.2.2), and as attackers do (attack 35). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFilter, parseSortBy } from '../../../src/http/scim/filter.ts'
import { RefusedError } from '../../../src/operations/refused-error.ts'

const is = (attribute: string, comparison: string, value: string | boolean | null) => ({
  kind: 'compare',
  attribute,
  comparison,
  value,
})

describe('a filter', () => {
  it.each([
    ['userName eq "a@b.c"', is('name', 'eq', 'a@b.c')],
    ['USERNAME EQ "a@b.c"', is('name', 'eq', 'a@b.c')],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a@b.c"', is('name', 'eq', 'a@b.c')],
    ['emails[type eq "work"].value eq "a@b.c"', is('name', 'eq', 'a@b.c')],
    ['emails[value co "b.c"]', is('name', 'co', 'b.c')],
    ['emails[type eq "work" and value co "b.c"]', is('name', 'co', 'b.c')],
    ['emails[primary eq true or value co "b.c"]', { kind: 'always', value: true }],
    ['emails[type eq "home" or not (value co "b.c")]', { kind: 'not', operand: is('name', 'co', 'b.c') }],
    ['emails[type eq "work" and primary eq True].value eq "a@b.c"', is('name', 'eq', 'a@b.c')],
    ['emails[type eq "home"].value eq "a@b.c"', { kind: 'always', value: false }],
    [
      'urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "WORK"].value eq "a@b.c"',
      is('name', 'eq', 'a@b.c'),
    ],
    ['active eq true', is('active', 'eq', true)],
    ['externalId eq "\\"quoted\\""', is('externalId', 'eq', '"quoted"')],
    ['externalId pr', { kind: 'present', attribute: 'externalId' }],
    ['meta.lastModified gt "2026-01-01T00:00:00Z"', is('updatedAt', 'gt', '2026-01-01T00:00:00Z')],
  ])('%s is understood', (text, expected) => {
    expect(parseFilter(text, 'USER')).toEqual(expected)
  })

  it('binds and before or, and not before both', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((value) => is('displayName', 'eq', value))
    expect(
      parseFilter('displayName eq "a" or displayName eq "b" and not (displayName eq "c")', 'GROUP'),
    ).toEqual({
      kind: 'or',
      left: a,
      right: { kind: 'and', left: b, right: { kind: 'not', operand: c } },
    })
    expect(parseFilter('(displayName eq "a" or displayName eq "b") and displayName eq "c"', 'GROUP')).toEqual(
      {
        kind: 'and',
        left: { kind: 'or', left: a, right: b },
        right: c,
      },
    )
  })

  it('finds the groups of a member, as identity providers ask', () => {
    expect(parseFilter('id eq "5" and members eq "7"', 'GROUP')).toEqual({
      kind: 'and',
      left: is('id', 'eq', '5'),
      right: is('member', 'eq', '7'),
    })
    expect(parseFilter('members[value eq "7"]', 'GROUP')).toEqual(is('member', 'eq', '7'))
  })

  it('asks about one element of a list, with and, or and not inside the brackets', () => {
    expect(parseFilter('members[value eq "7" and not (type eq "Group")]', 'GROUP')).toEqual({
      kind: 'some',
      of: 'members',
      element: {
        kind: 'and',
        left: is('value', 'eq', '7'),
        right: { kind: 'not', operand: is('type', 'eq', 'Group') },
      },
    })
  })

  it('is nothing when it is empty', () => {
    expect(parseFilter('  ', 'USER')).toBeUndefined()
    expect(parseFilter(undefined, 'USER')).toBeUndefined()
  })

  it.each([
    'userName',
    'userName eq',
    'userName eq a@b.c',
    'userName like "a"',
    'password eq "x"',
    'applicationId eq "x"',
    '__proto__ eq "x"',
    'constructor pr',
    'userName eq "a" userName eq "b"',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:active eq true',
    'emails[colour eq "red"]',
    'emails[value eq "a"',
    'emails[value eq "a"].colour eq "b"',
    'emails[value eq "a" and]',
    'emails[emails[value eq "a"]]',
    'userName[value eq "a"]',
    'userName eq "a" or',
    '(userName eq "a"',
    'userName eq "a")',
    'not userName eq "a"',
    'userName eq "never closed',
    'userName eq "zero \\u0000"',
    'active gt true',
    'meta.created eq "yesterday"',
    'meta.created co "2026-01-01T00:00:00Z"',
    `${'('.repeat(30)}userName eq "a"${')'.repeat(30)}`,
    `userName eq "${'x'.repeat(5000)}"`,
  ])('%s is refused with the name of the parameter', (text) => {
    expect(() => parseFilter(text, 'USER')).toThrow(RefusedError)
    expect(() => parseFilter(text, 'USER')).toThrow('invalid_parameter')
  })

  it('ends in a tree or a refusal, whatever is written', () => {
    const word = fc.constantFrom(
      'userName',
      'eq',
      'and',
      'or',
      'not',
      '(',
      ')',
      '[',
      ']',
      '"x"',
      'pr',
      'true',
      '"',
      'emails',
      'roles',
      'value',
      '.value',
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), (words) => {
        try {
          parseFilter(words.join(' '), 'USER')
        } catch (error) {
          expect(error).toBeInstanceOf(RefusedError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('an order', () => {
  it('names an attribute that has one', () => {
    expect(parseSortBy('userName', 'USER')).toBe('name')
    expect(() => parseSortBy('members', 'GROUP')).toThrow('invalid_parameter')
    expect(() => parseSortBy('1; DROP TABLE identity', 'USER')).toThrow('invalid_parameter')
  })
})
