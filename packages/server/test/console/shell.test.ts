/** The frame of the console, in a real browser: places, keys, palette, the vendor's addresses. */
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import { keepPage } from '../stage/kept-page.ts'
import { findBarriers, settle } from '../stage/page-checks.ts'
import type { Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

describeInChromium('the shell of the console (skipped where no Chromium is installed)', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  let admin: Person
  beforeAll(async () => {
    admin = await createAdministrator(lakegate)
  })

  const openOwn = (path: string) => chromium.openConsole({ person: admin, path })
  const open = keepPage(openOwn)
  const heading = (page: Page) => page.getByRole('heading', { level: 1 })
  const pathOf = (page: Page) => new URL(page.url()).pathname

  it('the current place is marked, also after going to another', async () => {
    const page = await open('/compute/instances')
    const nav = page.getByRole('navigation', { name: 'Main navigation' }).first()
    expect(await nav.locator('[aria-current=page]').textContent()).toBe('Compute')
    await nav.getByRole('link', { name: 'Settings' }).click()
    await page.waitForURL('**/settings/profile')
    expect(await nav.locator('[aria-current=page]').textContent()).toBe('Settings')
  })

  it('the focus goes to the heading of a page that was gone to, and the window has its name', async () => {
    const page = await open('/settings/profile')
    await page.getByRole('link', { name: 'Appearance', exact: true }).click()
    // The link that was pressed has the same words.
    await expect
      .poll(() => page.evaluate('`${document.activeElement.tagName} ${document.activeElement.textContent}`'))
      .toBe('H1 Appearance')
    await expect.poll(() => page.title()).toBe('Appearance · Settings · Lakegate')
  })

  it('keys go to places, fold the sidebar, show their help; the switch turns them off', async () => {
    const page = await openOwn('/settings/profile')
    await page.keyboard.press('g')
    await page.keyboard.press('i')
    await page.waitForURL('**/compute/instances')
    await page.keyboard.press('[')
    await page.getByRole('button', { name: 'Unfold the sidebar' }).waitFor()
    await page.keyboard.press('?')
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await help.waitFor()
    expect(await findBarriers(page)).toEqual([])
    await help.getByText('Keys without Ctrl or ⌘ act').click()
    await help.getByRole('button', { name: 'Close' }).click()
    await page.keyboard.press('[')
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog', { name: 'Search or jump' }).waitFor()
    await page.keyboard.press('Escape')
    // Still folded: the key did nothing.
    await page.getByRole('button', { name: 'Unfold the sidebar' }).waitFor()
    await page.context().close()
  })

  it('in a browser that keeps nothing, everything works, and choices hold until the page is left', async () => {
    const page = await chromium.openConsole({
      person: admin,
      path: '/compute/instances',
      prepare: (context) =>
        context.addInitScript(`Object.defineProperty(window, 'localStorage', {
          get() { throw new DOMException('The storage is closed.', 'SecurityError') },
        })`),
    })
    await page.getByRole('grid', { name: 'Database instances' }).waitFor()
    await page.keyboard.press('[')
    await page.getByRole('button', { name: 'Unfold the sidebar' }).waitFor()
    await page.getByRole('link', { name: 'Settings' }).first().click()
    await page.getByRole('link', { name: 'Appearance', exact: true }).click()
    await page.getByText('Dark', { exact: true }).click()
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
    expect(chromium.complaintsOf(page)).toEqual({ violations: [], errors: [] })
    await page.context().close()
  })

  it('the palette finds pages and instances, and leads there with the keyboard alone', async () => {
    const page = await open('/settings/profile')
    await page.keyboard.press('Control+k')
    const field = page.getByRole('searchbox', { name: 'Pages, instances, people, actions' })
    await field.fill('get oauth dev')
    await page.getByRole('menuitem', { name: 'Get OAuth token for dev', exact: true }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await field.fill('dev')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/compute/instances/dev')
  })

  it('n makes a new one, where the page has something to make', async () => {
    const page = await open('/settings/access-tokens')
    await page.keyboard.press('n')
    await page.getByRole('dialog', { name: 'Generate new token' }).waitFor()
  })

  it('F8 goes to the notifications and back; they stay while the focus is there', async () => {
    const page = await open('/kit')
    await page.getByRole('button', { name: 'Show a flag', exact: true }).click()
    const flags = page.getByRole('status', { name: 'Notifications' })
    await flags.getByText('Token created for ada@example.com.').waitFor()
    await page.keyboard.press('F8')
    await expect.poll(() => page.evaluate('document.activeElement.ariaLabel')).toBe('Dismiss')
    await page.keyboard.press('F8')
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Show a flag')
  })

  it.each(['Open dialog', 'Open form', 'Stop dev', 'Delete', 'Open drawer'])(
    'axe finds no barrier in the layer behind «%s», and the focus returns when it is closed',
    async (name) => {
      const page = await open('/kit')
      const opener = page.getByRole('button', { name, exact: true })
      await opener.click()
      const layer = page.locator('[role=dialog], [role=alertdialog]')
      await layer.waitFor()
      expect(await findBarriers(page)).toEqual([])
      await page.keyboard.press('Escape')
      await layer.waitFor({ state: 'detached' })
      await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe(name)
    },
  )

  it.each([
    ['/compute/database-instances', '/console/compute/instances'],
    ['/compute/database-instances/dev', '/console/compute/instances/dev'],
    ['/lakebase/provisioned', '/console/compute/instances'],
    ['/lakebase/provisioned/instances/dev', '/console/compute/instances/dev'],
  ])('the vendor’s address %s leads to %s', async (vendor, ours) => {
    const page = await open('/settings/profile')
    await page.goto(`/console${vendor}`)
    await settle(page)
    expect(pathOf(page)).toBe(ours)
  })

  it('on a phone the places are below, and the rest is behind More', async () => {
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
    const page = await chromium.openConsole({ person: admin, context: phone })
    await page.getByRole('button', { name: 'More', exact: true }).tap()
    await page.getByRole('dialog').getByRole('link', { name: 'Settings' }).tap()
    await page.waitForURL('**/settings/profile')
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
    await expect.poll(() => heading(page).textContent()).toBe('Profile')
    await page.context().close()
  })
})
