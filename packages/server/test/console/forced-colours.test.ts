/** Colours that the person's system forces (Windows high contrast): what is marked by a colour has another mark then. */
import { expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

describeInChromium('with the colours of the system', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)

  it.each(['light', 'dark'] as const)(
    '%s, one sees which tab is open and what is switched on',
    async (theme) => {
      const page = await chromium.openConsole({
        person: await createAdministrator(lakegate),
        path: `/compute/instances/${lakegate.ready.instance.name}`,
        context: { forcedColors: 'active', colorScheme: theme },
      })
      const tabs = page.getByRole('main').locator('nav a[data-label]')
      await tabs.nth(3).waitFor()
      const lines = await page.evaluate<string[]>(
        `[...document.querySelectorAll('main nav a[data-label]')].map((link) => getComputedStyle(link).borderBottomColor)`,
      )
      const [open, ...others] = lines
      expect(new Set(others).size).toBe(1)
      expect(others).not.toContain(open)
      await page.getByRole('switch', { name: 'Enable Postgres Native Role Login' }).waitFor()
      const [track, thumb] = await page.evaluate<string[]>(`(() => {
      const drawn = document.querySelector('label:has([role=switch]) [class*=track]')
      return [getComputedStyle(drawn).backgroundColor, getComputedStyle(drawn, '::before').backgroundColor]
    })()`)
      expect(thumb).not.toBe(track)
      await page.context().close()
    },
  )
})
