/** The pages in a real browser, with scripts switched off: signing in, allowing, setting a password. */
import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ScimUser } from '@lakegate/client'
import { requestSignInLink } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const [executable = ''] = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) => {
  try {
    return [execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()]
  } catch {
    // Not installed under that name.
    return []
  }
})

describe.skipIf(executable === '')('in Chromium (skipped where no Chromium is installed)', () => {
  const lakegate = sharedLakegate()
  const { ready, admin } = lakegate
  let browser: Browser
  let application: Server
  let page: Page
  const arrivals: URL[] = []

  beforeAll(async () => {
    // The application that the browser is led back to.
    application = createServer((request, response) => {
      arrivals.push(new URL(request.url ?? '/', 'http://localhost'))
      response.end('You are back in the application')
    }).listen(0, '127.0.0.1')
    await once(application, 'listening')
    browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] })
    page = await (await browser.newContext({ javaScriptEnabled: false })).newPage()
  })
  afterAll(async () => {
    await browser.close()
    application.close()
  })

  const heading = () => page.getByRole('heading', { level: 1 }).textContent()
  const authorizationUrl = () => {
    const url = new URL(`${ready.http_url}/oidc/v1/authorize`)
    url.search = new URLSearchParams({
      client_id: 'databricks-cli',
      response_type: 'code',
      redirect_uri: `http://localhost:${String((application.address() as AddressInfo).port)}`,
      scope: 'offline_access all-apis',
      state: 'xyz',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    }).toString()
    return url.href
  }

  it('a person sets a password by the link, signs in, allows and comes back with a code', async () => {
    const user = await admin.request<ScimUser>('POST', '/api/2.0/preview/scim/v2/Users', {
      userName: 'browser@example.com',
      displayName: 'Browser',
    })
    await page.goto((await requestSignInLink(lakegate, user.id)).url)
    await page.getByLabel('New password').fill('quite a long secret')
    await page.getByLabel('The same again').fill('quite a long secret')
    await page.getByRole('button', { name: 'Set password' }).click()
    await expect.poll(heading).toBe('Password set')

    await page.goto(authorizationUrl())
    await page.getByLabel('E-mail address').fill('browser@example.com')
    await page.getByLabel('Password').fill('not the password')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('wrong')
    expect(await page.getByLabel('E-mail address').inputValue()).toBe('browser@example.com')

    await page.getByLabel('Password').fill('quite a long secret')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect.poll(heading).toBe('Allow access?')
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(/localhost/)
    expect(await page.textContent('body')).toContain('back in the application')
    const arrival = arrivals.find((url) => url.searchParams.has('code'))
    expect(arrival?.searchParams.get('state')).toBe('xyz')
    expect(arrival?.searchParams.get('iss')).toBe(`${ready.http_url}/oidc`)
  })

  it('every field has a label, and the keyboard is enough', async () => {
    await page.context().clearCookies()
    await page.goto(authorizationUrl())
    const fields = await page.locator('input:not([type=hidden])').all()
    expect(fields).toHaveLength(2)
    for (const field of fields) {
      const id = (await field.getAttribute('id')) ?? ''
      expect(await page.locator(`label[for="${id}"]`).textContent()).not.toBe('')
    }
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    await page.keyboard.type('browser@example.com')
    await page.keyboard.press('Tab')
    await page.keyboard.type('quite a long secret')
    await page.keyboard.press('Enter')
    await expect.poll(heading).toBe('Allow access?')
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.waitForURL(/error=access_denied/)
  })
})
