/** What holds for every page of the console: looked at from outside, whatever the page is about. */
import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** Until the page has its heading and its data. The page of the kit shows the bars of one that loads for good. */
export async function settle(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.locator(':not([data-always-loading]) > [data-loading]').first().waitFor({ state: 'detached' })
}

interface AxeViolation {
  readonly id: string
  readonly nodes: readonly {
    readonly target: unknown
    readonly html: string
    readonly failureSummary?: string
  }[]
}

/**
 * @param rules of axe; without them all of WCAG 2.0 to 2.2 A and AA
 * @returns what axe finds, also in shadow roots; one line each
 */
export async function findBarriers(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
  await page.evaluate(`if (self.axe === undefined) { ${axe.source} }`)
  const found = await page.evaluate<AxeViolation[]>(
    `axe.run(document, {
      runOnly: ${JSON.stringify(rules ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])},
      resultTypes: ['violations'],
    }).then(({ violations }) => violations)`,
  )
  return found.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ target, html, failureSummary = '' }) =>
        `${id}: ${failureSummary}\n${JSON.stringify(target)} ${html.slice(0, 300)}`,
    ),
  )
}

/** @returns what sticks out to the side; grids and code scroll by themselves and do not count */
export const findSidewaysScrolling = (page: Page): Promise<readonly string[]> =>
  page.evaluate(`(() => {
    const width = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= width) return []
    const scrolls = (element) => {
      for (let up = element.parentElement; up !== null; up = up.parentElement)
        if (/auto|scroll|hidden|clip/.test(getComputedStyle(up).overflowX)) return true
      return false
    }
    return [...document.body.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > width + 1 && !scrolls(element))
      .slice(0, 5)
      .map((element) => element.outerHTML.slice(0, 200))
  })()`)

/**
 * Links within text are as high as their line, and what lies beside a larger target for the same thing does not count
 * (WCAG 2.5.8); so only what stands for itself is measured.
 */
export const findSmallTargets = (page: Page, pixels: number): Promise<readonly string[]> =>
  page.evaluate(`(() => {
    const least = ${String(pixels)} - 0.5
    const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    const isHiddenForEyes = (rect) => rect.width <= 1 || rect.height <= 1
    return [...document.querySelectorAll('button, a, summary, select, input, textarea, [role=button], [role=tab], [role=menuitem], label[data-rac]')]
      .filter((element) => {
        if (!isShown(element) || element.closest('[aria-hidden=true], [inert]') !== null) return false
        if (element.matches('a') && getComputedStyle(element).display === 'inline') return false
        // Drawn by its label, which is measured.
        if (element.matches('input') && element.closest('label') !== null) return false
        const rect = element.getBoundingClientRect()
        return !isHiddenForEyes(rect) && rect.bottom > 0 && (rect.height < least || rect.width < Math.min(least, 24))
      })
      .slice(0, 5)
      .map((element) => {
        const { width, height } = element.getBoundingClientRect()
        return Math.round(width) + '×' + Math.round(height) + ' ' + element.outerHTML.slice(0, 200)
      })
  })()`)

/** @returns texts that are cut although nothing tells the whole of them */
export const findCutTexts = (page: Page): Promise<readonly string[]> =>
  page.evaluate(`(() => {
    const isShown = (element) => element.checkVisibility({ visibilityProperty: true })
    const tellsAll = (element) => element.closest('[title]') !== null || element.querySelector('[title]') !== null
    const scrolls = (style) => /auto|scroll/.test(style.overflowX)
    return [...document.querySelectorAll('body *')]
      .filter((element) => {
        const style = getComputedStyle(element)
        if (style.overflowX === 'visible' || scrolls(style) || !isShown(element) || element.textContent === '') return false
        // Hidden for eyes on purpose.
        if (element.clientWidth <= 1 || style.clipPath !== 'none') return false
        return element.scrollWidth > element.clientWidth + 1 && !tellsAll(element)
      })
      .slice(0, 5)
      .map((element) => element.outerHTML.slice(0, 200))
  })()`)

/** @returns times, and other texts with a date and a time, that tell their zone neither in the text nor in the title */
export const findTimesWithoutZone = (page: Page): Promise<readonly string[]> =>
  page.evaluate(`(() => {
    const zone = /UTC|GMT|\\b[A-Z]{3,5}\\b|[+-]\\d\\d:\\d\\d|\\dZ\\b/
    const dateAndTime = /(?=.*\\b20\\d\\d\\b)(?=.*\\b\\d{1,2}:\\d\\d\\b)/s
    const times = [...document.querySelectorAll('time')].filter((time) => !zone.test(time.title))
    const texts = [...document.querySelectorAll('body :not(script, style, pre, code, time, time *)')].filter(
      (element) =>
        element.childElementCount === 0 &&
        dateAndTime.test(element.textContent) &&
        !zone.test(element.textContent) &&
        !zone.test(element.closest('[title]')?.title ?? ''),
    )
    return [...times, ...texts].map((element) => element.outerHTML.slice(0, 200))
  })()`)
