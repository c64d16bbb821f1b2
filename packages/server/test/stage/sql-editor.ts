/** The page of the SQL editor as a person uses it. */
import type { Locator, Page } from 'playwright-core'
import { goWithin, keepUntilFailure } from './kept-page.ts'

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
      // Without a session nothing has run, and what a test waits for next would never come.
      const refused = page.getByRole('status').filter({ hasText: /^(Refused|Not reachable)$/ })
      if ((await refused.count()) > 0)
        throw new Error(`no session: ${await page.locator('[data-run]').innerText()}`)
    },
    text: async () => (await content.locator('.cm-line').allTextContents()).join('\n'),
    resultTabs: () => page.getByRole('tablist', { name: 'Results' }).getByRole('tab').allTextContents(),
    cell: (row, column) => grid.locator(`[data-row="${String(row)}"][data-column="${String(column)}"]`),
  }
}

/**
 * One page for several tests: each takes a tab of the editor for itself, with a session of its own. Call it within `describe`.
 * @param open a page of its own at a path below /console
 */
export function keepSqlEditor(
  instance: () => string,
  open: (path: string) => Promise<SqlEditorPage>,
): () => Promise<SqlEditorPage> {
  const { page, keep } = keepUntilFailure()
  let lastTab: string | null = null
  return async () => {
    const kept = page()
    const path = `/sql?instance=${instance()}&new=true`
    const editor = kept === undefined ? await open(path) : sqlEditorOf(kept)
    if (kept === undefined) keep(editor.page)
    else await goWithin(kept, `/console${path}`)
    const isNew = ({ searchParams }: URL) => {
      const tab = searchParams.get('tab')
      return tab !== null && (kept === undefined || tab !== lastTab)
    }
    await editor.page.waitForURL(isNew)
    lastTab = new URL(editor.page.url()).searchParams.get('tab')
    if (kept !== undefined) await closeOtherTabs(kept)
    await editor.content.waitFor()
    return editor
  }
}

/** A person has five sessions; the one of a tab ends with it. */
async function closeOtherTabs(page: Page): Promise<void> {
  const tabs = page.getByRole('navigation', { name: 'Editor tabs' })
  const close = tabs.getByRole('button', { name: /^Close / })
  for (let left = await close.count(); left > 1; left -= 1) {
    await close.first().click()
    // Asked because there is a text in it.
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: /^Close and / })
      .click()
    await close.nth(left - 1).waitFor({ state: 'detached' })
  }
}
