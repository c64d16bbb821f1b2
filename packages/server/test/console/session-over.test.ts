/** The sign-in ends while somebody works (acceptance 14, design 5.15). */
import type { Page } from 'playwright-core'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { consoleBrowser, describeInChromium, visit } from '../stage/console-browser.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

describeInChromium('a sign-in that ended (skipped where no Chromium is installed)', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  let ada: Person
  let page: Page
  beforeAll(async () => {
    ada = await createPerson(lakegate)
    page = await (await chromium.openContext({ person: ada })).newPage()
  })
  // Whatever the test before has left.
  beforeEach(async () => {
    await chromium.signIn(page.context(), ada)
    await page.goto('/console/settings/appearance')
    await page.getByRole('heading', { level: 1 }).waitFor()
  })

  /** A form that is half filled when the sign-in ends, and is then sent. */
  async function sendTooLate(comment: string): Promise<void> {
    await visit(page, '/settings/access-tokens')
    await page.getByRole('button', { name: 'Generate new token' }).click()
    await page.getByLabel('Comment').fill(comment)
    await chromium.endSession(page.context())
    await page.getByRole('button', { name: 'Generate', exact: true }).click()
    await page.getByRole('dialog', { name: 'Your sign-in ended' }).waitFor()
  }

  const tokensOf = () => page.getByRole('grid', { name: 'Access tokens' })

  it('is said over the page, and nothing says «permission denied»', async () => {
    await sendTooLate('half filled')
    expect(await page.getByText('You may not see this.').count()).toBe(0)
    // Escape does not throw the page away.
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog', { name: 'Your sign-in ended' }).count()).toBe(1)
  })

  it('signing in again leaves the form as it was, and the change is made when the person says so', async () => {
    await sendTooLate('sent again')
    await chromium.signIn(page.context(), ada)
    await page.getByRole('dialog', { name: 'You are signed in again' }).waitFor()
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('Token created. Copy it now').waitFor()
  })

  it('a change that is not sent again is not made, and the form is still filled', async () => {
    await sendTooLate('not sent')
    await chromium.signIn(page.context(), ada)
    await page.getByRole('button', { name: 'Do not send' }).click()
    await page.getByRole('alert').getByText('nothing was changed').waitFor()
    expect(await page.getByLabel('Comment').inputValue()).toBe('not sent')
    await page.goto('/console/settings/access-tokens')
    await page.getByRole('heading', { name: 'Access tokens' }).waitFor()
    expect(await tokensOf().getByText('not sent').count()).toBe(0)
  })

  it('a question is asked again by itself once somebody is signed in', async () => {
    await chromium.endSession(page.context())
    await page.getByRole('link', { name: 'Sessions', exact: true }).click()
    await page.getByRole('dialog', { name: 'Your sign-in ended' }).waitFor()
    await chromium.signIn(page.context(), ada)
    await page.getByText('This browser').waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  it('the window of the sign-in closes itself, and the page goes on', async () => {
    await chromium.endSession(page.context())
    await page.getByRole('link', { name: 'Sessions', exact: true }).click()
    const opened = page.context().waitForEvent('page')
    await page.getByRole('button', { name: 'Sign in' }).click()
    const popup = await opened
    // This browser is still signed in at the sign-in pages: it passes them without a question.
    if (!popup.isClosed()) await popup.waitForEvent('close')
    await page.getByText('This browser').waitFor()
  })

  it('is announced five minutes before, with the time', async () => {
    await page.route('**/console/api/session', async (route) => {
      const answer = await route.fetch()
      const session = (await answer.json()) as object
      const soon = new Date(Date.now() + 4 * 60_000).toISOString()
      await route.fulfill({ response: answer, json: { ...session, end_time: soon } })
    })
    await page.reload()
    await page.getByText(/Your sign-in ends at \d\d:\d\d\./).waitFor()
  })
})
