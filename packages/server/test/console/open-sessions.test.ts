/** Who is inside an instance, and the end of it, as people click it (console-design.md §5.6; §8 point 37). */
import { randomUUID } from 'node:crypto'
import type { ScimGroup } from '@lakegate/client'
import type { Page } from 'playwright-core'
import { afterEach, beforeAll, expect, it } from 'vitest'
import {
  consoleBrowser,
  createAdministrator,
  describeInChromium,
  type OpenConsole,
} from '../stage/console-browser.ts'
import { keepPage } from '../stage/kept-page.ts'
import type { Person } from '../stage/person.ts'
import { createServicePrincipal, mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { openWatchedSession } from '../stage/watched-session.ts'

const SCIM = '/api/2.0/preview/scim/v2'

describeInChromium('Sessions of an instance', () => {
  const lakegate = sharedLakegate()
  const { admin, ready } = lakegate
  const { name } = ready.instance
  const path = `/compute/instances/${name}/sessions`
  const chromium = consoleBrowser(lakegate)
  const opened = new Set<Page>()
  const pages: Page[] = []
  let manager: Person

  const go = keepPage((to) => chromium.openConsole({ person: manager, path: to }))
  const open = async () => {
    const page = await go(path)
    opened.add(page)
    return page
  }
  /** Beside the one that is kept, or unlike it; it goes with the test. */
  const openOwn = async (options: Omit<OpenConsole, 'person'> = {}) => {
    const page = await chromium.openConsole({ person: manager, path, ...options })
    opened.add(page)
    pages.push(page)
    return page
  }
  const rowOf = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text })
  const dialog = (page: Page) => page.getByRole('alertdialog')

  /** A session as the role of a group, by somebody who is in a group in it. */
  async function openGroupSession() {
    const createGroup = (members: readonly string[]) =>
      admin.request<ScimGroup>('POST', `${SCIM}/Groups`, {
        displayName: `Group ${randomUUID().slice(0, 8)}`,
        members: members.map((value) => ({ value })),
      })
    const principal = await createServicePrincipal(lakegate, 'Who is behind it')
    const inner = await createGroup([principal.id])
    const group = await createGroup([inner.id])
    await admin.request('POST', `/api/2.0/database/instances/${name}/roles`, {
      name: group.displayName,
      identity_type: 'GROUP',
    })
    const session = await openWatchedSession(lakegate, {
      user: group.displayName,
      password: await mintCredential(principal.http, name),
    })
    return { principal, inner, group, session }
  }

  beforeAll(async () => {
    manager = await createAdministrator(lakegate, { displayName: 'Who manages' })
  })
  afterEach(async () => {
    for (const page of opened) {
      const { violations, errors } = chromium.complaintsOf(page)
      // Taken out: the next test has the same page.
      expect({ violations: violations.splice(0), errors: errors.splice(0) }).toEqual({
        violations: [],
        errors: [],
      })
    }
    opened.clear()
    for (const page of pages.splice(0)) await page.context().close()
  })

  it('shows the person behind a group and the path, and ends the session for all who look at it', async () => {
    const { principal, inner, group, session } = await openGroupSession()
    const [page, other] = [await open(), await openOwn()]
    const row = rowOf(page, group.displayName)
    await row.getByText(principal.applicationId).waitFor()
    await row.getByText(`through ${inner.displayName} › ${group.displayName}`).waitFor()
    await rowOf(other, group.displayName).waitFor()
    await row.getByRole('button', { name: /^More actions for/ }).click()
    await page.getByRole('menuitem', { name: 'End session' }).click()
    await dialog(page)
      .getByText(`End the session of ${principal.applicationId} as ${group.displayName} (pid`)
      .waitFor()
    await dialog(page).getByRole('button', { name: 'End session' }).click()
    await Promise.all(
      [page, other].map((one) => rowOf(one, group.displayName).waitFor({ state: 'detached' })),
    )
    expect(await session.farewell).toMatchObject({ code: '57P01' })
  })

  it('ends those that were chosen, and only those', async () => {
    const [one, two, stays] = [await openGroupSession(), await openGroupSession(), await openGroupSession()]
    const page = await open()
    for (const { group } of [one, two])
      await rowOf(page, group.displayName)
        .getByRole('checkbox', { name: /^Select/ })
        .check({ force: true })
    await page.getByRole('button', { name: 'End selected' }).click()
    await dialog(page).getByText('End 2 sessions?').waitFor()
    await dialog(page).getByRole('button', { name: 'End selected' }).click()
    for (const { group } of [one, two]) await rowOf(page, group.displayName).waitFor({ state: 'detached' })
    expect(await one.session.farewell).toMatchObject({ code: '57P01' })
    expect(await two.session.farewell).toMatchObject({ code: '57P01' })
    expect(await rowOf(page, stays.group.displayName).count()).toBe(1)
    await stays.session.client.end()
  })

  it('leaves the rows where they are while somebody is among them, and shows nothing new while it is paused', async () => {
    const first = await openGroupSession()
    const page = await open()
    await rowOf(page, first.group.displayName).waitFor()
    // Other files open and end sessions meanwhile: those of groups that stay are what keeps its place. Before the role, which
    // is the group, a row has the path to it.
    const groups = async () =>
      (await page.getByRole('row').allInnerTexts()).flatMap(
        (text) => text.match(/Group [0-9a-f]{8}/g)?.slice(-1) ?? [],
      )
    await page.mouse.move(0, 0)
    await rowOf(page, first.group.displayName).hover()
    await page.getByText('The order stays while you are in the list.').waitFor()
    const before = await groups()
    const second = await openGroupSession()
    await rowOf(page, second.group.displayName).waitFor()
    const after = await groups()
    const stayed = before.filter((group) => after.includes(group))
    expect(stayed).toContain(first.group.displayName)
    expect(after.slice(0, stayed.length)).toEqual(stayed)
    expect(after.indexOf(second.group.displayName)).toBeGreaterThanOrEqual(stayed.length)
    await page.mouse.move(0, 0)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText(/^Paused at/).waitFor()
    const third = await openGroupSession()
    const fresh = await openOwn()
    await rowOf(fresh, third.group.displayName).waitFor()
    expect(await rowOf(page, third.group.displayName).count()).toBe(0)
    await page.getByRole('button', { name: 'Resume' }).click()
    await rowOf(page, third.group.displayName).waitFor()
    for (const { session } of [first, second, third]) await session.client.end()
  })

  it('says that a gateway kept silent, instead of leaving its sessions out unsaid', async () => {
    const page = await openOwn({
      // What a gateway that does not answer in time makes of the answer (test/gateway tests that it does).
      prepare: async (context) => {
        await context.route('**/console/api/2.0/lakegate/instances/*/sessions', (route) =>
          route.fulfill({ json: { sessions: [], silent_gateways: 1 } }),
        )
      },
    })
    await page
      .getByRole('alert')
      .getByText('1 gateway did not answer: its sessions are not in this list.')
      .waitFor()
  })

  it('is a list of cards on a phone, where a session is ended by a few touches', async () => {
    const { group, session } = await openGroupSession()
    const page = await openOwn({
      context: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
    })
    const card = page.getByRole('listitem').filter({ hasText: group.displayName })
    await card.getByRole('button', { name: /^More actions for/ }).tap()
    await page.getByRole('menuitem', { name: 'End session' }).tap()
    await dialog(page).getByRole('button', { name: 'End session' }).tap()
    await card.waitFor({ state: 'detached' })
    expect(await session.farewell).toMatchObject({ code: '57P01' })
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  })
})
