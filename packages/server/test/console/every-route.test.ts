/** What holds for every page of the console (acceptance 5, 6, 7, 10). The list of pages comes from its own router. */
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium, visit } from '../stage/console-browser.ts'
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
import { listRoutes, makeRouteParams, type RouteParams } from './route-params.ts'

/** As Playwright opens it. */
const WINDOW = { width: 1280, height: 720 }
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
  let found: Found

  beforeAll(async () => {
    admin = await createAdministrator(lakegate, { ofAccount: true })
    const params = await makeRouteParams(lakegate)
    found = await visitAll(params, async (page, devtools) => {
      const smallTargets = await findSmallTargets(page, 24)
      const barriers = await findBarriers(page)
      await page.emulateMedia({ colorScheme: 'dark' })
      // The theme changes colours and nothing else.
      const barriersInDark = await findBarriers(page, ['color-contrast'])
      const cutTexts = await findCutTexts(page)
      const timesWithoutZone = await findTimesWithoutZone(page)
      // What a window of 1280 px is at 200 %.
      await page.setViewportSize({ width: 640, height: 400 })
      const sidewaysScrolling = await findSidewaysScrolling(page)
      await turnIntoPhone(page, devtools)
      return {
        ...{ smallTargets, barriers, barriersInDark, cutTexts, timesWithoutZone, sidewaysScrolling },
        smallTargetsOnPhone: await findSmallTargets(page, 44),
        sidewaysScrollingOnPhone: await findSidewaysScrolling(page),
        cutTextsOnPhone: await findCutTexts(page),
      }
    })
  }, PATIENCE)

  /** One after the other in the same pages, as by links: only the first of each loads the console. */
  async function visitAll(
    params: RouteParams,
    look: (page: Page, devtools: CDPSession) => Promise<Record<string, readonly string[]>>,
  ): Promise<Found> {
    const prepare = (made: BrowserContext) => made.addInitScript({ content: PSEUDO_LOCALE })
    const opened = await chromium.openContext({ person: admin, prepare })
    // More gain nothing on two cores.
    const pages = [await opened.newPage(), await opened.newPage()] as const
    for (const page of pages) {
      await page.goto('/console/settings/appearance')
      await settle(page)
    }
    routes = await listRoutes(pages[0], params)
    const waiting = [...routes]
    const all: Found = {}
    const visitMany = async (page: Page) => {
      const devtools = await opened.newCDPSession(page)
      // Of the pages before.
      let told = { violations: 0, errors: 0 }
      for (let route = waiting.shift(); route !== undefined; route = waiting.shift()) {
        await visit(page, route)
        await settle(page)
        const looked = await look(page, devtools)
        const { violations, errors } = chromium.complaintsOf(page)
        const complaints = {
          violations: violations.slice(told.violations),
          errors: errors.slice(told.errors),
        }
        told = { violations: violations.length, errors: errors.length }
        for (const [check, problems] of Object.entries({ ...looked, ...complaints }))
          if (problems.length > 0) (all[check] ??= {})[route] = problems
        await turnIntoWindow(page, devtools)
      }
    }
    await Promise.all(pages.map(visitMany))
    await opened.close()
    return all
  }

  /** The same page with a finger in place of the mouse: a second load of all pages would take as long as the first. */
  async function turnIntoPhone(page: Page, devtools: CDPSession): Promise<void> {
    await setTouch(devtools, true)
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await page.evaluate(`matchMedia('(pointer: coarse)').matches`)).toBe(true)
    await settle(page)
  }

  async function turnIntoWindow(page: Page, devtools: CDPSession): Promise<void> {
    await setTouch(devtools, false)
    await page.setViewportSize(WINDOW)
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await page.evaluate(`matchMedia('(pointer: coarse)').matches`)).toBe(false)
  }

  const setTouch = (devtools: CDPSession, enabled: boolean) =>
    devtools.send('Emulation.setTouchEmulationEnabled', { enabled, maxTouchPoints: 1 })

  it('is found by the router of the console', () => {
    expect(routes).toContain('/compute/instances')
    expect(routes).toContain('/help/refusals/not_a_member')
  })

  it('is served with exactly the policy of the design', async () => {
    const answer = await fetch(`${lakegate.ready.http_url}/console/compute/instances`)
    expect(answer.headers.get('content-security-policy')).toBe(POLICY)
  })

  it('violates nothing of that policy, and its scripts have no errors', () => {
    expect.soft(found['violations'] ?? {}).toEqual({})
    expect.soft(found['errors'] ?? {}).toEqual({})
  })

  it('has no barrier that axe finds, in light and in dark', () => {
    expect.soft(found['barriers'] ?? {}).toEqual({})
    expect.soft(found['barriersInDark'] ?? {}).toEqual({})
  })

  it('needs no sideways scrolling at 200 % and at 320 px', () => {
    expect.soft(found['sidewaysScrolling'] ?? {}).toEqual({})
    expect.soft(found['sidewaysScrollingOnPhone'] ?? {}).toEqual({})
  })

  it('has no target under 24 px by mouse, and none under 44 px by touch', () => {
    expect.soft(found['smallTargets'] ?? {}).toEqual({})
    expect.soft(found['smallTargetsOnPhone'] ?? {}).toEqual({})
  })

  it('cuts no text that is longer by two fifths, and writes times with their zone', () => {
    expect.soft(found['cutTexts'] ?? {}).toEqual({})
    expect.soft(found['cutTextsOnPhone'] ?? {}).toEqual({})
    expect.soft(found['timesWithoutZone'] ?? {}).toEqual({})
  })
})
