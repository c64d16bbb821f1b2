/** How a login goes: whether a browser of this machine is in front of the person. */
import { describe, expect, it } from 'vitest'
import { browserOf } from '../../../src/cli/workspace/auth/browser.ts'

describe('a login', () => {
  it.each([
    ['opens the browser of a desktop', 'linux', { DISPLAY: ':0' }, 'open'],
    ['opens it on Wayland', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, 'open'],
    ['opens it on macOS', 'darwin', {}, 'open'],
    ['opens the browser that BROWSER names', 'linux', { BROWSER: 'firefox' }, 'open'],
    ['prints the address with BROWSER=none, as the databricks CLI', 'darwin', { BROWSER: 'none' }, 'show'],
    ['asks for a code on a machine without a display', 'linux', { DISPLAY: '' }, 'none'],
    ['asks for a code over SSH', 'darwin', { SSH_CONNECTION: '1 2 3 4' }, 'none'],
    [
      'opens the browser of a forwarded display',
      'linux',
      { SSH_CONNECTION: '1 2 3 4', DISPLAY: ':10' },
      'open',
    ],
  ] as const)('%s', (_what, platform, environment, expected) => {
    expect(browserOf({ environment, platform })).toBe(expected)
  })
})
