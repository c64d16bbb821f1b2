/** The sign-in ends while somebody works (acceptance 14, design 5.15). */
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
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
    page = await chromium.openConsole({ person: ada, path: '/settings/appearance' })
  })

  /** A form that is half filled when the sign-in ends, and is then sent. */
  async function sendTooLate(comment: string): Promise<Page> {
    const page = await chromium.openConsole({ person: ada, path: '/settings/access-tokens' })
    await page.getByRole('button', { name: 'Generate new token' }).click()
    await page.getByLabel('Comment').fill(comment)
    await chromium.endSession(page.context())
    await page.getByRole('button', { name: 'Generate', exact: true }).click()
    await page.getByRole('dialog', { name: 'Your sign-in ended' }).waitFor()
    return page
  }

  const tokensOf = (page: Page) => page.getByRole('grid', { name: 'Access tokens' })

  it('is said over the page, and nothing says «permission denied»', async () => {
    const page = await sendTooLate('half filled')
    expect(await page.getByText('You may not see this.').count()).toBe(0)
    // Escape does not throw the page away.
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog', { name: 'Your sign-in ended' }).count()).toBe(1)
    await page.context().close()
  })

  it('signing in again leaves the form as it was, and the change is made when the person says so', async () => {
    const page = await sendTooLate('sent again')
    await chromium.signIn(page.context(), ada)
    await page.getByRole('dialog', { name: 'You are signed in again' }).waitFor()
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('Token created. Copy it now').waitFor()
    await page.context().close()
  })

  it('a change that is not sent again is not made, and the form is still filled', async () => {
    const page = await sendTooLate('not sent')
    await chromium.signIn(page.context(), ada)
    await page.getByRole('button', { name: 'Do not send' }).click()
    await page.getByRole('alert').getByText('nothing was changed').waitFor()
    expect(await page.getByLabel('Comment').inputValue()).toBe('not sent')
    await page.goto('/console/settings/access-tokens')
    await page.getByRole('heading', { name: 'Access tokens' }).waitFor()
    expect(await tokensOf(page).getByText('not sent').count()).toBe(0)
    await page.context().close()
  })

  it('a question is asked again by itself once somebody is signed in', async () => {
    const page = await chromium.openConsole({ person: ada, path: '/settings/appearance' })
    await chromium.endSession(page.context())
    await page.getByRole('link', { name: 'Sessions', exact: true }).click()
    await page.getByRole('dialog', { name: 'Your sign-in ended' }).waitFor()
    await chromium.signIn(page.context(), ada)
    await page.getByText('This browser').waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.context().close()
  })

  it('the window of the sign-in closes itself, and the page goes on', async () => {
    const page = await chromium.openConsole({ person: ada, path: '/settings/appearance' })
    await chromium.endSession(page.context())
    await page.getByRole('link', { name: 'Sessions', exact: true }).click()
    const opened = page.context().waitForEvent('page')
    await page.getByRole('button', { name: 'Sign in' }).click()
    const popup = await opened
    // This browser is still signed in at the sign-in pages: it passes them without a question.
    if (!popup.isClosed()) await popup.waitForEvent('close')
    await page.getByText('This browser').waitFor()
    await page.context().close()
  })

  it('is announced five minutes before, with the time', async () => {
    const page = await chromium.openConsole({
      person: ada,
      path: '/settings/profile',
      prepare: (context) =>
        context.route('**/console/api/session', async (route) => {
          const answer = await route.fetch()
          const session = (await answer.json()) as object
          const soon = new Date(Date.now() + 4 * 60_000).toISOString()
          await route.fulfill({ response: answer, json: { ...session, end_time: soon } })
        }),
    })
    await page.getByText(/Your sign-in ends at \d\d:\d\d\./).waitFor()
    await page.context().close()
  })
})
