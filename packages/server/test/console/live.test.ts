/** Live updates: one connection a browser, handed over, and asking now and then without it (acceptance 17, 18). */
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium, visit } from '../stage/console-browser.ts'
import { pathOf, uniqueName } from '../stage/console-instances.ts'
import type { Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const EVENTS = '/console/api/events'

describeInChromium('live updates of the console (skipped where no Chromium is installed)', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  let admin: Person
  beforeAll(async () => {
    admin = await createAdministrator(lakegate)
  })

  const isLive = (page: Page) => page.locator('[data-live=live]').first().waitFor()

  it('two tabs hold one connection; when its tab is closed, the other takes over', async () => {
    const context = await chromium.openContext({ person: admin })
    const opened: Page[] = []
    context.on('request', (request) => {
      if (request.url().endsWith(EVENTS)) opened.push(request.frame().page())
    })
    const first = await context.newPage()
    await first.goto('/console/settings/appearance')
    await isLive(first)
    const second = await context.newPage()
    await second.goto('/console/settings/appearance')
    // It hears from the first that all is well.
    await isLive(second)
    expect(opened).toEqual([first])
    await first.close()
    await waitFor('the other tab to take over', async () => (opened.includes(second) ? true : undefined))
    await isLive(second)
    await context.close()
  })

  it('without the connection the page says so, and asks by itself', async () => {
    const page = await chromium.openConsole({
      person: admin,
      path: '/compute/instances',
      prepare: (context) => context.route(`**${EVENTS}`, (route) => route.abort()),
    })
    await page.getByText('Live updates paused').waitFor()
    await page.waitForRequest((request) => request.url().includes('/database/instances'))
    await page.context().close()
  })

  it('17: without the connection an instance that is made becomes Available all the same, and «Live updates paused» is said', async () => {
    const name = uniqueName('polled')
    const page = await chromium.openConsole({
      person: admin,
      path: `/compute/instances?filter=${name}`,
      prepare: (context) => context.route(`**${EVENTS}`, (route) => route.abort()),
    })
    await page.getByText('Live updates paused').waitFor()
    await lakegate.admin.request('POST', '/api/2.0/database/instances', { name })
    await page.evaluate('globalThis.isSamePage = true')
    const row = page.getByRole('row', { name: new RegExp(name) })
    await row.getByText('Available', { exact: true }).waitFor({ timeout: 45_000 })
    await page.getByText('Live updates paused').waitFor()
    expect(await page.evaluate('globalThis.isSamePage')).toBe(true)
    await page.context().close()
    await lakegate.admin.request('DELETE', pathOf(name))
  })

  it('a newer build is offered, and the page is loaded anew only when the person asks for it', async () => {
    const event = `event: version\ndata: ${JSON.stringify({ version: '0', build: 'another' })}\n\n`
    const page = await chromium.openConsole({
      person: admin,
      path: '/settings/appearance',
      prepare: (context) =>
        context.route(`**${EVENTS}`, (route) =>
          route.fulfill({ contentType: 'text/event-stream', body: event }),
        ),
    })
    const loaded = page.waitForEvent('load')
    await page.getByText('A new version is here.').waitFor()
    await page.getByRole('button', { name: 'Reload' }).click()
    await loaded
    await page.context().close()
  })

  it('a server that does not answer is said, and forgotten when it answers again', async () => {
    const page = await chromium.openConsole({ person: admin, path: '/settings/appearance' })
    await page.route('**/console/api/**', (route) => route.abort())
    await page.getByRole('link', { name: 'Profile', exact: true }).click()
    const notice = page.getByRole('status').getByText('The server does not answer.')
    await notice.waitFor()
    await page.unroute('**/console/api/**')
    await notice.waitFor({ state: 'detached' })
    await page.context().close()
  })
})
