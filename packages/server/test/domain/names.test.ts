/** Names that people can tell apart (RFC 8265, RFC 8266, UTS 39). Attack 58 drives the same from outside. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSameUserName, nameKeysOf } from '../../src/domain/name-keys.ts'
import {
  findNameProblem,
  findUnseen,
  judgeDisplayName,
  judgeGroupName,
  judgeUserName,
} from '../../src/domain/names.ts'

/** Every 17th code point of Unicode: of each block some. */
const codePoints = (pattern: RegExp): string[] =>
  Array.from({ length: 0x110000 / 17 }, (_, index) => String.fromCodePoint(index * 17)).filter((character) =>
    pattern.test(character),
  )

describe('a name', () => {
  it('has no character that nobody sees, of whatever kind', () => {
    const unseen = codePoints(
      /^[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]$/u,
    )
    expect(unseen.length).toBeGreaterThan(1000)
    const admitted = unseen.filter(
      (character) =>
        'name' in judgeDisplayName(`a${character}b`) || 'name' in judgeUserName(`a${character}b@example.com`),
    )
    expect(admitted).toEqual([])
  })

  it('may have every letter and digit of every language', () => {
    const refused = codePoints(/^[\p{Lu}\p{Ll}\p{Lo}\p{Nd}]$/u).filter(
      (character) =>
        !/\p{Default_Ignorable_Code_Point}/u.test(character) &&
        'problem' in judgeDisplayName(`${character}${character}`),
    )
    expect(refused).toEqual([])
  })

  it('is kept in the composed form, and stays as it is then', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (text) => {
        for (const judge of [judgeDisplayName, judgeUserName, judgeGroupName]) {
          const verdict = judge(text)
          if ('problem' in verdict) continue
          expect(verdict.name).toBe(text.normalize('NFC'))
          expect(judge(verdict.name)).toEqual({ name: verdict.name })
        }
      }),
    )
  })

  it('of a user has no blank, which an address does not have', () => {
    expect(judgeUserName('a\u3000b@example.com')).toMatchObject({
      problem: expect.stringContaining('U+3000') as string,
    })
  })

  it('of 256 characters is not too long, and of 257 it is', () => {
    expect(judgeDisplayName('a'.repeat(256))).toEqual({ name: 'a'.repeat(256) })
    expect(judgeDisplayName('a'.repeat(257))).toHaveProperty('problem')
    // One character that stands for eighteen when it is compared.
    expect(judgeDisplayName('\ufdfa'.repeat(100))).toHaveProperty('problem')
  })

  it('that is older than the rules is told by its field', () => {
    const ada = { type: 'USER', name: 'ada@example.com', displayName: 'Ada ' } as const
    expect(findNameProblem(ada)).toBe('displayName: begins or ends with a blank.')
    expect(findNameProblem({ ...ada, displayName: 'Ada' })).toBeUndefined()
    expect(findNameProblem({ ...ada, name: 'a\u200bda@example.com' })).toMatch(/^userName: /)
    expect(findNameProblem({ type: 'GROUP', name: 'e\u0301', displayName: 'e\u0301' })).toContain('NFC')
    expect(findNameProblem({ type: 'GROUP', name: 'Admins', displayName: 'Admins' })).toContain('system')
    expect(
      findNameProblem({ type: 'SERVICE_PRINCIPAL', name: crypto.randomUUID(), displayName: 'etl' }),
    ).toBeUndefined()
  })

  it('of somebody else’s id is only looked through', () => {
    expect(findUnseen('  S-1-5-21  ')).toBeUndefined()
    expect(findUnseen('S-1\u200b')).toContain('U+200B')
  })
})

describe('the keys of a name', () => {
  it('are the same for every letter case and normalisation', () => {
    const names = fc.string({
      unit: fc.constantFrom(...Array.from('aAzZäÖßéŁøΣσςΩжЖёҐ 1-家한ا')),
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(names, (name) => {
        const { canonical } = nameKeysOf(name)
        for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const)
          expect(nameKeysOf(name.normalize(form))).toEqual(nameKeysOf(name))
        expect(nameKeysOf(name.toLowerCase()).canonical).toBe(canonical)
        expect(nameKeysOf(canonical).canonical).toBe(canonical)
      }),
    )
  })

  it('are the same for every width and style of ASCII letters', () => {
    for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
      const wide = String.fromCodePoint(letter.charCodeAt(0) + 0xfee0)
      const bold = String.fromCodePoint(0x1d41a + letter.charCodeAt(0) - 97)
      for (const other of [wide, bold]) expect(nameKeysOf(other)).toEqual(nameKeysOf(letter))
    }
  })

  it('leave out what nobody sees, so that an old name keeps its place', () => {
    expect(nameKeysOf('a\u200bd\u00ada')).toEqual(nameKeysOf('ada'))
    expect(nameKeysOf(' a  b ').canonical).toBe('a b')
  })

  it('tell apart what people tell apart', () => {
    for (const [one, other] of [
      ['Weiß', 'Weiss'],
      ['Müller', 'Muller'],
      ['group 1', 'group l'],
      ['Ian', 'lan'],
      ['O365', '0365'],
      ['corn', 'com'],
      ['Отдел', 'Отделы'],
      ['山', '川'],
    ] as const)
      expect(nameKeysOf(one).skeleton).not.toBe(nameKeysOf(other).skeleton)
  })

  it('see Latin letters in capitals of Cyrillic whose small letters look like none', () => {
    expect(nameKeysOf('НОМЕ').skeleton).toBe(nameKeysOf('HOME').skeleton)
    expect(nameKeysOf('номе').skeleton).not.toBe(nameKeysOf('home').skeleton)
    expect(nameKeysOf('НОМЕ').canonical).toBe(nameKeysOf('номе').canonical)
  })
})

describe('a user name that somebody brings', () => {
  it('is the same in any letter case, and in no other way', () => {
    expect(isSameUserName('Ädã@example.com', 'äDÃ@EXAMPLE.com')).toBe(true)
    for (const other of ['bac\u212aup', '\uff42ackup', 'b\u0430ckup', 'backup ', 'back\u200bup'])
      expect(isSameUserName('backup', other)).toBe(false)
    // Turkish: neither is the other's small letter everywhere.
    expect(isSameUserName('istanbul', '\u0130stanbul')).toBe(false)
    expect(isSameUserName('istanbul', '\u0131stanbul')).toBe(false)
    expect(isSameUserName('zo\u00eb', 'zoe\u0308')).toBe(false)
  })
})
