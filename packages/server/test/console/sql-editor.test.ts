/** The SQL editor in Chromium against a real session (console-design.md §8, the points that a browser shows). */
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Page } from 'playwright-core'
import type { ListDatabaseInstancesResponse } from '@lakegate/client'
import {
  consoleBrowser,
  createAdministrator,
  describeInChromium,
  type OpenConsole,
} from '../stage/console-browser.ts'
import { KEPT_IN_BROWSER } from '../stage/kept-in-browser.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { keepSqlEditor, sqlEditorOf, type SqlEditorPage } from '../stage/sql-editor.ts'

describeInChromium('the SQL editor', () => {
  const lakegate = sharedLakegate()
  const { instance } = lakegate.ready
  const chromium = consoleBrowser(lakegate)
  let person: Person
  const pages: Page[] = []

  // A person has five sessions; a window that goes ends its own.
  afterEach(async () => {
    for (const page of pages.splice(0)) {
      await page.goto('about:blank')
      await page.context().close()
    }
  })

  beforeAll(async () => {
    person = await createAdministrator(lakegate)
    await lakegate.admin.request('POST', `/api/2.0/database/instances/${instance.name}/roles`, {
      name: person.userName,
      identity_type: 'USER',
      membership_role: 'DATABRICKS_SUPERUSER',
      attributes: { createrole: true },
    })
  })

  const openPage = async (path: string) =>
    ready(
      await chromium.openConsole({
        person,
        path,
        context: {
          permissions: ['clipboard-read', 'clipboard-write'],
          viewport: { width: 1280, height: 900 },
        },
      }),
    )
  async function ready(page: Page): Promise<SqlEditorPage> {
    const editor = sqlEditorOf(page)
    await editor.content.waitFor()
    return editor
  }
  /** A tab of its own in a page that is kept. */
  const open = keepSqlEditor(() => instance.name, openPage)
  /** A page of the test's own, which goes with it. */
  async function openOwn(options: Omit<OpenConsole, 'person'> & { readonly person?: Person } = {}) {
    const page = await chromium.openConsole({
      person,
      path: `/sql?instance=${instance.name}&new=true`,
      ...options,
    })
    pages.push(page)
    return ready(page)
  }
  /** As often as the button comes up, from within the page: it goes with the last piece. */
  const pressLoadMoreToTheEnd = ({ page }: SqlEditorPage) =>
    page.evaluate(`(async () => {
      const find = () =>
        [...document.querySelectorAll('[role=dialog] button')].find(({ textContent }) => textContent === 'Load more')
      for (let button = find(); button !== undefined; button = find()) {
        if (button.ariaDisabled !== 'true') button.click()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })()`)
  const clipboardOf = ({ page }: SqlEditorPage) => page.evaluate<string>('navigator.clipboard.readText()')

  it('runs a statement as the person, opens its session by the first run, and breaks no policy', async () => {
    const editor = await open()
    await editor.page.getByText('Not connected').waitFor()
    await editor.run('SELECT session_user AS who, 1 AS one')
    expect(await editor.cell(0, 0).textContent()).toBe(person.userName)
    await editor.page.getByText(/Connected pid \d+/).waitFor()
    expect(chromium.complaintsOf(editor.page).violations).toEqual([])
  })

  it('shows and copies values exactly as psql prints them', async () => {
    const editor = await open()
    const values: readonly [string, string][] = [
      ['9223372036854775807::bigint', '9223372036854775807'],
      ['12345678901234567890.123456789::numeric', '12345678901234567890.123456789'],
      ["'infinity'::timestamptz", 'infinity'],
      ["'\\xdeadbeef'::bytea", '\\xdeadbeef'],
      ["'{{1,NULL},{3,4}}'::int[][]", '{{1,NULL},{3,4}}'],
      [`'{"a":1e400,"a":2}'::json`, '{"a":1e400,"a":2}'],
      ["'NaN'::float8", 'NaN'],
    ]
    await editor.run(`SELECT ${values.map(([sql]) => sql).join(', ')}`)
    await editor.cell(0, 0).click()
    for (const [column, [, expected]] of values.entries()) {
      await editor.page.keyboard.press('ControlOrMeta+c')
      await expect.poll(() => clipboardOf(editor)).toBe(expected)
      if (column < values.length - 1) await editor.page.keyboard.press('ArrowRight')
    }
  })

  it('shows the first 1,000 of ten million rows, and loads more when asked', async () => {
    const editor = await open()
    await editor.run('SELECT generate_series(1, 10000000)')
    await editor.page.getByText('1,000 rows shown, there are more').waitFor()
    expect(await editor.grid.getAttribute('aria-rowcount')).toBe('-1')
    await editor.page.getByRole('button', { name: 'Load 1,000 more' }).click()
    await editor.page.getByText('2,000 rows shown, there are more').waitFor()
    await editor.grid.focus()
    await editor.page.keyboard.press('ControlOrMeta+End')
    await expect.poll(() => editor.cell(1999, 0).textContent()).toBe('2000')
  })

  it('cancels a statement, and the session goes on', async () => {
    const editor = await open()
    await editor.run('CREATE TEMPORARY TABLE kept AS SELECT 7 AS n')
    await editor.start('SELECT pg_sleep(60)')
    await editor.page.getByRole('button', { name: 'Cancel' }).click()
    await editor.page.getByText('57014').waitFor()
    await editor.run('TABLE kept')
    expect(await editor.cell(0, 0).textContent()).toBe('7')
  })

  it('keeps a transaction across runs, tells its state, and rolls back after an error', async () => {
    const editor = await open()
    await editor.run('BEGIN')
    await editor.page.getByText('In transaction', { exact: true }).first().waitFor()
    expect(await editor.page.evaluate<string>(`document.querySelector('link[rel=icon]').href`)).toContain(
      'transaction',
    )
    await editor.run('SELECT 1/0')
    await editor.page.getByText('Transaction failed: only ROLLBACK works').waitFor()
    await editor.page.getByRole('button', { name: 'Rollback' }).click()
    await editor.page.getByText('Transaction failed: only ROLLBACK works').waitFor({ state: 'detached' })
    await editor.run('SELECT 1 AS fine')
    expect(await editor.cell(0, 0).textContent()).toBe('1')
  })

  it('gives a tab for each statement; a failing one leaves the first, is marked in the editor, and ends the run', async () => {
    const editor = await open()
    await editor.run('SELECT 1 AS one; SELECT nowhere; SELECT 3 AS three')
    const tabs = await editor.resultTabs()
    expect(tabs).toEqual(['1 SELECT 1', '2 failed', 'Messages'])
    await editor.page.getByText('column "nowhere" does not exist').waitFor()
    await editor.page.getByText('What follows the error was not run.').waitFor()
    expect(await editor.page.locator('.cm-lintRange-error').textContent()).toBe('nowhere')
    await editor.page.getByRole('tab', { name: '1 SELECT 1' }).click()
    expect(await editor.cell(0, 0).textContent()).toBe('1')
  })

  it('goes on after errors when it is told to', async () => {
    const editor = await open()
    await editor.page.getByText('Go on after errors').click()
    await editor.run('SELECT nowhere; SELECT 3 AS three')
    expect(await editor.resultTabs()).toEqual(['1 failed', '2 SELECT 1', 'Messages'])
  })

  it('shows a notice while the block still runs, and the command tag as the result', async () => {
    const editor = await open()
    await editor.start(`DO $$ BEGIN RAISE NOTICE 'half way'; PERFORM pg_sleep(60); END $$`)
    await editor.page.getByRole('tab', { name: 'Messages 1' }).click()
    await editor.results.getByText('half way').waitFor()
    await editor.page.getByRole('button', { name: 'Cancel' }).click()
    await editor.page.getByRole('tab', { name: '1 failed' }).click()
    await editor.results.getByText('57014').waitFor()
    await editor.run('CREATE TEMPORARY TABLE t AS SELECT generate_series(1, 5) AS n; UPDATE t SET n = 0')
    expect(await editor.resultTabs()).toEqual(['1 SELECT 5', '2 UPDATE 5', 'Messages'])
    expect(await editor.results.textContent()).toContain('UPDATE 5')
  })

  it('says that COPY moves files, and the session stays usable', async () => {
    const editor = await open()
    await editor.run('CREATE TEMPORARY TABLE t (n int); COPY t TO STDOUT')
    await editor.page.getByText('COPY moves files; the console has none').waitFor()
    await editor.run('COPY t FROM STDIN')
    await editor.page.getByText(String.raw`\copy t FROM`).waitFor()
    await editor.run('SELECT 1')
    expect(await editor.cell(0, 0).textContent()).toBe('1')
  })

  it('tells NULL from an empty text, and opens a cell with JSON set out in lines', async () => {
    const editor = await open()
    await editor.run(`SELECT NULL AS n, '' AS e, '{"a":{"b":1e400}}'::json AS j`)
    expect(await editor.cell(0, 0).textContent()).toBe('NULL')
    expect(await editor.cell(0, 1).textContent()).toBe("''")
    await editor.cell(0, 2).click()
    await editor.page.keyboard.press('Enter')
    const dialog = editor.page.getByRole('dialog')
    expect(await dialog.locator('[data-cell-text]').textContent()).toBe('{\n  "a": {\n    "b": 1e400\n  }\n}')
    await editor.page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  it('shows 2 kB of a huge cell with its size, and loads the rest by piece', async () => {
    const editor = await open()
    await editor.run(`SELECT repeat('x', 600000) AS big`)
    expect(await editor.cell(0, 0).textContent()).toContain('600 kB')
    await editor.cell(0, 0).click()
    await editor.page.keyboard.press('Enter')
    const dialog = editor.page.getByRole('dialog')
    await dialog.getByText('2.0 kB of 600 kB loaded').waitFor()
    await dialog.getByRole('button', { name: 'Load more' }).click()
    await pressLoadMoreToTheEnd(editor)
    await dialog.getByText('600 kB of 600 kB loaded').waitFor()
  })

  it('31: of a cell of 48 MB the grid holds 2 kB and its size, the panel loads 8 MB and no more, and keys move on', async () => {
    const editor = await open()
    await editor.run(`SELECT * FROM (VALUES (1, repeat('x', 48000000)), (2, 'small')) AS cells (n, big)`)
    expect(await editor.cell(0, 1).textContent()).toContain('48 MB')
    // What the grid has to draw is what makes it slow or not.
    expect((await editor.grid.innerHTML()).length).toBeLessThan(20_000)
    await editor.cell(0, 1).click()
    for (const [key, row, column] of [
      ['ArrowDown', 1, 1],
      ['ArrowLeft', 1, 0],
      ['ArrowUp', 0, 0],
      ['End', 0, 1],
    ] as const) {
      await editor.page.keyboard.press(key)
      await expect
        .poll(() => editor.grid.getAttribute('aria-activedescendant'))
        .toBe(await editor.cell(row, column).getAttribute('id'))
    }
    await editor.page.keyboard.press('Enter')
    const dialog = editor.page.getByRole('dialog')
    await dialog.getByText('2.0 kB of 48 MB loaded').waitFor()
    await pressLoadMoreToTheEnd(editor)
    await dialog.getByText('Too large for the console.').waitFor()
    const loaded = await editor.page.evaluate<number>(
      `document.querySelector('[role=dialog] [data-cell-text]').textContent.length`,
    )
    expect(loaded).toBeGreaterThan(7_900_000)
    expect(loaded).toBeLessThanOrEqual(8 * 1024 * 1024)
    await editor.page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  it('reads a plan as a tree, and rolls back what ANALYZE executed', async () => {
    const editor = await open()
    await editor.run('CREATE TEMPORARY TABLE console_plan AS SELECT generate_series(1, 100) AS n')
    await editor.write('DELETE FROM console_plan WHERE n > 50')
    await editor.page.getByRole('button', { name: 'Analyze' }).click()
    await editor.page.getByText('EXPLAIN ANALYZE runs this DELETE. It will be rolled back.').waitFor()
    await editor.page.getByRole('button', { name: 'Analyze and roll back' }).click()
    await editor.page.getByText('Seq Scan on console_plan').waitFor()
    await editor.page.getByText('Slowest').waitFor()
    await editor.run('SELECT count(*) FROM console_plan')
    expect(await editor.cell(0, 0).textContent()).toBe('100')
  })

  it('sends no password: neither in a frame, nor to the history or the drafts of the browser', async () => {
    const editor = await open()
    const secret = 'pl@in-Secret-9'
    const frames: string[] = []
    editor.page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => frames.push(payload.toString())),
    )
    await editor.write(`CREATE ROLE console_password LOGIN PASSWORD '${secret}'`)
    await editor.page.getByText('The password is hashed in your browser before it is sent.').waitFor()
    await editor.page.getByText('Not saved: it holds a password.').waitFor()
    await editor.run(`CREATE ROLE console_password LOGIN PASSWORD '${secret}'`)
    expect(await editor.results.textContent()).toContain('CREATE ROLE')
    expect(frames.join('\n')).toContain('SCRAM-SHA-256')
    expect(frames.join('\n')).not.toContain(secret)
    await editor.page.getByRole('tab', { name: 'History' }).click()
    await editor.page.getByText(`PASSWORD '•••'`).waitFor()
    expect(await editor.page.evaluate<string>(KEPT_IN_BROWSER)).not.toContain(secret)
    await editor.run('DROP ROLE console_password')
  })

  it('keeps a draft over a reload, and the text of its tab', async () => {
    const editor = await open()
    await editor.write('SELECT 42 -- a draft')
    await expect.poll(() => editor.page.evaluate<string>(KEPT_IN_BROWSER)).toContain('42 -- a draft')
    await editor.page.reload()
    await expect.poll(() => editor.text()).toBe('SELECT 42 -- a draft')
  })

  it('completes tables, columns by their alias, and quotes names where PostgreSQL wants it', async () => {
    const editor = await open()
    await editor.run(
      `CREATE SCHEMA console_shop; CREATE TABLE console_shop."Console Orders" (id bigint, "paidAt" timestamptz)`,
    )
    await editor.write('SELECT o.pa FROM console_shop."Console Orders" o')
    await editor.page.keyboard.press('Home')
    for (const _ of 'SELECT o.pa') await editor.page.keyboard.press('ArrowRight')
    await editor.page.keyboard.press('Control+Space')
    await editor.page.locator('.cm-tooltip-autocomplete [aria-selected]', { hasText: 'paidAt' }).waitFor()
    // The editor takes no key for a proposal that has only just come up (interactionDelay of CodeMirror).
    await editor.page.waitForTimeout(200)
    await editor.page.keyboard.press('Enter')
    expect(await editor.text()).toBe('SELECT o."paidAt" FROM console_shop."Console Orders" o')
    await editor.page.getByRole('button', { name: 'console_shop', exact: true }).click()
    await editor.page.getByRole('button', { name: 'Insert Console Orders' }).waitFor()
    await editor.run('DROP SCHEMA console_shop CASCADE')
  })

  it('asks before a page is left with an open transaction', async () => {
    const editor = await open()
    await editor.run('BEGIN')
    await editor.page.getByRole('link', { name: 'Compute' }).first().click()
    await editor.page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click()
    expect(new URL(editor.page.url()).pathname).toBe('/console/sql')
    await editor.page.getByRole('link', { name: 'Compute' }).first().click()
    await editor.page.getByRole('button', { name: 'Roll back and leave' }).click()
    await editor.page.waitForURL('**/console/compute/**')
  })

  it('says when a session was ended from outside, keeps the text, and opens another one', async () => {
    const editor = await open()
    await editor.run('BEGIN; SELECT pg_terminate_backend(pg_backend_pid())')
    await editor.page.getByText(/The session ended \(57P01/).waitFor()
    await editor.page.getByText('An open transaction was rolled back.').waitFor()
    expect(await editor.text()).toContain('pg_terminate_backend')
    await editor.page.getByRole('button', { name: 'Reconnect' }).click()
    await editor.page.getByText(/Connected pid/).waitFor()
  })

  it('says that there were more rows when their session has ended', async () => {
    const editor = await open()
    await editor.run('SELECT generate_series(1, 10000000); SELECT pg_terminate_backend(pg_backend_pid())')
    await editor.page.getByText(/The session ended \(57P01/).waitFor()
    await editor.page.getByRole('tab', { name: /^1 1,000\+ rows/ }).click()
    await editor.page.getByText('1,000 rows shown, there were more; run it again to see them').waitFor()
  })

  it('leads by the keyboard alone to the text, its result, and back', async () => {
    const editor = await open()
    await editor.write('SELECT session_user')
    await editor.page.keyboard.press('ControlOrMeta+Enter')
    await editor.cell(0, 0).waitFor()
    await editor.page.keyboard.press('F6')
    await expect
      .poll(() => editor.page.evaluate<string>('document.activeElement.getAttribute("role")'))
      .toBe('grid')
    await editor.page.keyboard.press('Shift+F6')
    await editor.page.keyboard.press('Escape')
    await editor.page.keyboard.press('Tab')
    expect(
      await editor.page.evaluate<boolean>('document.activeElement.matches("[data-sql-editor], body")'),
    ).toBe(false)
  })

  describe('before it is known where to run', () => {
    /** With the text typed; the databases of the instance are answered when the test says so. */
    async function openEarly() {
      let answer: () => void = () => undefined
      const isTime = new Promise<void>((resolve) => {
        answer = resolve
      })
      const editor = await openOwn({
        prepare: async (context) => {
          await context.route('**/console/api/2.0/lakegate/instances/*/databases', async (route) => {
            await isTime
            await route.continue()
          })
          await context.route('**/console/api/2.0/database/instances?**', async (route) => {
            const {
              database_instances: [first],
            } = (await (await route.fetch()).json()) as ListDatabaseInstancesResponse
            await route.fulfill({ json: { database_instances: [first, { ...first, name: 'elsewhere' }] } })
          })
        },
      })
      await editor.content.click()
      await editor.page.keyboard.insertText('SELECT 7 AS early')
      return { editor, answer }
    }
    const waits = ({ page }: SqlEditorPage) => page.getByText('Runs when instance and database are known…')

    it('remembers the key that runs, says so, and runs as soon as it is', async () => {
      const { editor, answer } = await openEarly()
      await editor.page.keyboard.press('ControlOrMeta+Enter')
      await waits(editor).waitFor()
      answer()
      await editor.cell(0, 0).waitFor()
      expect(await editor.cell(0, 0).textContent()).toBe('7')
      expect(await waits(editor).count()).toBe(0)
    })

    it('forgets it when another instance is chosen: what was meant for one does not run in another', async () => {
      const { editor, answer } = await openEarly()
      const choose = async (shown: string, wanted: string) => {
        const target = editor.page.getByRole('group', { name: 'Where the SQL runs' })
        await target.getByRole('button', { name: shown }).click()
        await editor.page.getByRole('option', { name: wanted, exact: true }).click()
      }
      await editor.page.keyboard.press('ControlOrMeta+Enter')
      await waits(editor).waitFor()
      await choose(instance.name, 'elsewhere')
      await waits(editor).waitFor({ state: 'detached' })
      answer()
      await choose('elsewhere', instance.name)
      await editor.run('SELECT 8 AS later')
      expect(await editor.cell(0, 0).textContent()).toBe('8')
      expect(await editor.page.locator('[data-run]').getAttribute('data-run')).toBe('1')
    })
  })

  it('takes a link to an instance, and a new query is one tab', async () => {
    const editor = await openOwn()
    await editor.page.waitForURL('**/sql?*tab=1*')
    expect(
      await editor.page.getByRole('navigation', { name: 'Editor tabs' }).getByRole('button').count(),
    ).toBe(2)
    await editor.page.getByRole('link', { name: 'New query' }).click()
    await editor.page.waitForURL('**/sql?*tab=2*')
    await editor.run('SELECT 2 AS two')
    await editor.page.getByRole('button', { name: 'query 1', exact: true }).click()
    await editor.page.getByText('Not connected').waitFor()
  })

  it('keeps a temporary table to the tab whose session made it', async () => {
    const editor = await open()
    await editor.run('CREATE TEMPORARY TABLE mine AS SELECT 1 AS n')
    await editor.page.getByRole('button', { name: 'New tab' }).click()
    await editor.page.getByText('Not connected').waitFor()
    await editor.run('TABLE mine')
    await editor.results.getByText('relation "mine" does not exist').waitFor()
  })

  it('saves a query, and opens it again in a tab of its own', async () => {
    const editor = await open()
    await editor.write('SELECT 42 AS answer')
    await editor.page.getByRole('button', { name: /^More actions for query/ }).click()
    await editor.page.getByRole('menuitem', { name: 'Save query' }).click()
    await editor.page.getByRole('textbox', { name: 'Name' }).fill('the answer')
    await editor.page.getByRole('dialog').getByRole('button', { name: 'Save query' }).click()
    await editor.page.getByText('the answer is saved.').waitFor()
    await editor.page.getByRole('tab', { name: 'Saved' }).click()
    await editor.page.getByRole('button', { name: 'Open the answer' }).click()
    await expect.poll(() => editor.text()).toBe('SELECT 42 AS answer')
  })

  it('shows why a session did not come about, by its name, with the next step, and keeps the text', async () => {
    const stranger = await createPerson(lakegate)
    const editor = await openOwn({ person: stranger })
    const { page } = editor
    await editor.write('SELECT 1')
    await page.keyboard.press('ControlOrMeta+Enter')
    await page.getByRole('link', { name: 'Check this login' }).waitFor()
    const card = page.getByRole('group').filter({ has: page.getByRole('link', { name: 'Check this login' }) })
    expect(await card.last().textContent()).toMatch(
      /has no Postgres role on database instance .*permission_denied/,
    )
    expect(await editor.text()).toBe('SELECT 1')
  })

  it('on a phone: runs a query by touch, and the first column stays in sight', async () => {
    const editor = await openOwn({
      context: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
    })
    const { page } = editor
    await editor.content.tap()
    await page.keyboard.insertText('SELECT 1 AS first, repeat(chr(120), 200) AS wide, 3 AS last')
    await page.getByRole('button', { name: /^Run(?! all)/ }).tap()
    await editor.cell(0, 0).waitFor()
    await page.evaluate(`document.querySelector('[role=grid]').scrollLeft = 300`)
    expect(await page.evaluate<number>(`document.querySelector('[role=grid]').scrollLeft`)).toBe(300)
    await expect
      .poll(() =>
        editor
          .cell(0, 0)
          .boundingBox()
          .then((box) => (box?.x ?? -1) >= 0),
      )
      .toBe(true)
    expect(
      await page.evaluate<boolean>(
        'document.documentElement.scrollWidth <= document.documentElement.clientWidth',
      ),
    ).toBe(true)
  })
})
