/**
 * The SQL editor while something around it fails: the network, the server, a person who goes away, a browser that stands
 * still (console-design §8, points 23, 24, 33, 34, 35). A Lakegate of its own, which the browser reaches by a line that is cut.
 */
import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Route } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SqlServerFrame } from '@lakegate/client'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import { layLine, type CuttableLine } from '../stage/cuttable-line.ts'
import { freePort } from '../stage/free-port.ts'
import { asSuperuser } from '../stage/inside-instance.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import type { Person } from '../stage/person.ts'
import { keepSqlEditor, sqlEditorOf, type SqlEditorPage } from '../stage/sql-editor.ts'
import { waitFor } from '../stage/wait-for.ts'

const MEGABYTE = 1024 * 1024

describeInChromium('the SQL editor, when something fails around it', () => {
  let lakegate: RunningLakegate
  let line: CuttableLine
  let dataDirectory: string
  let httpPort: number
  let person: Person
  let editor: SqlEditorPage
  const chromium = consoleBrowser({
    get ready() {
      return lakegate.ready
    },
  })

  const start = () =>
    startLakegate({
      dataDirectory,
      environment: {
        LAKEGATE_GATEWAY_WORKERS: '1',
        LAKEGATE_HTTP_PORT: String(httpPort),
        LAKEGATE_PUBLIC_URL: `http://127.0.0.1:${String(line.port)}`,
      },
    })

  beforeAll(async () => {
    dataDirectory = await makeDataDirectory()
    httpPort = await freePort()
    line = await layLine(await freePort(), httpPort)
    lakegate = await start()
    person = await createAdministrator(lakegate)
    await lakegate.admin.request(
      'POST',
      `/api/2.0/database/instances/${lakegate.ready.instance.name}/roles`,
      {
        name: person.userName,
        identity_type: 'USER',
        membership_role: 'DATABRICKS_SUPERUSER',
      },
    )
    await inside('CREATE TABLE public.counted (n int); GRANT ALL ON public.counted TO PUBLIC')
    await inside('CREATE SEQUENCE public.fetched; GRANT ALL ON SEQUENCE public.fetched TO PUBLIC')
  })
  afterAll(async () => {
    await lakegate.stop()
    await line.close()
    await removeDataDirectory(dataDirectory)
  })
  const inside = <Row extends Record<string, unknown>>(sql: string) =>
    asSuperuser<Row>(lakegate, sql, [], 'databricks_postgres')
  const counted = async () =>
    (await inside<{ n: number }>('SELECT n FROM public.counted ORDER BY n')).map(({ n }) => n)

  const openTab = keepSqlEditor(
    () => lakegate.ready.instance.name,
    async (path) => {
      const page = await chromium.openConsole({
        person,
        path,
        context: { viewport: { width: 1280, height: 900 } },
      })
      return sqlEditorOf(page)
    },
  )
  const open = async () => {
    editor = await openTab()
  }

  it('35: a network that is away for 20 s takes nothing: session, temporary table and running query are there afterwards', async () => {
    await open()
    await editor.run('CREATE TEMPORARY TABLE kept AS SELECT 35 AS n; SELECT pg_backend_pid()')
    const pid = await editor.cell(0, 0).textContent()
    await editor.start(
      'SELECT pg_sleep(22); INSERT INTO kept VALUES (36); SELECT pg_backend_pid(), n FROM kept',
    )
    await editor.page.getByRole('button', { name: 'Cancel' }).waitFor()
    line.cut()
    await editor.page.getByText('Connection lost. Coming back…').waitFor()
    await pause(20_000)
    line.mend()
    await editor.page.getByText('Connection lost. Coming back…').waitFor({ state: 'detached' })
    await editor.page.getByText(`Connected pid ${pid ?? ''}`).waitFor()
    await editor.cell(1, 1).waitFor()
    expect(await editor.cell(0, 0).textContent()).toBe(pid)
    expect(await editor.cell(0, 1).textContent()).toBe('35')
    // The second row came once: the run was not sent again.
    expect(await editor.cell(1, 1).textContent()).toBe('36')
    expect(await editor.cell(2, 1).count()).toBe(0)
  })

  it('24: a browser that takes nothing in stops the server from fetching, and all rows come once it does again', async () => {
    await open()
    const rows = 60_000
    const fetched = async () =>
      Number((await inside<{ last_value: string }>('SELECT last_value FROM public.fetched'))[0]?.last_value)
    await editor.page.getByRole('button', { name: /Row limit/ }).click()
    await editor.page.getByRole('option', { name: '100,000' }).click()
    await editor.write(
      `SELECT nextval('public.fetched') AS n, repeat('x', 200) FROM generate_series(1, ${String(rows)})`,
    )
    // Answered when the page may go on: until then its script waits for it and takes nothing in.
    const held = new Promise<Route>((resolve) => {
      void editor.page.route('**/console/held', resolve)
    })
    const blocked = editor.page.evaluate(`(async () => {
      // Until the first rows are shown.
      await new Promise((resolve) => {
        const observer = new MutationObserver(() => {
          if (document.querySelector('[role=grid] [data-row="0"]') !== null) resolve(observer.disconnect())
        })
        observer.observe(document.body, { childList: true, subtree: true })
      })
      const request = new XMLHttpRequest()
      request.open('GET', '/console/held', false)
      request.send()
    })()`)
    await editor.page.keyboard.press('Shift+ControlOrMeta+Enter')
    const route = await held
    // What was on its way when the page stood still still comes.
    let before = 0
    const standing = await waitFor('the fetching to stand', async () => {
      await pause(1_000)
      const now = await fetched()
      const stands = now > 1 && now === before
      before = now
      return stands ? now : undefined
    })
    await pause(3_000)
    expect(await fetched()).toBe(standing)
    expect(standing).toBeLessThan(rows / 2)
    await route.fulfill({ body: '' })
    await blocked
    await editor.page.getByText('60,000 rows', { exact: false }).first().waitFor()
    expect(await fetched()).toBe(rows)
  })

  it('23: ten million rows of which a thousand are shown cost neither the server nor the page 50 MB', async () => {
    await open()
    const residentOf = async () =>
      Number((await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(lakegate.process.pid)])).stdout) *
      1024
    const client = await editor.page.context().newCDPSession(editor.page)
    const heapOfPage = async () => {
      await client.send('HeapProfiler.collectGarbage')
      return (await client.send('Runtime.getHeapUsage')).usedSize
    }
    const sql = 'SELECT generate_series(1, 10000000)'
    // Once before: what is loaded by the first run of all is no cost of the rows.
    await editor.run(sql)
    const before = { server: await residentOf(), page: await heapOfPage() }
    await editor.run('BEGIN')
    await editor.run(sql)
    await editor.page.getByText('1,000 rows shown, there are more').waitFor()
    const after = { server: await residentOf(), page: await heapOfPage() }
    expect(after.server - before.server).toBeLessThan(50 * MEGABYTE)
    expect(after.page - before.page).toBeLessThan(50 * MEGABYTE)
    await editor.page.getByText('In transaction', { exact: true }).first().waitFor()
    await editor.run('COMMIT')
  })

  it('33: a transaction that stands idle is warned of, rolled back, said so, and the text is kept', async () => {
    // PostgreSQL's own limit ends it as that of 15 minutes does; when that is due is tried on a clock of its own (http/console/idle-watch).
    await inside(`ALTER ROLE "${person.userName}" SET idle_in_transaction_session_timeout = '4s'`)
    try {
      const context = await chromium.openContext({ person })
      const page = await context.newPage()
      const time = new Date(Date.now() + 120_000).toISOString()
      const warning: SqlServerFrame = { type: 'idle_warning', time, in_transaction: true }
      await page.routeWebSocket('**/console/sql', (socket) => {
        const server = socket.connectToServer()
        socket.onMessage((message) => {
          server.send(message)
        })
        server.onMessage((message) => {
          socket.send(message)
          if (String(message).includes('"transaction":"open"')) socket.send(JSON.stringify(warning))
        })
      })
      await page.goto(`/console/sql?instance=${lakegate.ready.instance.name}&new=true`)
      editor = sqlEditorOf(page)
      await editor.run('BEGIN; INSERT INTO counted VALUES (33)')
      await page
        .getByText(
          /^Nothing has run for a while\. The session ends at .*, and its transaction is rolled back\.$/,
        )
        .waitFor()
      await page.getByText(/^The session ended \(25P03/).waitFor()
      await page.getByText('An open transaction was rolled back.').waitFor()
      expect(await editor.text()).toBe('BEGIN; INSERT INTO counted VALUES (33)')
      expect(await counted()).toEqual([])
      await context.close()
    } finally {
      await inside(`ALTER ROLE "${person.userName}" RESET idle_in_transaction_session_timeout`)
    }
  })

  it.each([
    ['stops', () => lakegate.stop()],
    ['is killed', () => lakegate.kill()],
  ])(
    '34: a server that %s during a query ends the session with its reason; the text stays, Reconnect works, and nothing ran twice',
    async (_how, end) => {
      await inside('TRUNCATE public.counted')
      await open()
      const sql = 'INSERT INTO counted VALUES (1); INSERT INTO counted SELECT 2 FROM pg_sleep(300)'
      await editor.start(sql)
      await waitFor('the first statement', async () => (await counted()).length === 1)
      await end()
      await waitFor(
        'the page to hear of it',
        async () => (await editor.page.getByText(/Connection lost|The session ended/).count()) > 0,
      )
      lakegate = await start()
      await editor.page.getByText(/^The session ended \(/).waitFor()
      expect(await editor.text()).toBe(sql)
      await editor.page.getByRole('button', { name: 'Reconnect' }).click()
      await editor.page.getByText(/Connected pid/).waitFor()
      // Whatever the page would send by itself it has sent when this answer is there.
      await editor.run('SELECT n FROM counted')
      expect(await editor.cell(0, 0).textContent()).toBe('1')
      expect(await counted()).toEqual([1])
    },
  )
})
