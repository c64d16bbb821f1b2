/** Nothing that comes from outside becomes markup (attack 33). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accountPage } from '../../src/oauth/pages/account-page.ts'
import { consentPage } from '../../src/oauth/pages/consent.ts'
import { Html, html } from '../../src/oauth/pages/html.ts'
import { signInPage } from '../../src/oauth/pages/sign-in.ts'

describe('a page', () => {
  it('escapes every text, and takes only markup for markup', () => {
    expect(html`<p title="${`"'<&>`}">${new Html('<b>ours</b>')}</p>`.text).toBe(
      '<p title="&quot;&#39;&lt;&amp;&gt;"><b>ours</b></p>',
    )
  })

  it('holds as many elements as without the text, whatever the text is', () => {
    const count = (text: string) => text.split('<').length
    const facts = { action: '/a', workspaceName: 'w', applicationName: 'x', userName: 'u', problem: 'p' }
    const plain = count(signInPage(facts))
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a', '/', ' ', '=') }),
        (text) => {
          expect(count(signInPage({ ...facts, workspaceName: text, userName: text, problem: text }))).toBe(
            plain,
          )
        },
      ),
    )
  })

  it('of the account escapes the names of applications and people', () => {
    const text = accountPage({
      userName: '<i>',
      displayName: '<b>',
      workspaceName: '<u>',
      places: [
        {
          id: 'a1',
          applicationName: '"><script>',
          isThisBrowser: false,
          createdAt: new Date(0),
          expiresAt: undefined,
        },
      ],
      hiddenPlaces: 0,
      hasPassword: true,
      problem: '<em>',
    })
    for (const markup of ['<i>', '<b>', '<u>', '<script', '<em>']) expect(text).not.toContain(markup)
    expect(text).toContain('1970-01-01 00:00 UTC')
  })

  it('says in words what an application wants', () => {
    const text = consentPage({
      action: '/allow',
      cancelAction: '/deny',
      applicationName: 'App',
      redirectHost: 'localhost:8020',
      userName: 'ada@example.com',
      scopes: ['postgres', 'offline_access'],
    })
    expect(text).toContain('sign in to PostgreSQL')
    expect(text).toContain('while you are away')
    expect(text).not.toContain('<script')
  })
})
