/** The page of the SQL editor as a person uses it. */
import type { Locator, Page } from 'playwright-core'

export interface SqlEditorPage {
  readonly page: Page
  /** Replaces the text of the editor. */
  write(sql: string): Promise<void>
  /** Replaces it, runs all of it, and waits until the run is over. */
  run(sql: string): Promise<void>
  /** Presses Run all, and does not wait. */
  start(sql: string): Promise<void>
  /** The text as it stands there. */
  text(): Promise<string>
  readonly content: Locator
  readonly grid: Locator
  readonly results: Locator
  resultTabs(): Promise<readonly string[]>
  cell(row: number, column: number): Locator
}

export function sqlEditorOf(page: Page): SqlEditorPage {
  // Playwright looks through open shadow roots.
  const content = page.locator('.cm-content')
  const grid = page.getByRole('grid')
  const write = async (sql: string) => {
    // Nothing runs before the page knows where: its buttons say so. Later ones are off while something runs.
    if ((await page.locator('[data-run="0"]').count()) > 0)
      await page
        .locator('[role=group] button:not([disabled])')
        .filter({ hasText: /^Run all$/ })
        .waitFor()
    await content.click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.press('Delete')
    // As pasted: typed brackets would be closed by themselves.
    await page.keyboard.insertText(sql)
  }
  const start = async (sql: string) => {
    await write(sql)
    await page.keyboard.press('Shift+ControlOrMeta+Enter')
  }
  return {
    page,
    content,
    grid,
    results: page.getByRole('region', { name: 'Results' }),
    write,
    start,
    async run(sql) {
      const before = await page.locator('[data-run]').getAttribute('data-run')
      await start(sql)
      await page.locator(`[data-run]:not([data-run="${before ?? ''}"])[aria-busy="false"]`).waitFor()
    },
    text: async () => (await content.locator('.cm-line').allTextContents()).join('\n'),
    resultTabs: () => page.getByRole('tablist', { name: 'Results' }).getByRole('tab').allTextContents(),
    cell: (row, column) => grid.locator(`[data-row="${String(row)}"][data-column="${String(column)}"]`),
  }
}
