import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { destinationOf } from '../../../src/http/console/destination.ts'

describe('where a sign-in leads', () => {
  it.each([
    ['/console', '/console'],
    ['/console/', '/console/'],
    ['/console?tab=2', '/console?tab=2'],
    ['/console#x', '/console#x'],
    ['/console/compute/instances/dev?state=a%20b#roles', '/console/compute/instances/dev?state=a%20b#roles'],
    ['/console/identity/users/a%2Fb', '/console/identity/users/a%2Fb'],
    ['/console//evil.example', '/console//evil.example'],
  ])('is a page of the console: %j', (asked, expected) => {
    expect(destinationOf(asked)).toBe(expected)
  })

  it.each([
    null,
    '',
    '/',
    '//evil.example',
    '//evil.example/console',
    'https://evil.example/console',
    'https:evil.example',
    'javascript:alert(1)',
    String.raw`/\evil.example`,
    String.raw`\\evil.example`,
    String.raw`/console\..\..\evil`,
    String.raw`/console/\evil.example`,
    '/console\t/x',
    '/console\r\nset-cookie: x=y',
    '/consoles',
    '/console.evil.example',
    '/console@evil.example',
    '/console/../oidc/account',
    '/console/%2e%2e/oidc/account',
    '/console/..',
    '/console/api/2.0/me',
    '/console/sign-in',
    '/console/sign-in?destination=/console',
    '/console/callback?code=x',
    '/console/x/../sign-in',
    '/console/signed-out',
    ' /console/x',
    `/console/${'x'.repeat(2_000)}`,
  ])('is the first page for everything else: %j', (asked) => {
    expect(destinationOf(asked)).toBe('/console')
  })

  it('is below /console at the same origin, whatever is asked', () => {
    const pieces = fc.constantFrom(
      '/console',
      '/',
      '\\',
      '..',
      '%2e',
      '@',
      ':',
      '?',
      '#',
      'evil.example',
      '\t',
      '//',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 12 }), (parts) => {
        const { origin, pathname } = new URL(destinationOf(parts.join('')), 'https://lakegate.example')
        expect(origin).toBe('https://lakegate.example')
        expect(pathname).toMatch(/^\/console(?:\/|$)/)
      }),
    )
  })
})
