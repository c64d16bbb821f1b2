/** The overview of an instance: the steps of the vendor's page by their labels, and what becomes of the token (console-design §5.3, §8). */
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  consoleBrowser,
  createAdministrator,
  describeInChromium,
  visit,
  type OpenConsole,
} from '../stage/console-browser.ts'
import { addRole, hasPsql, pasteIntoShell } from '../stage/console-instances.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

describeInChromium('the OAuth token of the overview', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  const { name } = lakegate.ready.instance
  const overview = `/compute/instances/${name}`
  let ada: Person
  let eve: Person
  /** Of Ada, one after the other: she comes to the overview anew for each test. */
  let pageOfAda: Page

  beforeAll(async () => {
    ada = await createPerson(lakegate, 'Ada')
    eve = await createPerson(lakegate, 'Eve')
    await addRole(lakegate, name, ada.userName)
    pageOfAda = await openOverview(ada)
  })

  const clipboard: OpenConsole['context'] = { permissions: ['clipboard-read', 'clipboard-write'] }
  const openOverview = (person: Person, more: Partial<OpenConsole> = {}) =>
    chromium.openConsole({ person, path: overview, context: clipboard, ...more })
  const comeToOverview = async () => {
    await visit(pageOfAda, '/settings/appearance')
    await visit(pageOfAda, overview)
    return pageOfAda
  }
  const pasted = (page: Page) => page.evaluate<string>('navigator.clipboard.readText()')
  const press = (page: Page, label: string) => page.getByRole('button', { name: label }).click()
  const flag = (page: Page) => page.locator('p[role=status]')

  it.skipIf(!hasPsql)(
    '1: Get OAuth Token, the flag, Copy OAuthToken, the copy icon of Connection string: what was copied opens psql',
    async () => {
      const page = await comeToOverview()
      await press(page, 'Get OAuth Token')
      await flag(page).filter({ hasText: 'Token created for' }).waitFor()
      await press(page, 'Copy OAuthToken')
      const token = await pasted(page)
      await press(page, 'Copy Connection string')
      const line = await pasted(page)
      expect(line).toMatch(/^psql "host=/)
      expect(line).not.toContain(token)
      expect(await pasteIntoShell(line, token, 'SELECT session_user')).toBe(ada.userName)
      expect(chromium.complaintsOf(page)).toEqual({ violations: [], errors: [] })
    },
  )

  it.skipIf(!hasPsql)('7.1: the pooled endpoint opens psql in the same way', async () => {
    const page = await comeToOverview()
    await page.getByText('Pooled').click()
    await press(page, 'Get OAuth Token')
    await press(page, 'Copy OAuthToken')
    const token = await pasted(page)
    await press(page, 'Copy Connection string')
    const line = await pasted(page)
    expect(line).toContain(`port=${String(lakegate.ready.instance.pooled_port)}`)
    expect(await pasteIntoShell(line, token, 'SELECT session_user')).toBe(ada.userName)
  })

  it('offers the certificate of the authority, which the verify-full line names', async () => {
    const page = await comeToOverview()
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download CA file')])
    expect(download.suggestedFilename()).toBe('lakegate-ca.pem')
    const saved = await readFile(await download.path(), 'utf8')
    expect(saved).toBe(await readFile(lakegate.ready.ca_file, 'utf8'))
    await press(page, 'Copy verify-full line')
    expect(await pasted(page)).toContain('sslmode=verify-full sslrootcert=lakegate-ca.pem')
    expect(chromium.complaintsOf(page).violations).toEqual([])
  })

  describe('3: the flag', () => {
    it('has the role status, and names the identity and the local time at which the token expires', async () => {
      const page = await openOverview(ada, { context: { ...clipboard, timezoneId: 'Asia/Tokyo' } })
      const minted = page.waitForResponse(/\/2\.0\/database\/credentials$/)
      await press(page, 'Get OAuth Token')
      const { expiration_time: expires } = (await (await minted).json()) as { expiration_time: string }
      const time = new Intl.DateTimeFormat('en', {
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
        timeZone: 'Asia/Tokyo',
      }).format(new Date(expires))
      await flag(page)
        .filter({
          hasText: `Token created for ${ada.userName}. It is the password for new connections until ${time}.`,
        })
        .waitFor()
    })

    it('says at zero that open sessions are not affected, and that a second token leaves the first valid', async () => {
      const page = await openOverview(ada, { prepare: (context) => context.clock.install() })
      await press(page, 'Get OAuth Token')
      await page.getByText(/59:\d\d left|01:00:00 left/).waitFor()
      await press(page, 'Get OAuth Token')
      await flag(page).filter({ hasText: 'Earlier ones stay valid until they expire.' }).waitFor()
      await page.clock.fastForward('01:00:01')
      await flag(page)
        .filter({ hasText: 'New connections need a new one; open sessions are not affected.' })
        .waitFor()
      expect(await page.getByRole('button', { name: 'Copy OAuthToken' }).count()).toBe(0)
    })
  })

  it('4: the token is nowhere but in the clipboard after copying and leaving', async () => {
    const page = await comeToOverview()
    await press(page, 'Get OAuth Token')
    await press(page, 'Copy OAuthToken')
    const token = await pasted(page)
    expect(token.split('.')).toHaveLength(3)
    await page
      .getByRole('link', { name: 'Database instances' })
      .or(page.getByRole('link', { name: 'Compute' }))
      .first()
      .click()
    await page.getByRole('heading', { name: 'Database instances' }).waitFor()
    const kept = await page.evaluate<string>(`(async () => {
      const databases = await indexedDB.databases()
      const stored = await Promise.all(databases.map(({ name }) => new Promise((resolve) => {
        const request = indexedDB.open(name)
        request.onsuccess = () => {
          const database = request.result
          const names = [...database.objectStoreNames]
          if (names.length === 0) return resolve('')
          const transaction = database.transaction(names)
          const found = []
          for (const one of names) transaction.objectStore(one).getAll().onsuccess = (event) => found.push(event.target.result)
          transaction.oncomplete = () => resolve(JSON.stringify(found))
        }
      })))
      return JSON.stringify([location.href, document.title, document.documentElement.outerHTML, { ...localStorage },
        { ...sessionStorage }, history.state, stored])
    })()`)
    expect(kept).not.toContain(token)
    // The signature alone would do, too.
    expect(kept).not.toContain(token.split('.')[2])
    await page.goBack()
    await page.getByRole('button', { name: 'Get OAuth Token' }).waitFor()
    expect(await page.getByRole('button', { name: 'Copy OAuthToken' }).count()).toBe(0)
  })

  it('takes the token off the page when nobody has looked at it for five minutes', async () => {
    const page = await openOverview(ada, { prepare: (context) => context.clock.install() })
    await press(page, 'Get OAuth Token')
    await page.getByRole('button', { name: 'Copy OAuthToken' }).waitFor()
    await page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))`)
    await page.clock.fastForward('05:01')
    await flag(page).filter({ hasText: 'not looked at for 5 minutes' }).waitFor()
    expect(await page.getByRole('button', { name: 'Copy OAuthToken' }).count()).toBe(0)
  })

  it('15: who has neither a role nor a level reads whom to ask, meets no dead button and no 403', async () => {
    const refused: string[] = []
    const page = await openOverview(eve, {
      prepare: async (context) => {
        context.on('response', (response) => {
          if (response.status() === 403) refused.push(response.url())
        })
      },
    })
    await page
      .getByText(
        `You have no role in ${name}. Ask ${lakegate.ready.admin_user} (owner) for CAN USE, or for a role.`,
      )
      .waitFor()
    await press(page, 'Copy request')
    expect(await pasted(page)).toContain(eve.userName)
    await page.getByRole('link', { name: 'Check this login' }).waitFor()
    for (const dead of ['Get OAuth Token', 'Edit', 'Stop'])
      expect(await page.getByText(dead, { exact: true }).count(), dead).toBe(0)
    // The last that the page asks for is there.
    await page.getByText('Restore window').waitFor()
    expect(refused).toEqual([])
  })

  it('signs in as the role of a group, with the path to it in words', async () => {
    const group = await lakegate.admin.request<{ id: string; displayName: string }>(
      'POST',
      '/api/2.0/preview/scim/v2/Groups',
      { displayName: `analysts ${ada.id}`, members: [{ value: ada.id }] },
    )
    await addRole(lakegate, name, group.displayName, 'GROUP')
    const page = await comeToOverview()
    // What Ada may log in as was asked before she was in the group.
    await page.reload()
    await page.getByRole('button', { name: /Sign in as/ }).click()
    await page.getByRole('option', { name: group.displayName }).click()
    await page.getByText(`through ${group.displayName} › `).first().waitFor()
    await press(page, 'Copy Connection string')
    expect(await pasted(page)).toContain(`user='${group.displayName}'`)
    if (!hasPsql) return
    await press(page, 'Get OAuth Token')
    await press(page, 'Copy OAuthToken')
    const token = await pasted(page)
    await press(page, 'Copy Connection string')
    expect(await pasteIntoShell(await pasted(page), token, 'SELECT session_user')).toBe(group.displayName)
  })

  it('an administrator without a role may make a token, and reads that a login needs a role', async () => {
    const page = await openOverview(await createAdministrator(lakegate))
    await page.getByText(`You have no role in ${name} yet.`).waitFor()
    expect(await page.getByRole('button', { name: 'Get OAuth Token' }).isEnabled()).toBe(true)
  })

  it('has the connection string in the form of each client', async () => {
    const page = await comeToOverview()
    const { host, port, database } = lakegate.ready.instance
    // Its name for a moment after it was pressed is another.
    const copy = page.getByRole('button', { name: /^(?:Copy Connection string|Copied)$/ })
    const forms = ['URI', 'JDBC', '.env', 'Python', 'Node', 'Go', 'Java', 'libpq 18 (no token)']
    const texts = new Set<string>()
    for (const form of forms) {
      await page.getByRole('tab', { name: form, exact: true }).click()
      await copy.click()
      const text = await pasted(page)
      for (const part of [host, String(port), database]) expect(text, form).toContain(part)
      texts.add(text)
    }
    expect(texts.size).toBe(forms.length)
  })
})
