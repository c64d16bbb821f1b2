/**
 * What somebody on call does with one thumb, from the page behind the sign-in, each in under eight taps (console-design §8,
 * point 40; §7.2).
 */
import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium, visit } from '../stage/console-browser.ts'
import { addRole, waitForState } from '../stage/console-instances.ts'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import type { Person } from '../stage/person.ts'
import { mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { sqlEditorOf } from '../stage/sql-editor.ts'
import { openWatchedSession } from '../stage/watched-session.ts'

const MOST_TAPS = 7

describeInChromium('on a phone of 360 × 740, from the sign-in', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  let ada: Person
  let instance: NativeInstance
  let page: Page
  let taps: number

  beforeAll(async () => {
    ada = await createAdministrator(lakegate)
    instance = await createNativeInstance(lakegate)
    await addRole(lakegate, instance.name, ada.userName)
    page = await chromium.openConsole({
      person: ada,
      path: '',
      context: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
    })
  })
  // Where the sign-in leads.
  beforeEach(async () => {
    taps = 0
    await visit(page, '')
  })
  afterAll(() => instance.remove())
  afterEach(async () => {
    expect(taps).toBeLessThanOrEqual(MOST_TAPS)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  })

  const tap = async (what: Locator) => {
    await what.tap()
    taps += 1
  }
  const button = (name: string | RegExp) =>
    page.getByRole('button', { name, exact: typeof name === 'string' })
  const link = (name: string) => page.getByRole('link', { name, exact: true })

  it('40: a token is made and shown', async () => {
    await tap(link(instance.name))
    await tap(button('Get OAuth Token'))
    await tap(button('Show'))
    expect(await page.getByLabel('OAuth token', { exact: true }).textContent()).toMatch(
      /^ey[^.]+\.[^.]+\.[^.]+$/,
    )
  })

  it('40: a query is run', async () => {
    await tap(link(instance.name))
    await tap(link('New Query'))
    const editor = sqlEditorOf(page)
    await tap(editor.content)
    await page.keyboard.insertText('SELECT session_user')
    expect(await editor.text()).toBe('SELECT session_user')
    await tap(button(/^Run(?! all)/))
    await editor.cell(0, 0).waitFor()
    expect(await editor.cell(0, 0).textContent()).toBe(ada.userName)
  })

  it('40: a session is ended', async () => {
    const session = await openWatchedSession(lakegate, {
      user: lakegate.ready.admin_user,
      password: await mintCredential(lakegate.admin, instance.name),
      instance,
    })
    await tap(link(instance.name))
    await tap(
      link('Sessions')
        .or(page.getByRole('link', { name: /^Sessions/ }))
        .first(),
    )
    // What is asked again when the connection for hints opens has come: an open menu would close with it.
    await page.locator('[data-live=live]').first().waitFor({ state: 'attached' })
    const card = page.getByRole('listitem').filter({ hasText: lakegate.ready.admin_user })
    await tap(card.getByRole('button', { name: /^More actions for/ }).first())
    await tap(page.getByRole('menuitem', { name: 'End session' }))
    await tap(page.getByRole('alertdialog').getByRole('button', { name: 'End session' }))
    expect(await session.farewell).toMatchObject({ code: '57P01' })
  })

  it('40: an instance is stopped', async () => {
    await tap(link(instance.name))
    await tap(button('Stop'))
    await tap(button(`Stop ${instance.name}`))
    await page.getByText('Stopped', { exact: true }).first().waitFor()
    expect((await waitForState(lakegate, instance.name, 'STOPPED')).effective_stopped).toBe(true)
  })
})
