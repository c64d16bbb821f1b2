/** The pages in a real browser, with scripts switched off but for the console: signing in, allowing, passwords, the account, devices. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ScimUser } from '@lakegate/client'
import { describeInChromium, executable } from '../stage/console-browser.ts'
import { createPerson, requestSignInLink, signInAndAllow, Visitor } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

describeInChromium('in Chromium (skipped where no Chromium is installed)', () => {
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
    // It leads on into the console, signed in; from here on somebody who comes without.
    await page.waitForURL(/\/console$/)
    await page.context().clearCookies()

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

  it('a person signs in to the console, where no script sees the cookie and no page of the server breaks its policy', async () => {
    const person = await createPerson(lakegate)
    const context = await browser.newContext()
    const tab = await context.newPage()
    const complaints: string[] = []
    tab.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) complaints.push(message.text())
    })
    await tab.goto(`${ready.http_url}/console/sign-in?destination=/console/audit`)
    await tab.getByLabel('E-mail address').fill(person.userName)
    await tab.getByLabel('Password').fill(person.password)
    await tab.getByRole('button', { name: 'Sign in' }).click()
    await tab.waitForURL(/\/console\/audit$/)
    const askSession = () => tab.evaluate("fetch('/console/api/session').then((answer) => answer.status)")
    expect(await askSession()).toBe(200)
    expect(await tab.evaluate('document.cookie')).toBe('')
    const kept = (await context.cookies()).filter(({ name }) => name.startsWith('lakegate-console'))
    expect(kept).toMatchObject([
      { name: 'lakegate-console', path: '/console', httpOnly: true, sameSite: 'Strict', secure: false },
    ])
    // From a page of another site the cookie does not come along, and the app asks for itself (design 3.2).
    await tab.goto(`http://localhost:${String((application.address() as AddressInfo).port)}`)
    await tab.evaluate(`location.href = ${JSON.stringify(`${ready.http_url}/console/audit`)}`)
    await tab.waitForURL(/\/console\/audit$/)
    expect(await askSession()).toBe(200)
    for (const path of ['/console/signed-out', '/console/assets/none.js', '/console/callback?state=x']) {
      await tab.goto(`${ready.http_url}${path}`)
      // Dressed by the style sheet of the sign-in pages.
      expect(await tab.evaluate("getComputedStyle(document.querySelector('main')).borderRadius")).toBe('8px')
    }
    expect(complaints).toEqual([])
    await context.close()
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

  it('a person sees what is signed in, ends it, changes the password and signs out', async () => {
    const person = await createPerson(lakegate)
    await signInAndAllow(new Visitor(), new URL(authorizationUrl()), person)
    await page.context().clearCookies()
    await page.goto(`${ready.http_url}/oidc/account`)
    await page.getByLabel('E-mail address').fill(person.userName)
    await page.getByLabel('Password').fill(person.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect.poll(heading).toBe('Your account')
    const places = page.getByRole('region', { name: 'Signed in as you' }).getByRole('listitem')
    await expect.poll(() => places.count()).toBe(3)
    const ofCli = places.filter({ hasText: 'Databricks CLI' })
    expect(await ofCli.getByRole('button').getAttribute('aria-describedby')).not.toBeNull()
    await ofCli.getByRole('button', { name: 'Sign out' }).click()
    await expect.poll(() => page.getByRole('status').textContent()).toContain('signed out')
    expect(await ofCli.count()).toBe(0)

    const change = async (current: string) => {
      await page.getByLabel('Current password').fill(current)
      await page.getByLabel('New password').fill('yet another long secret')
      await page.getByLabel('The same again').fill('yet another long secret')
      await page.getByRole('button', { name: 'Change password' }).click()
    }
    await change('not this one')
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('current password is wrong')
    const current = page.getByLabel('Current password')
    expect(
      await page.locator(`#${(await current.getAttribute('aria-describedby')) ?? ''}`).textContent(),
    ).toContain('wrong')
    await change(person.password)
    await expect.poll(() => page.getByRole('status').textContent()).toContain('password is changed')
    await expect.poll(() => places.count()).toBe(1)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await expect.poll(heading).toBe('Signed out')
    await page.getByRole('link', { name: 'Sign in again' }).click()
    await expect.poll(heading).toBe('Sign in')
  })

  it('a person connects a device by its code, and turns away one that is somebody else’s', async () => {
    const person = await createPerson(lakegate)
    await page.context().clearCookies()
    const begin = async () => {
      const response = await fetch(`${ready.http_url}/oidc/v1/device_authorization`, {
        method: 'POST',
        body: new URLSearchParams({ client_id: 'databricks-cli', scope: 'all-apis' }),
      })
      return (await response.json()) as Record<
        'user_code' | 'device_code' | 'verification_uri_complete',
        string
      >
    }
    const poll = async ({ device_code }: { device_code: string }) => {
      const response = await fetch(`${ready.http_url}/oidc/v1/token`, {
        method: 'POST',
        body: new URLSearchParams({
          client_id: 'databricks-cli',
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          device_code,
        }),
      })
      return (await response.json()) as { access_token?: string; error?: string }
    }
    const own = await begin()
    await page.goto(`${ready.http_url}/oidc/device`)
    await page.getByLabel('Code that your device shows').fill(own.user_code.toLowerCase())
    await page.getByRole('button', { name: 'Continue' }).click()
    await expect.poll(heading).toBe('Is this your device?')
    await page.getByRole('button', { name: 'It is mine' }).click()
    await expect.poll(heading).toBe('Sign in')
    await page.getByLabel('E-mail address').fill(person.userName)
    await page.getByLabel('Password').fill(person.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect.poll(heading).toBe('Allow access?')
    await page.getByRole('button', { name: 'Allow' }).click()
    await expect.poll(heading).toBe('Device connected')
    expect((await poll(own)).access_token).toBeDefined()

    // The link with the code in it shows the code, and goes no further by itself (RFC 8628 §5.4).
    const foreign = await begin()
    await page.goto(foreign.verification_uri_complete)
    await expect
      .poll(() => page.getByLabel('Code that your device shows').inputValue())
      .toBe(foreign.user_code)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'It is not mine' }).click()
    await expect.poll(heading).toBe('Not connected')
    expect(await poll(foreign)).toMatchObject({ error: 'access_denied' })
  })

  it('every page fits a screen of 320 pixels, also with long names (WCAG 1.4.10)', async () => {
    const person = await createPerson(lakegate, 'A'.repeat(120))
    const context = await browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 320, height: 640 },
      colorScheme: 'dark',
    })
    const narrow = await context.newPage()
    const requireFit = async () => {
      expect((await narrow.locator('html').boundingBox())?.width).toBe(320)
      for (const element of await narrow.locator('main *').all()) {
        const box = await element.boundingBox()
        if (box !== null) expect(box.x + box.width, await element.innerHTML()).toBeLessThanOrEqual(320)
      }
    }
    const titled = (title: string) => narrow.getByRole('heading', { level: 1, name: title }).waitFor()
    await narrow.goto((await requestSignInLink(lakegate, (await createPerson(lakegate)).id)).url)
    await requireFit()
    await narrow.goto(`${ready.http_url}/oidc/device`)
    await requireFit()
    await narrow.goto(authorizationUrl())
    await requireFit()
    await narrow.getByLabel('E-mail address').fill(person.userName)
    await narrow.getByLabel('Password').fill(person.password)
    await narrow.getByRole('button', { name: 'Sign in' }).click()
    await titled('Allow access?')
    await requireFit()
    await narrow.goto(`${ready.http_url}/oidc/account`)
    await titled('Your account')
    await requireFit()
    await context.close()
  })
})
