/** Identity and access, and Account, as people click them (console-design.md §5.12, §5.14; §8 points 16, 38). */
import { randomUUID } from 'node:crypto'
import type { ScimGroup, ScimServicePrincipal, ScimUser } from '@lakegate/client'
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import { goWithin, keepPage } from '../stage/kept-page.ts'
import { settle } from '../stage/page-checks.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const SCIM = '/api/2.0/preview/scim/v2'

describeInChromium('Identity and access', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  let administrator: Person
  let accountAdministrator: Person
  let member: Person

  beforeAll(async () => {
    ;[administrator, accountAdministrator, member] = await Promise.all([
      createAdministrator(lakegate, {}),
      createAdministrator(lakegate, { ofAccount: true }),
      createPerson(lakegate, 'A Member'),
    ])
  })

  const openAs = (person: Person, path: string) =>
    chromium.openConsole({
      person,
      path,
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
    })
  const open = keepPage((path) => openAs(administrator, path))
  const openAccount = keepPage((path) => openAs(accountAdministrator, path))
  const dialog = (page: Page) => page.getByRole('dialog').or(page.getByRole('alertdialog'))
  const clipboard = (page: Page) => page.evaluate<string>('navigator.clipboard.readText()')

  it('adds a user, whose sign-in link is shown once and sets a password', async () => {
    const page = await open('/identity/users')
    const email = `${randomUUID()}@example.com`
    await page.getByRole('button', { name: 'Add user' }).click()
    await dialog(page).getByLabel('E-mail').fill(email)
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('heading', { name: 'Sign-in link' }).waitFor()
    await dialog(page).getByRole('button', { name: 'Copy link' }).click()
    const link = await clipboard(page)
    expect(link).toContain(`${lakegate.ready.http_url}/oidc/password/`)
    expect((await fetch(link)).status).toBe(200)
    await dialog(page).getByRole('button', { name: 'Done' }).click()
    await page.reload()
    await page.getByRole('searchbox', { name: 'Filter by user name' }).fill(email)
    await page.getByRole('link', { name: email }).waitFor()
    expect(await page.content()).not.toContain('/oidc/password/')
  })

  it('opens the page of a user whose link could not be created: the user is there, and gets another one', async () => {
    const page = await open('/identity/users')
    const email = `${randomUUID()}@example.com`
    const links = '**/console/api/2.0/lakegate/users/*/sign-in-link'
    await page.route(links, (route) => route.abort())
    await page.getByRole('button', { name: 'Add user' }).click()
    await dialog(page).getByLabel('E-mail').fill(email)
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText(`${email} was added, but the sign-in link could not be created.`).waitFor()
    await page.getByRole('heading', { level: 1, name: email }).waitFor()
    await page.unroute(links)
  })

  it('generates a secret with which the program gets a token, shows it once, and asks before it goes uncopied', async () => {
    const principal = await lakegate.admin.request<ScimServicePrincipal>(
      'POST',
      `${SCIM}/ServicePrincipals`,
      {
        displayName: `program ${randomUUID()}`,
      },
    )
    const page = await open(`/identity/service-principals/${principal.id}`)
    await page.getByRole('button', { name: 'Generate secret' }).click()
    // Said to screen readers when the field is left, and taken back when it is changed again.
    await dialog(page).getByLabel('Lifetime in days').fill('90')
    await page.keyboard.press('Tab')
    await dialog(page).getByLabel('Lifetime in days').fill('30')
    await dialog(page).getByRole('button', { name: 'Generate secret' }).click()
    await page.getByText('Secret created. Copy it now: it is shown only once.').waitFor()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('heading', { name: 'Close without having copied the secret?' }).waitFor()
    await dialog(page).getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Copy secret' }).click()
    const secret = await clipboard(page)
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByText('Secret created.').waitFor({ state: 'detached' })
    const answer = await fetch(`${lakegate.ready.http_url}/oidc/v1/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${principal.applicationId}:${secret}`).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'all-apis' }),
    })
    expect(answer.status, await answer.clone().text()).toBe(200)
    await page.reload()
    await page.getByText('OAuth secrets 1 of 5').waitFor()
    expect(chromium.complaintsOf(page).violations).toEqual([])
    expect(await page.content()).not.toContain(secret)
  })

  it('puts people into groups, and shows who can sign in as a group through another one', async () => {
    const inner = await makeGroup(`inner ${randomUUID()}`)
    const outer = await makeGroup(`outer ${randomUUID()}`)
    await addMember(inner, 'A Member', member.userName)
    await addMember(outer, inner.displayName)
    const page = await open(`/identity/groups/${outer.id}`)
    const effective = page.getByRole('grid', { name: 'Who can sign in as this group' })
    await effective.getByText(`${outer.displayName} › ${inner.displayName}`).waitFor()

    async function addMember(group: ScimGroup, name: string, sought = name) {
      const groupPage = await open(`/identity/groups/${group.id}`)
      await groupPage.getByRole('button', { name: 'Add members' }).click()
      await groupPage.getByRole('combobox', { name: 'Member' }).fill(sought)
      await groupPage.getByRole('option').filter({ hasText: sought }).click()
      await dialog(groupPage).getByRole('button', { name: 'Add', exact: true }).click()
      await groupPage.getByText(`${name} is in ${group.displayName}.`).waitFor()
    }
  })

  it('removes a member after having said what that means', async () => {
    const group = await makeGroup(`left ${randomUUID()}`, [member.id])
    const page = await open(`/identity/groups/${group.id}`)
    const members = page.getByRole('grid', { name: 'Members' })
    await members.getByRole('button', { name: 'Remove' }).click()
    await dialog(page).getByText('It can no longer sign in as').waitFor()
    await dialog(page).getByRole('button', { name: 'Remove from group' }).click()
    await page.getByText('Nobody is in this group.').first().waitFor()
  })

  it('tells of a change that somebody else made meanwhile, and keeps what was typed beside it', async () => {
    const group = await makeGroup(`changed ${randomUUID()}`)
    const page = await open(`/identity/groups/${group.id}`)
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    const name = `typed ${randomUUID()}`
    await dialog(page).getByLabel('Display name').fill(name)
    await lakegate.admin.request('PATCH', `${SCIM}/Groups/${group.id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: [{ value: member.id }] }],
    })
    await dialog(page).getByRole('button', { name: 'Save' }).click()
    await dialog(page).getByText('Changed by somebody else meanwhile.').waitFor()
    await dialog(page).getByRole('button', { name: 'Reload' }).click()
    expect(await dialog(page).getByLabel('Display name').inputValue()).toBe(name)
    await dialog(page).getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
    await page.getByRole('grid', { name: 'Members' }).getByText('A Member').waitFor()
  })

  it('takes nothing back that somebody else changed meanwhile in a field that was not touched', async () => {
    const person = await createPerson(lakegate, 'Promoted meanwhile')
    const users = `/api/2.0/accounts/${lakegate.ready.account_id}/scim/v2/Users/${person.id}`
    const page = await openAccount(`/account/users/${person.id}`)
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await dialog(page).getByLabel('Display name').fill('Typed beside it')
    await lakegate.admin.request('PATCH', users, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'roles', value: [{ value: 'account_admin' }] }],
    })
    await dialog(page).getByRole('button', { name: 'Save' }).click()
    await dialog(page).getByRole('button', { name: 'Reload' }).click()
    await dialog(page).getByRole('button', { name: 'Save' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    const after = await lakegate.admin.request<ScimUser>('GET', users)
    expect(after).toMatchObject({ displayName: 'Typed beside it', roles: [{ value: 'account_admin' }] })
  })

  it('deactivates a user, and deletes one only by the exact name', async () => {
    const leaver = await createPerson(lakegate, 'Leaver')
    const page = await open(`/identity/users/${leaver.id}`)
    const more = page.getByRole('button', { name: `More actions for ${leaver.userName}` })
    await more.click()
    await page.getByRole('menuitem', { name: 'Deactivate' }).click()
    await dialog(page).getByRole('button', { name: 'Deactivate' }).click()
    await page.getByText('Deactivated').first().waitFor()
    await more.click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    const name = leaver.userName.split('@')[0] ?? ''
    const remove = dialog(page).getByRole('button', { name: `Delete ${leaver.userName}` })
    await dialog(page).getByLabel(`Type ${name} to confirm`).fill(name.slice(1))
    await page.keyboard.press('Enter')
    expect(await remove.isDisabled()).toBe(true)
    await dialog(page).getByLabel(`Type ${name} to confirm`).fill(name)
    await remove.click()
    await page.waitForURL('**/identity/users')
  })

  it('shows a member no control that would be refused, and asks nothing that is refused', async () => {
    const refused: string[] = []
    const page = await openAs(member, '/help/shortcuts')
    page.on('response', (response) => {
      if (response.status() === 403) refused.push(response.url())
    })
    for (const [path, heading] of [
      ['/identity/users', 'Users'],
      [`/identity/users/${administrator.id}`, administrator.userName],
      ['/identity/groups', 'Groups'],
    ] as const) {
      await goWithin(page, `/console${path}`)
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
      await settle(page)
      await page.getByRole('link', { name: 'Users', exact: true }).first().waitFor()
      for (const name of [/^Add /, 'Edit', /^More actions for/, 'Generate secret'])
        expect(
          await page.getByRole('main').getByRole('button', { name }).count(),
          `${path} ${String(name)}`,
        ).toBe(0)
    }
    expect(refused).toEqual([])
  })

  it('shows a name of markup, right-to-left marks and 255 characters as what it is', async () => {
    const name = `<img src=x onerror=alert(1)> عربي ${'long '.repeat(60)}`.slice(0, 240).trim()
    const group = await makeGroup(`${name}${randomUUID().slice(0, 8)}`)
    const page = await openAs(administrator, `/identity/groups/${group.id}`)
    await expect
      .poll(() => page.getByRole('heading', { level: 1 }).innerText(), { timeout: 10_000 })
      .toBe(group.displayName)
    expect(chromium.complaintsOf(page)).toEqual({ violations: [], errors: [] })
  })

  it('keeps the account for its administrators', async () => {
    const page = await open('/account/workspaces')
    await page.getByText('The account is for its administrators.').waitFor()
    expect(await page.getByRole('button', { name: 'Create workspace' }).count()).toBe(0)
  })

  it('registers an application, shows its secret once, and deletes it', async () => {
    const page = await openAccount('/account/applications')
    const name = `app ${randomUUID()}`
    await page.getByRole('button', { name: 'Add application' }).click()
    await dialog(page).getByLabel('Name').fill(name)
    await dialog(page).getByLabel('Redirect URLs').fill('https://app.example.com/callback')
    await dialog(page).getByRole('button', { name: 'Add application' }).click()
    await page.getByText('Application created. Copy the secret now: it is shown only once.').waitFor()
    await page.getByRole('button', { name: 'Copy secret' }).click()
    expect((await clipboard(page)).length).toBeGreaterThan(20)
    await page.getByRole('button', { name: 'Done' }).click()
    const row = page.getByRole('row', { name: new RegExp(name) })
    await row.getByRole('button', { name: 'Delete' }).click()
    await dialog(page).getByLabel(`Type ${name} to confirm`).fill(name)
    await dialog(page)
      .getByRole('button', { name: `Delete ${name}` })
      .click()
    await row.waitFor({ state: 'detached' })
  })

  it('assigns an identity of the account to a workspace, saying whom that trusts', async () => {
    const page = await openAccount(`/account/workspaces/${lakegate.ready.workspace_id}`)
    const person = await createPerson(lakegate, 'Assigned')
    await page.getByRole('button', { name: 'Assign', exact: true }).click()
    await page.getByRole('combobox', { name: 'Principal' }).fill(person.userName)
    await page.getByRole('option').filter({ hasText: person.userName }).click()
    await dialog(page).getByText('This trusts the administrators of').waitFor()
    await dialog(page).getByRole('button', { name: 'Assign', exact: true }).click()
    await page.getByText('Assigned was assigned.').waitFor()
  })

  const makeGroup = (displayName: string, members: readonly string[] = []) =>
    lakegate.admin.request<ScimGroup>('POST', `${SCIM}/Groups`, {
      displayName,
      members: members.map((value) => ({ value })),
    })
})
