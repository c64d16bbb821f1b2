/** What holds for every page of the console (acceptance 5, 6, 7, 10). The list of pages comes from its own router. */
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import type { Person } from '../stage/person.ts'
import {
  findBarriers,
  findCutTexts,
  findSidewaysScrolling,
  findSmallTargets,
  findTimesWithoutZone,
  settle,
} from '../stage/page-checks.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { listRoutes, makeRouteParams } from './route-params.ts'

/** Pages at a time: more gain nothing on two cores. */
const AT_ONCE = 4
const PATIENCE = 300_000

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'none'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

/** Longer by two fifths, and marked: the hardest for every width. */
const PSEUDO_LOCALE = `if (location.protocol !== 'about:') localStorage.setItem('lakegate-locale', 'en-XA')`

/** What was found, by check and page; a page where nothing was found is not there. */
type Found = Record<string, Record<string, readonly string[]>>

describeInChromium('every page of the console (skipped where no Chromium is installed)', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  let admin: Person
  let routes: readonly string[]
  let byMouse: Found
  let byTouch: Found

  beforeAll(async () => {
    admin = await createAdministrator(lakegate, { ofAccount: true })
    const params = await makeRouteParams(lakegate)
    const page = await chromium.openConsole({ person: admin })
    routes = await listRoutes(page, params)
    await page.context().close()
    byMouse = await visitAll({}, async (page) => {
      const smallTargets = await findSmallTargets(page, 24)
      const barriers = await findBarriers(page)
      await page.emulateMedia({ colorScheme: 'dark' })
      const barriersInDark = await findBarriers(page)
      const cutTexts = await findCutTexts(page)
      const timesWithoutZone = await findTimesWithoutZone(page)
      // What a window of 1280 px is at 200 %.
      await page.setViewportSize({ width: 640, height: 400 })
      const sidewaysScrolling = await findSidewaysScrolling(page)
      return {
        ...chromium.complaintsOf(page),
        ...{ smallTargets, barriers, barriersInDark, cutTexts, timesWithoutZone, sidewaysScrolling },
      }
    })
    const phone = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true }
    byTouch = await visitAll(phone, async (page) => ({
      smallTargets: await findSmallTargets(page, 44),
      sidewaysScrolling: await findSidewaysScrolling(page),
      cutTexts: await findCutTexts(page),
    }))
  }, PATIENCE)

  async function visitAll(
    context: BrowserContextOptions,
    look: (page: Page) => Promise<Record<string, readonly string[]>>,
  ): Promise<Found> {
    const prepare = (made: BrowserContext) => made.addInitScript({ content: PSEUDO_LOCALE })
    const opened = await chromium.openContext({ person: admin, context, prepare })
    const waiting = [...routes]
    const found: Found = {}
    const visit = async () => {
      for (let route = waiting.shift(); route !== undefined; route = waiting.shift()) {
        const page = await opened.newPage()
        await page.goto(`/console${route}`)
        await settle(page)
        for (const [check, problems] of Object.entries(await look(page)))
          if (problems.length > 0) (found[check] ??= {})[route] = problems
        await page.close()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, visit))
    await opened.close()
    return found
  }

  it('is found by the router of the console', () => {
    expect(routes).toContain('/compute/instances')
    expect(routes).toContain('/help/refusals/not_a_member')
  })

  it('is served with exactly the policy of the design', async () => {
    const answer = await fetch(`${lakegate.ready.http_url}/console/compute/instances`)
    expect(answer.headers.get('content-security-policy')).toBe(POLICY)
  })

  it('violates nothing of that policy, and its scripts have no errors', () => {
    expect.soft(byMouse['violations'] ?? {}).toEqual({})
    expect.soft(byMouse['errors'] ?? {}).toEqual({})
  })

  it('has no barrier that axe finds, in light and in dark', () => {
    expect.soft(byMouse['barriers'] ?? {}).toEqual({})
    expect.soft(byMouse['barriersInDark'] ?? {}).toEqual({})
  })

  it('needs no sideways scrolling at 200 % and at 320 px', () => {
    expect.soft(byMouse['sidewaysScrolling'] ?? {}).toEqual({})
    expect.soft(byTouch['sidewaysScrolling'] ?? {}).toEqual({})
  })

  it('has no target under 24 px by mouse, and none under 44 px by touch', () => {
    expect.soft(byMouse['smallTargets'] ?? {}).toEqual({})
    expect.soft(byTouch['smallTargets'] ?? {}).toEqual({})
  })

  it('cuts no text that is longer by two fifths, and writes times with their zone', () => {
    expect.soft(byMouse['cutTexts'] ?? {}).toEqual({})
    expect.soft(byTouch['cutTexts'] ?? {}).toEqual({})
    expect.soft(byMouse['timesWithoutZone'] ?? {}).toEqual({})
  })
})
