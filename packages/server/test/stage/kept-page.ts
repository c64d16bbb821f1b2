/**
 * One page for several tests of one person: a context with its sign-in and its first load costs more processor time than most
 * of what a test does with it.
 */
import type { Page } from 'playwright-core'
import { afterEach } from 'vitest'

/** A place that asks nothing of the server; from here every page begins as new, whatever was shown before. */
const BETWEEN = { path: '/console/help/shortcuts', heading: 'Keyboard shortcuts' }

/**
 * Call it within `describe`. Behind a test that failed there is a new page, because nobody knows what it left open.
 * @param open a page of its own at a path below /console
 * @returns goes there by the page that is kept, as a link does
 */
export function keepPage(open: (path: string) => Promise<Page>): (path: string) => Promise<Page> {
  const { page, keep } = keepUntilFailure()
  return async (path) => {
    const kept = page()
    if (kept === undefined) return keep(await open(path))
    const between = kept.getByRole('heading', { level: 1, name: BETWEEN.heading, exact: true })
    await goWithin(kept, BETWEEN.path)
    await between.waitFor()
    await goWithin(kept, `/console${path}`)
    await between.waitFor({ state: 'detached' })
    await kept.getByRole('heading', { level: 1 }).first().waitFor()
    return kept
  }
}

/**
 * As `keepPage`, but every page is loaded anew: for what the console would go on showing from its cache, because the test
 * changes it behind its back.
 */
export function keepContext(open: (path: string) => Promise<Page>): (path: string) => Promise<Page> {
  const { page, keep } = keepUntilFailure()
  return async (path) => {
    const kept = page()
    if (kept === undefined) return keep(await open(path))
    await kept.goto(`/console${path}`)
    await kept.getByRole('heading', { level: 1 }).first().waitFor()
    return kept
  }
}

/** What was kept is closed and forgotten behind a test that failed. */
export function keepUntilFailure(): {
  readonly page: () => Page | undefined
  readonly keep: (page: Page) => Page
} {
  let kept: Page | undefined
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    await kept?.context().close()
    kept = undefined
  })
  return {
    page: () => kept,
    keep(page) {
      kept = page
      return page
    },
  }
}

/** Without a load; the router of the console follows. */
export const goWithin = (page: Page, address: string): Promise<unknown> =>
  page.evaluate(`history.pushState({}, '', ${JSON.stringify(address)})`)
