/** The frame of the console, in a real browser: places, keys, palette, the vendor's addresses. */
import { beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import type { Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

describeInChromium('the shell of the console (skipped where no Chromium is installed)', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  let admin: Person
  beforeAll(async () => {
    admin = await createAdministrator(lakegate)
  })

  it('a signed-in person sees the instances, and the page complains of nothing', async () => {
    const page = await chromium.openConsole({ person: admin })
    await page.getByRole('link', { name: 'dev', exact: true }).waitFor()
    expect(chromium.complaintsOf(page)).toEqual({ violations: [], errors: [] })
    await page.context().close()
  })
})
