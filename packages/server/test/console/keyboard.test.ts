/** The console without a mouse, from the first page that a browser without a session gets (console-design §8, point 8). */
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAdministrator, describeInChromium, executable } from '../stage/console-browser.ts'
import { addRole } from '../stage/console-instances.ts'
import type { Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { sqlEditorOf } from '../stage/sql-editor.ts'

interface Stop {
  readonly name: string
  /** Focus is on the page itself: it was lost. */
  readonly isLost: boolean
  /** An outline, a border or a shadow tells where it is. */
  readonly isSeen: boolean
}

/** Through shadow roots, as the editor is in one. */
const STOP = `(() => {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  const isLost = element === null || element === document.body
  if (isLost) return { name: 'body', isLost, isSeen: false }
  const marked = (one) => {
    const style = getComputedStyle(one)
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'
  }
  // A field is marked by the frame around it, a radio button or a switch by its label; text by its caret.
  const isText = element.matches('input, textarea, [contenteditable=true], main, h1')
  const around = [element, element.parentElement, element.closest('label'), element.nextElementSibling]
  const name = (element.getAttribute('aria-label') ?? element.innerText ?? element.id).trim().slice(0, 60)
  return { name, isLost, isSeen: isText || around.some((one) => one !== null && marked(one)) }
})()`

describeInChromium('the keyboard alone', () => {
  const lakegate = sharedLakegate()
  const { name } = lakegate.ready.instance
  let browser: Browser
  let ada: Person
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] })
    ada = await createAdministrator(lakegate)
    await addRole(lakegate, name, ada.userName)
  })
  afterAll(() => browser.close())

  /** Presses Tab until something is reached; each stop on the way must be one, and be seen. */
  async function tabTo(page: Page, wanted: RegExp): Promise<void> {
    const passed: string[] = []
    for (let presses = 0; presses < 80; presses += 1) {
      await page.keyboard.press('Tab')
      const stop = await page.evaluate<Stop>(STOP)
      // Behind the last stop the browser's own bars have their turn, which the page sees as none.
      if (stop.isLost) {
        passed.push('(the browser)')
        continue
      }
      expect(stop.isSeen, `focus on ${stop.name}`).toBe(true)
      if (wanted.test(stop.name)) return
      passed.push(stop.name)
    }
    throw new Error(`${String(wanted)} was not reached: ${passed.join(' | ')}`)
  }
  const focused = async (page: Page) => page.evaluate<Stop>(STOP)

  it('8: leads from the sign-in to the result of a query, with the focus in sight at each stop, and back after a dialog', async () => {
    const context = await browser.newContext({ baseURL: lakegate.ready.http_url })
    const page = await context.newPage()
    await page.goto('/console/compute/instances')
    await page.locator('input[name=user_name]').waitFor()
    if ((await page.evaluate('document.activeElement.name')) !== 'user_name') await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.name')).toBe('user_name')
    await page.keyboard.type(ada.userName)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.name')).toBe('password')
    await page.keyboard.type(ada.password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Database instances' }).waitFor()

    await tabTo(page, new RegExp(`^${name}\\s`))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name, exact: true }).waitFor()
    await page.getByRole('button', { name: 'Stop', exact: true }).waitFor()
    await expect.poll(async () => (await focused(page)).name).toBe(name)
    await tabTo(page, /^Stop$/)
    await page.keyboard.press('Enter')
    await page.getByRole('alertdialog').waitFor()
    await expect.poll(async () => (await focused(page)).name).toBe('Cancel')
    await page.keyboard.press('Escape')
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    await expect.poll(async () => (await focused(page)).name).toBe('Stop')

    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Shift+Tab')
    expect((await focused(page)).name).toBe('New Query')
    await page.keyboard.press('Enter')
    const editor = sqlEditorOf(page)
    await editor.content.waitFor()
    await tabTo(page, /^SQL text/)
    await page.keyboard.type('SELECT session_user')
    await page.keyboard.press('Control+Enter')
    await editor.cell(0, 0).waitFor()
    expect(await editor.cell(0, 0).textContent()).toBe(ada.userName)
    await page.keyboard.press('F6')
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("role")')).toBe('grid')
    expect((await focused(page)).isSeen).toBe(true)
    await context.close()
  })
})
