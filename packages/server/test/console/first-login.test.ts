/** «Three steps to your first login» ticks itself by facts; and the sessions of all instances that one manages (design 5.1, 7.1). */
import type { Page } from 'playwright-core'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import { addRole } from '../stage/console-instances.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { databaseClient } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

describeInChromium('the first login', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  const { name } = lakegate.ready.instance
  let ada: Person
  let page: Page

  // An open page asks on and on.
  afterEach(() => page.context().close())
  beforeAll(async () => {
    ada = await createAdministrator(lakegate)
    await addRole(lakegate, name, ada.userName)
  })

  it('ticks the token when one was made and the connection while a session is open, without a click on the strip', async () => {
    page = await chromium.openConsole({
      person: ada,
      path: '/compute/instances',
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
    })
    const strip = page.getByRole('region', { name: 'Three steps to your first login' })
    await strip.getByText('Open Get a token').waitFor()
    await strip.getByText('Open Connect').waitFor()
    await strip.getByRole('link', { name: `Get OAuth Token for ${name}` }).click()
    await page.getByRole('button', { name: 'Get OAuth Token' }).click()
    await page.getByRole('button', { name: 'Copy OAuthToken' }).click()
    const password = await page.evaluate<string>('navigator.clipboard.readText()')
    await page.goBack()
    await strip.getByText('Done Get a token').waitFor()

    const session = await databaseClient(lakegate, { user: ada.userName, password })
    await session.connect()
    try {
      await strip.getByText(`You are in: as ${ada.userName}, on ${name}`).waitFor()
      await page.getByRole('link', { name: 'Open sessions' }).click()
      await page
        .getByRole('row', { name: new RegExp(ada.userName) })
        .first()
        .waitFor()
    } finally {
      await session.end()
    }
  })

  it('stays away when it was hidden', async () => {
    page = await chromium.openConsole({
      person: await createAdministrator(lakegate),
      path: '/compute/instances',
    })
    await page.getByRole('button', { name: 'Hide these steps' }).click()
    await page.reload()
    await page.getByRole('row', { name: new RegExp(name) }).waitFor()
    await page.getByText(/\d+ of \d+ allowed/).waitFor()
    expect(await page.getByText('Three steps to your first login').count()).toBe(0)
  })

  it('is not shown to who cannot see the facts', async () => {
    const refused: string[] = []
    page = await chromium.openConsole({
      person: await createPerson(lakegate, 'Eve'),
      path: '/compute/instances',
      prepare: async (context) => {
        context.on('response', (response) => {
          if (response.status() === 403) refused.push(response.url())
        })
      },
    })
    await page.getByRole('row', { name: new RegExp(name) }).waitFor()
    await page.getByText(/\d+ of \d+ allowed/).waitFor()
    expect(await page.getByText('Three steps to your first login').count()).toBe(0)
    await page.getByRole('link', { name: 'Open sessions' }).click()
    await page.getByText('You manage no instance.').waitFor()
    expect(refused).toEqual([])
  })

  it('40: on a phone a token takes three taps from the list of instances', async () => {
    page = await chromium.openConsole({
      person: ada,
      path: '/compute/instances',
      context: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
    })
    await page.getByRole('link', { name, exact: true }).tap()
    await page.getByRole('button', { name: 'Get OAuth Token' }).tap()
    await page.getByRole('button', { name: 'Show', exact: true }).tap()
    await page.getByText('It is the password for new connections until').waitFor()
    expect(await page.getByLabel('OAuth token', { exact: true }).textContent()).toMatch(
      /^ey[^.]+\.[^.]+\.[^.]+$/,
    )
    expect(
      await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth'),
    ).toBeLessThanOrEqual(0)
  })
})
