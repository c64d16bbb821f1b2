/** Where a path of the workspace's files leads, and which paths lead nowhere. Attack 64 drives the same from outside. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseWorkspacePath, pathsDownTo } from '../../src/domain/workspace-files.ts'

const OWNER = 'ada@example.com'
const SHORT_HOME = `/Users/${OWNER}`
const HOME = `/Workspace${SHORT_HOME}`

describe('a path', () => {
  it.each([
    ['/', { place: 'root', text: '/' }],
    ['/Workspace', { place: 'root', text: '/Workspace' }],
    ['/Users', { place: 'homes', text: '/Users' }],
    ['/Workspace/Users/', { place: 'homes', text: '/Workspace/Users' }],
    ['/Workspace/Shared/a', { place: 'elsewhere', text: '/Workspace/Shared/a' }],
    [`/users/${OWNER}`, { place: 'elsewhere', text: `/users/${OWNER}` }],
    ['/Workspace/Workspace/Users/x', { place: 'elsewhere', text: '/Workspace/Workspace/Users/x' }],
    [HOME, { place: 'home', text: HOME, owner: OWNER, homeText: HOME, below: '' }],
    [
      `${HOME}/.bundle/shop/`,
      {
        place: 'home',
        text: `${HOME}/.bundle/shop`,
        owner: OWNER,
        homeText: HOME,
        below: '.bundle/shop',
      },
    ],
    [
      `${SHORT_HOME}/a 50% & b.txt`,
      {
        place: 'home',
        text: `${SHORT_HOME}/a 50% & b.txt`,
        owner: OWNER,
        homeText: SHORT_HOME,
        below: 'a 50% & b.txt',
      },
    ],
  ])('leads where it says: %s', (text, expected) => {
    expect(parseWorkspacePath(text)).toEqual(expected)
  })

  it.each([
    ['nothing', '', 'absolute'],
    ['a relative one', SHORT_HOME.slice(1), 'absolute'],
    ['one that goes up', `${HOME}/../bob@example.com/x`, 'holds ..'],
    ['one that ends by going up', `${HOME}/..`, 'holds ..'],
    ['one that stays', `${HOME}/./x`, 'holds .'],
    ['two slashes', `${HOME}//x`, 'two slashes'],
    ['two slashes at the beginning', `/${HOME}`, 'two slashes'],
    ['two slashes at the end', `${HOME}/x//`, 'two slashes'],
    ['a slash that is encoded', `${HOME}/..%2fbob`, 'percent-encoded'],
    ['a dot that is encoded', `${HOME}/%2E%2e/bob`, 'percent-encoded'],
    ['a backslash', `${HOME}/..\\bob`, 'backslash'],
    ['a zero character', `${HOME}/a\u0000b`, 'control character'],
    ['a line end', `${HOME}/a\nb`, 'control character'],
    ['wide dots', `${HOME}/\uff0e\uff0e/bob`, 'NFKC'],
    ['a wide slash', `${HOME}/..\uff0fbob`, 'NFKC'],
    ['an account of, which holds a slash', `${HOME}/\u2100`, 'NFKC'],
    ['half a character', `${HOME}/a\ud800`, 'half a character'],
    ['what is not composed', `${HOME}/e\u0301`, 'composed form'],
    ['a long name', `${HOME}/${'a'.repeat(256)}`, '255 bytes'],
    ['a name that is long in bytes', `${HOME}/${'ü'.repeat(128)}`, '255 bytes'],
    ['a long path', `${HOME}/${'abc/'.repeat(250)}`, '1024 bytes'],
    ['a deep path', `${HOME}/${'a/'.repeat(62)}`, '64 directories'],
  ])('is refused with the reason: %s', (_what, text, reason) => {
    expect(parseWorkspacePath(text)).toEqual({ problem: expect.stringContaining(reason) as string })
  })

  it('that is taken never leads above the home that it names', () => {
    const names = fc.array(
      fc.oneof(
        fc.constantFrom('..', '.', '', '%2e%2e', 'Users', 'Workspace', 'bob'),
        fc.string({ unit: 'binary' }),
      ),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(names, (below) => {
        const text = [HOME, ...below].join('/')
        const path = parseWorkspacePath(text)
        if ('problem' in path) return
        expect(path).toMatchObject({ place: 'home', owner: OWNER })
        expect(text === path.text || text === `${path.text}/`).toBe(true)
      }),
    )
  })
})

it('every directory above a path comes before what is in it', () => {
  expect(pathsDownTo('a/b/c')).toEqual(['a', 'a/b', 'a/b/c'])
})
