/** Secrets that the console shows once: neither Back, nor reload, nor opening it anew shows them again (console-design §8, 38). */
import { randomUUID } from 'node:crypto'
import type { ScimServicePrincipal } from '@lakegate/client'
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium, visit } from '../stage/console-browser.ts'
import { KEPT_IN_BROWSER } from '../stage/kept-in-browser.ts'
import { createPerson } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

describeInChromium('a secret that was made in the console', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  let page: Page
  beforeAll(async () => {
    page = await chromium.openConsole({
      person: await createAdministrator(lakegate),
      path: '/settings/appearance',
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
    })
  })

  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).last().click()

  interface Kind {
    readonly path: () => Promise<string>
    readonly make: (page: Page) => Promise<void>
    readonly copy: string
    /** What Done asks. */
    readonly asks: string
    readonly stay: string
  }

  const KINDS: readonly (readonly [string, Kind])[] = [
    [
      'the secret of a service principal',
      {
        path: async () => {
          const { id } = await lakegate.admin.request<ScimServicePrincipal>(
            'POST',
            '/api/2.0/preview/scim/v2/ServicePrincipals',
            { displayName: `program ${randomUUID()}` },
          )
          return `/identity/service-principals/${id}`
        },
        async make(page) {
          await press(page, 'Generate secret')
          await page.getByRole('dialog').getByRole('button', { name: 'Generate secret' }).click()
        },
        copy: 'Copy secret',
        asks: 'Close without having copied the secret?',
        stay: 'Cancel',
      },
    ],
    [
      'a personal access token',
      {
        path: () => Promise.resolve('/settings/access-tokens'),
        async make(page) {
          await press(page, 'Generate new token')
          await page.getByLabel('Comment').fill('shown once')
          await press(page, 'Generate')
        },
        copy: 'Copy token',
        asks: 'The token was not copied, and it is never shown again.',
        stay: 'Go back',
      },
    ],
    [
      'a sign-in link',
      {
        path: async () => `/identity/users/${(await createPerson(lakegate, 'Who is invited')).id}`,
        async make(page) {
          await page
            .getByRole('button', { name: /^More actions for/ })
            .first()
            .click()
          await page.getByRole('menuitem', { name: 'New sign-in link' }).click()
          await press(page, 'Make link')
        },
        copy: 'Copy link',
        asks: 'The link was not copied, and it is never shown again.',
        stay: 'Go back',
      },
    ],
  ]

  it.each(KINDS)(
    '38: %s is shown once: not again by Back, by reload or by opening it anew; Done without a copy asks',
    async (_what, { path, make, copy, asks, stay }) => {
      const at = await path()
      await visit(page, at)
      await make(page)
      await press(page, 'Done')
      await page.getByText(asks).waitFor()
      await press(page, stay)
      await press(page, copy)
      const secret = await page.evaluate<string>('navigator.clipboard.readText()')
      expect(secret.length).toBeGreaterThan(20)
      await press(page, 'Done')
      await page.getByRole('button', { name: copy }).waitFor({ state: 'detached' })
      const isNowhere = async () => {
        await page.getByRole('heading', { level: 1 }).first().waitFor()
        expect(await page.content()).not.toContain(secret)
        expect(await page.getByRole('button', { name: copy }).count()).toBe(0)
        expect(await page.evaluate<string>(KEPT_IN_BROWSER)).not.toContain(secret)
        expect(
          await page.evaluate<string>('location.href + document.title + JSON.stringify(history.state)'),
        ).not.toContain(secret)
      }
      await isNowhere()
      await page.getByRole('link', { name: 'Compute', exact: true }).first().click()
      await page.getByRole('heading', { name: 'Database instances' }).waitFor()
      await page.goBack()
      await page.waitForURL(`**/console${at}`)
      await isNowhere()
      await page.reload()
      await isNowhere()
      await page.goto(`/console${at}`)
      await isNowhere()
    },
  )
})
