/** ~/.databrickscfg as it is read, and changed without touching what is not meant. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changeSection, parseIni, removeSection } from '../../src/authentication/ini.ts'

const read = (text: string) =>
  Object.fromEntries([...parseIni(text)].map(([name, values]) => [name, Object.fromEntries(values)]))

describe('reading', () => {
  it('knows sections, keys of any letter case, comments and blanks', () => {
    expect(
      read(
        '; a\n[DEFAULT]\nhost = https://a\n\n# b\n[ dev ]\r\n  HOST=http://127.0.0.1:8470 \r\nclient_id : 7\n',
      ),
    ).toEqual({ DEFAULT: { host: 'https://a' }, dev: { host: 'http://127.0.0.1:8470', client_id: '7' } })
  })

  it.each([
    ['a=b=c==', 'a=b=c=='],
    ['a#b;c', 'a#b;c'],
    ['secret # a comment', 'secret'],
    ['secret ; a comment', 'secret'],
    ['`a # b`', 'a # b'],
    ['"a # b" # a comment', 'a # b'],
    ['', ''],
    ['# nothing', ''],
    ['"', '"'],
  ])('takes %j as the value %j', (written, value) => {
    expect(read(`[x]\ntoken = ${written}`)).toMatchObject({ x: { token: value } })
  })

  it('takes the last of two', () => {
    expect(read('[x]\na = 1\n[x]\na = 2')).toMatchObject({ x: { a: '2' } })
  })

  it('does not mind a byte order mark', () => {
    expect(read('\uFEFF[x]\na = 1')).toMatchObject({ x: { a: '1' } })
  })
})

describe('changing a section', () => {
  const FILE =
    '; mine\n\n[DEFAULT]\nhost  =  https://a  ; where\n; between\ntoken=t\n\n# of dev\n[dev]\nhost = b\n'

  it('changes the line of the key only', () => {
    expect(changeSection(FILE, 'DEFAULT', { token: 'u' })).toBe(FILE.replace('token=t', 'token = u'))
  })

  it('leaves a line alone whose value is right', () => {
    expect(changeSection(FILE, 'DEFAULT', { host: 'https://a', token: 't' })).toBe(FILE)
  })

  it('adds keys behind the last one of the section', () => {
    expect(changeSection(FILE, 'DEFAULT', { auth_type: 'pat' })).toBe(
      FILE.replace('token=t\n', 'token=t\nauth_type = pat\n'),
    )
    expect(changeSection(FILE, 'dev', { auth_type: 'pat' })).toBe(`${FILE}auth_type = pat\n`)
  })

  it('adds the section at the end', () => {
    expect(changeSection(FILE, 'new', { host: 'c' })).toBe(`${FILE}\n[new]\nhost = c\n`)
    expect(changeSection('', 'new', { host: 'c' })).toBe('[new]\nhost = c\n')
  })

  it('takes keys out', () => {
    expect(changeSection(FILE, 'DEFAULT', { token: undefined })).toBe(FILE.replace('token=t\n', ''))
    expect(changeSection(FILE, 'none', { token: undefined })).toBe(FILE)
  })

  it('ends a last line that has no end, and keeps the ends that a file has', () => {
    expect(changeSection('[x]\na = 1', 'x', { b: '2' })).toBe('[x]\na = 1\nb = 2\n')
    expect(changeSection('[x]\r\na = 1\r\n', 'x', { a: '2', b: '3' })).toBe('[x]\r\na = 2\r\nb = 3\r\n')
  })

  it('writes a value with # or ; so that the Go SDK reads it whole', () => {
    expect(changeSection('', 'x', { token: 'a#b' })).toBe('[x]\ntoken = `a#b`\n')
  })

  it('removes a section with the comment before it', () => {
    expect(removeSection(FILE, 'dev')).toBe(FILE.slice(0, FILE.indexOf('# of dev')))
    expect(removeSection(FILE, 'none')).toBe(FILE)
  })

  const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,8}$/)
  const key = fc.stringMatching(/^[a-z_]{1,8}$/)
  const value = fc.stringMatching(/^[!-_a-~]([ -_a-~]{0,12}[!-_a-~])?$/)
  const line = fc.oneof(
    fc.tuple(key, fc.constantFrom('=', ' = ', ':'), value).map((parts) => parts.join('')),
    name.map((one) => `[${one}]`),
    value.map((one) => `# ${one}`),
    fc.constant(''),
  )
  const file = fc
    .tuple(fc.array(line, { maxLength: 15 }), fc.constantFrom('\n', '\r\n'))
    .map(([lines, end]) => lines.map((one) => one + end).join(''))

  it('is what is read afterwards, and every other line is still there, in its order', () => {
    fc.assert(
      fc.property(file, name, fc.dictionary(key, value, { maxKeys: 4 }), (text, section, changes) => {
        const changed = changeSection(text, section, changes)
        const before = read(text)
        const expected = { ...before[section], ...changes }
        expect(read(changed)).toEqual(
          Object.keys(expected).length === 0 ? before : { ...before, [section]: expected },
        )
        let at = 0
        const rest = changed.split('\n')
        for (const one of text.split('\n').slice(0, -1)) {
          const changedKey = Object.keys(changes).some((k) => new RegExp(`^\\s*${k}\\s*[=:]`).test(one))
          if (changedKey) continue
          at = rest.indexOf(one, at) + 1
          expect(at).toBeGreaterThan(0)
        }
      }),
    )
  })
})
