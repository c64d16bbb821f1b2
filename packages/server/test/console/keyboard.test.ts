/** The console with the keyboard alone (acceptance 8): from the sign-in page to a result of a query. */
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import { findFocusProblems } from '../stage/page-checks.ts'
import type { Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { sqlEditorOf } from '../stage/sql-editor.ts'

/** More than any page has before its main part. */
const MOST_STOPS = 60

describeInChromium('the console by keyboard (skipped where no Chromium is installed)', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  const { instance } = lakegate.ready
  let person: Person
  beforeAll(async () => {
    person = await createAdministrator(lakegate)
    await lakegate.admin.request('POST', `/api/2.0/database/instances/${instance.name}/roles`, {
      name: person.userName,
      identity_type: 'USER',
    })
  })

  /** A browser in which nobody is signed in. */
  async function openSignIn(): Promise<Page> {
    const context = await chromium.openContext({ person })
    await context.clearCookies()
    const page = await context.newPage()
    await page.goto('/console')
    await page.getByLabel('E-mail address').waitFor()
    return page
  }

  /** Goes on, with Tab or another key, until the focus is where the selector says; each stop on the way must be seen. */
  async function goTo(page: Page, selector: string, key = 'Tab'): Promise<void> {
    const stops: string[] = []
    while (stops.length < MOST_STOPS) {
      expect(await findFocusProblems(page)).toEqual([])
      if (await page.locator(selector).evaluateAll(anyHasFocus)) return
      stops.push(await page.evaluate<string>('document.activeElement.outerHTML.slice(0, 100)'))
      await page.keyboard.press(key)
    }
    throw new Error(`${key} did not lead to ${selector}, but to\n${stops.join('\n')}`)
  }

  /** A page begins at its heading, for readers and for the keyboard. */
  const arriveAt = (page: Page, name: string) => page.locator('h1:focus', { hasText: name }).waitFor()

  it('leads from the sign-in to a result of SELECT session_user, with the focus seen at every stop', async () => {
    const page = await openSignIn()
    await goTo(page, '#user_name')
    await page.keyboard.type(person.userName)
    await page.keyboard.press('Tab')
    await goTo(page, '[name=password]')
    await page.keyboard.type(person.password)
    await page.keyboard.press('Enter')
    await arriveAt(page, 'Database instances')

    const link = `main a[href$="/instances/${instance.name}"]`
    await page.locator(link).waitFor()
    await goTo(page, '[role=grid] *')
    await page.keyboard.press('ArrowRight')
    await goTo(page, link, 'ArrowDown')
    await page.keyboard.press('Enter')
    await arriveAt(page, instance.name)
    await goTo(page, 'main a[href*="/console/sql"]')
    await page.keyboard.press('Enter')

    const editor = sqlEditorOf(page)
    await editor.content.waitFor()
    await goTo(page, '.cm-content')
    await page.keyboard.type('SELECT session_user')
    await page.keyboard.press('ControlOrMeta+Enter')
    await editor.cell(0, 0).getByText(person.userName).waitFor()

    await page.keyboard.press('F6')
    await goTo(page, '[data-result-grid]')
    // The editor keeps Tab for indenting; after Escape it lets it go.
    await page.keyboard.press('Shift+F6')
    expect(await editor.content.evaluate(hasFocus)).toBe(true)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    expect(await editor.content.evaluate(hasFocus)).toBe(false)
    expect(await findFocusProblems(page)).toEqual([])
    await page.context().close()
  })

  it.each([
    { name: 'the palette', keys: 'Control+k', dialog: 'Search or jump' },
    { name: 'the list of keys', keys: '?', dialog: 'Keyboard shortcuts' },
  ])('closes $name by Escape, and the focus is where it was before', async ({ keys, dialog }) => {
    const page = await chromium.openConsole({ person, path: '/settings/appearance' })
    const place = 'main a[href$="/settings/profile"]'
    await arriveAt(page, 'Appearance')
    await goTo(page, place)
    await page.keyboard.press(keys)
    const layer = page.getByRole('dialog', { name: dialog })
    await layer.waitFor()
    await page.locator('[role=dialog]:focus-within').waitFor()
    expect(await findFocusProblems(page)).toEqual([])
    await page.keyboard.press('Escape')
    await layer.waitFor({ state: 'detached' })
    await page.locator(`${place}:focus`).waitFor()
    expect(await findFocusProblems(page)).toEqual([])
    await page.context().close()
  })
})

interface Focusable {
  matches(selector: string): boolean
}

/** Both run in the page, whose `:focus` holds within shadow roots too; there one does not know the other. */
const hasFocus = (element: Focusable): boolean => element.matches(':focus')
const anyHasFocus = (elements: readonly Focusable[]): boolean =>
  elements.some((element) => element.matches(':focus'))
