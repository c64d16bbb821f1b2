/** The audit as its readers use it: filters in the URL, what is new, older ones, one record, a file (console-design.md §5.11). */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { AuditRecordAnswer } from '@lakegate/client'
import type { Page } from 'playwright-core'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium, visit } from '../stage/console-browser.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { createPrincipalWithRole, mintCredential, refusedLogin } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

describeInChromium('Audit', () => {
  const lakegate = sharedLakegate()
  const { ready } = lakegate
  const { name } = ready.instance
  const chromium = consoleBrowser(lakegate)
  /** Of the administrator. */
  let page: Page
  let member: Person

  /** Leaves one record of a refusal that no other test has. @returns the role that was asked for */
  async function refuseOne(): Promise<string> {
    const role = `nobody ${randomUUID()}`
    const principal = await createPrincipalWithRole(lakegate, 'Who is refused')
    await refusedLogin(lakegate, { user: role, password: await mintCredential(principal.http, name) })
    return role
  }
  const rowOf = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text })

  beforeAll(async () => {
    page = await chromium.openConsole({
      person: await createAdministrator(lakegate, { ofAccount: true }),
      path: '/settings/sessions',
    })
    member = await createPerson(lakegate, 'A member')
  })
  afterEach(async () => {
    expect(chromium.complaintsOf(page)).toEqual({ violations: [], errors: [] })
    await visit(page, '/settings/sessions')
  })

  it('filters by chips that stand in the URL, and a reason leads to its page', async () => {
    const role = await refuseOne()
    await visit(page, '/audit')
    await page.getByRole('button', { name: 'Outcome: any' }).click()
    await page.getByRole('option', { name: 'refused' }).click()
    await page.getByRole('button', { name: 'Outcome: refused' }).waitFor()
    await page.getByRole('button', { name: 'Reason: any' }).click()
    await page.getByRole('textbox', { name: 'Reason' }).fill('role_does_not_exist')
    await page.getByRole('button', { name: 'Apply' }).click()
    await rowOf(page, role).waitFor()
    const { searchParams } = new URL(page.url())
    expect(Object.fromEntries(searchParams)).toEqual({ outcome: 'refused', reason: 'role_does_not_exist' })
    await page.reload()
    await rowOf(page, role).waitFor()
    expect(
      await rowOf(page, role).getByRole('link', { name: 'role_does_not_exist' }).getAttribute('href'),
    ).toBe('/console/help/refusals/role_does_not_exist')
    await page.getByRole('button', { name: 'Clear the filter Reason' }).click()
    await page.getByRole('button', { name: 'Reason: any' }).waitFor()
    expect(new URL(page.url()).searchParams.get('reason')).toBeNull()
  })

  it('says how many are new, and shows them when it is told to', async () => {
    const first = await refuseOne()
    await visit(page, '/audit?reason=role_does_not_exist')
    await rowOf(page, first).waitFor()
    const second = await refuseOne()
    await page.getByText('1 new').waitFor()
    expect(await rowOf(page, second).count()).toBe(0)
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await rowOf(page, second).waitFor()
    await page.getByText('1 new').waitFor({ state: 'detached' })
  })

  it('loads older records by the hundred', async () => {
    const principal = await createPrincipalWithRole(lakegate, 'Who mints often')
    await Promise.all(Array.from({ length: 120 }, () => mintCredential(principal.http, name)))
    await visit(page, `/audit?event=mint_database_credential&identity_id=${principal.id}`)
    await page.getByRole('button', { name: 'Load older' }).click()
    await page.getByText('There are no older records in this range.').waitFor()
  })

  it('opens a record as JSON, and downloads the filtered range as one record a line', async () => {
    const role = await refuseOne()
    await visit(page, '/audit?reason=role_does_not_exist')
    await rowOf(page, role)
      .getByRole('button', { name: /^Show the record of/ })
      .click()
    const text = await page.getByRole('dialog').locator('pre').innerText()
    expect(JSON.parse(text)).toMatchObject({ event: 'login', outcome: 'refused', role })
    await page.keyboard.press('Escape')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download JSONL' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('audit.jsonl')
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n')
    const records = lines.map((line) => JSON.parse(line) as AuditRecordAnswer)
    expect(records.every(({ reason }) => reason === 'role_does_not_exist')).toBe(true)
    expect(records.map((record) => record.role)).toContain(role)
  })

  it('shows the account to its administrators', async () => {
    const role = await refuseOne()
    await visit(page, '/account/audit?reason=role_does_not_exist')
    await rowOf(page, role).waitFor()
  })

  it('tells a member for whom it is, and asks the server for nothing that it refuses', async () => {
    const refused: string[] = []
    const pageOfMember = await chromium.openConsole({ person: member, path: '/settings/sessions' })
    pageOfMember.on('response', (response) => {
      if (response.status() === 403) refused.push(response.url())
    })
    await visit(pageOfMember, '/audit')
    await pageOfMember.getByText('Audit is for administrators of the workspace.').waitFor()
    await visit(pageOfMember, '/account/audit')
    await pageOfMember.getByText('The audit of the account is for its administrators.').waitFor()
    expect(refused).toEqual([])
    expect(chromium.complaintsOf(pageOfMember)).toEqual({ violations: [], errors: [] })
  })
})
