/**
 * What becomes of secrets that go through the console, in a Lakegate whose every line is read: passwords in SQL, tokens that
 * were copied, roles with a password (console-design §8, points 2, 4, 32; §3.6).
 */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium, visit } from '../stage/console-browser.ts'
import { hasPsql, pasteIntoShell } from '../stage/console-instances.ts'
import { asSuperuser } from '../stage/inside-instance.ts'
import { KEPT_IN_BROWSER } from '../stage/kept-in-browser.ts'
import { logsBelow } from '../stage/logs-below.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import type { Person } from '../stage/person.ts'
import { databaseClient, inSession } from '../stage/service-principal.ts'
import { sqlEditorOf } from '../stage/sql-editor.ts'
import { waitFor } from '../stage/wait-for.ts'

describeInChromium('a secret in the console', () => {
  let lakegate: OwnLakegate
  const chromium = consoleBrowser({
    get ready() {
      return lakegate.ready
    },
  })
  let ada: Person
  let name: string
  let page: Page
  /** Of the WebSockets of the page, in both directions. */
  const frames: string[] = []

  beforeAll(async () => {
    lakegate = await startOwnLakegate({ LAKEGATE_LOG_LEVEL: 'debug' })
    name = lakegate.ready.instance.name
    ada = await createAdministrator(lakegate)
    await lakegate.admin.request('POST', `/api/2.0/database/instances/${name}/roles`, {
      name: ada.userName,
      identity_type: 'USER',
      membership_role: 'DATABRICKS_SUPERUSER',
      attributes: { createrole: true },
    })
    await asSuperuser(lakegate, `ALTER ROLE "${ada.userName}" SET log_statement = 'all'`)
    page = await chromium.openConsole({
      person: ada,
      path: '/settings/profile',
      context: { permissions: ['clipboard-read', 'clipboard-write'], viewport: { width: 1280, height: 900 } },
    })
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => frames.push(payload.toString()))
      socket.on('framereceived', ({ payload }) => frames.push(payload.toString()))
    })
  })
  afterAll(() => lakegate.remove())

  const pasted = () => page.evaluate<string>('navigator.clipboard.readText()')
  const press = (label: string) => page.getByRole('button', { name: label, exact: true }).click()
  const follow = (label: string) => page.getByRole('link', { name: label, exact: true }).first().click()

  /** Everything that the server and PostgreSQL wrote, once `marker` stands in it: the right logs are looked through. */
  const logsWith = (marker: string) =>
    waitFor(`the line of ${marker} in a log`, async () => {
      const texts = [lakegate.output(), ...(await logsBelow(lakegate.dataDirectory))].join('\n')
      return texts.includes(marker) ? texts : undefined
    })

  const logIn = (user: string, password: string) =>
    inSession(lakegate, { user, password }, async (client) => {
      const { rows } = await client.query<{ session_user: string }>('SELECT session_user')
      return rows[0]?.session_user
    })

  it.skipIf(!hasPsql)(
    '2: by the labels of the vendor native login is switched on, a role with a password is made in the SQL editor, and psql logs in as it',
    async () => {
      const password = 'a Passw0rd of the vendor’s page'
      await visit(page, '/settings/profile')
      await follow('Compute')
      await follow('Database instances')
      await follow(name)
      await follow('Edit')
      await page.getByText('Enable Postgres Native Role Login').click()
      await press('Save')
      await page.getByText(`${name} is changed.`).waitFor()
      await page.getByRole('button', { name: 'Copy Connection string' }).click()
      const line = (await pasted()).replace(/user=\S+?(?="|\s)/, 'user=new_role')
      await page.getByRole('link', { name: 'New query', exact: true }).last().click()
      const editor = sqlEditorOf(page)
      await editor.run(`CREATE ROLE new_role LOGIN PASSWORD '${password}'`)
      expect(await editor.resultTabs()).toEqual(['1 CREATE ROLE', 'Messages'])
      expect(await pasteIntoShell(line, password, 'SELECT session_user')).toBe('new_role')
    },
  )

  it('4: a token that was made, copied and used is in no log of the server or of PostgreSQL', async () => {
    await visit(page, `/compute/instances/${name}`)
    await press('Get OAuth Token')
    await press('Copy OAuthToken')
    const token = await pasted()
    expect(await logIn(ada.userName, token)).toBe(ada.userName)
    const logs = await logsWith('SELECT session_user')
    expect(logs).not.toContain(token)
    // Its signature alone would be told from other lines, too.
    expect(logs).not.toContain(token.split('.')[2])
    expect(logs).not.toMatch(/eyJ[A-Za-z0-9_-]{10,}\.eyJ/)
  })

  it('32: the password of a role is in no frame, history, draft, log or view, and logs in', async () => {
    const literal = 'pl@in-Secret-9'
    await visit(page, `/sql?instance=${name}&new=true`)
    const editor = sqlEditorOf(page)
    await editor.run(`CREATE ROLE x LOGIN PASSWORD '${literal}'`)
    expect(await editor.resultTabs()).toEqual(['1 CREATE ROLE', 'Messages'])
    // One that fails, whose text PostgreSQL writes into its log once more.
    await editor.run(`CREATE ROLE x LOGIN PASSWORD E'${literal}'`)
    await editor.results.getByText('42710').waitFor()
    const seen = await asSuperuser(lakegate, 'SELECT query FROM pg_stat_activity')
    expect(JSON.stringify(seen)).not.toContain(literal)
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByText(`CREATE ROLE x LOGIN PASSWORD '•••'`).first().waitFor()
    expect(await page.evaluate<string>(KEPT_IN_BROWSER)).not.toContain(literal)
    expect(frames.join('\n')).toContain('SCRAM-SHA-256')
    expect(frames.join('\n')).not.toContain(literal)
    expect(await logsWith('CREATE ROLE x')).not.toContain(literal)
    expect(await logIn('x', literal)).toBe('x')
  })

  it('3.6: Roles makes a role with a password in the SQL session of the person, shows it once, and it logs in', async () => {
    await visit(page, `/compute/instances/${name}/roles`)
    await press('Add role')
    await page.getByRole('tab', { name: 'Password', exact: true }).click()
    await page.getByLabel('Role name').fill('app "legacy"')
    await press('Create role')
    await page.getByText('Copy its password now: it is shown only once.').waitFor()
    await press('Copy password')
    const password = await pasted()
    expect(password).toHaveLength(20)
    await press('Done')
    await page.getByRole('row', { name: /app "legacy"/ }).waitFor()
    expect(await page.evaluate<string>(KEPT_IN_BROWSER)).not.toContain(password)
    expect(await logIn('app "legacy"', password)).toBe('app "legacy"')
    await expect(
      databaseClient(lakegate, { user: 'app "legacy"', password: 'no' }).then((c) => c.connect()),
    ).rejects.toThrow()
    expect(await logsWith('CREATE ROLE "app ""legacy"""')).not.toContain(password)
  })
})
