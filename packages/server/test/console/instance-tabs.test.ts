/** Roles, catalogs, metrics and login checks of an instance as people click them (console-design.md §5.4, 5.7–5.9; §8 points 16, 36). */
import { randomUUID } from 'node:crypto'
import type { DatabaseInstanceRole, PrivilegeAssignments, ScimGroup } from '@lakegate/client'
import type { Page } from 'playwright-core'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import { keepContext } from '../stage/kept-page.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { refusal } from '../stage/refusal.ts'
import {
  createPrincipalWithRole,
  mintCredential,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const SCIM = '/api/2.0/preview/scim/v2'

describeInChromium('the tabs of an instance', () => {
  const lakegate = sharedLakegate()
  const { admin, ready } = lakegate
  const { name } = ready.instance
  const ROLES = `/api/2.0/database/instances/${name}/roles`
  const chromium = consoleBrowser(lakegate)
  const opened = new Set<Page>()
  let manager: Person
  let user: Person

  const createGroup = (members: readonly string[] = []) =>
    admin.request<ScimGroup>('POST', `${SCIM}/Groups`, {
      displayName: `Group ${randomUUID().slice(0, 8)}`,
      members: members.map((value) => ({ value })),
    })
  const roleOf = (role: string) =>
    admin.request<DatabaseInstanceRole>('GET', `${ROLES}/${encodeURIComponent(role)}`)
  const openAs = (person: Person, path: string) =>
    chromium.openConsole({
      person,
      path,
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
    })
  const pageOfManager = keepContext((path) => openAs(manager, path))
  const pageOfUser = keepContext((path) => openAs(user, path))
  const open = async (tab: string, go = pageOfManager) => {
    const page = await go(`/compute/instances/${name}${tab}`)
    opened.add(page)
    return page
  }
  const dialog = (page: Page) => page.getByRole('dialog').or(page.getByRole('alertdialog'))
  const rowOf = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text })
  const choose = async (page: Page, label: string, text: string) => {
    await page.getByRole('combobox', { name: label }).fill(text)
    await page.getByRole('option', { name: text }).first().click()
  }

  beforeAll(async () => {
    manager = await createAdministrator(lakegate, { displayName: 'Who manages' })
    user = await createPerson(lakegate, 'Who uses')
    await admin.request('PATCH', `/api/2.0/permissions/database-instances/${name}`, {
      access_control_list: [{ user_name: user.userName, permission_level: 'CAN_USE' }],
    })
  })
  afterEach(() => {
    for (const page of opened) {
      const { violations, errors } = chromium.complaintsOf(page)
      // Taken out: the next test has the same page.
      expect({ violations: violations.splice(0), errors: errors.splice(0) }).toEqual({
        violations: [],
        errors: [],
      })
    }
    opened.clear()
  })

  describe('Roles', () => {
    it('adds the role of a group by its name, with what it may do, and shows the SQL of it', async () => {
      const group = await createGroup()
      const page = await open('/roles')
      await page.getByRole('button', { name: 'Add role' }).click()
      await choose(page, 'Principal', group.displayName)
      await dialog(page).getByText(`The role will be named exactly ${group.displayName}.`).waitFor()
      await dialog(page).getByText('BYPASSRLS').click()
      await dialog(page).getByText('sees and changes rows that row security hides').waitFor()
      await dialog(page).getByText('Show as SQL').click()
      await dialog(page)
        .getByText(`SELECT databricks_create_role('${group.displayName}', 'GROUP');`)
        .waitFor()
      await dialog(page).getByRole('button', { name: 'Add role' }).click()
      await rowOf(page, group.displayName).waitFor()
      expect(await roleOf(group.displayName)).toMatchObject({
        identity_type: 'GROUP',
        identity_id: group.id,
        effective_attributes: { bypassrls: true, createdb: false, createrole: false },
      })
    })

    it('keeps who was chosen where there are more than the list shows at once', async () => {
      const groups = await Promise.all(Array.from({ length: 25 }, () => createGroup()))
      const last =
        groups
          .map(({ displayName }) => displayName)
          .sort()
          .at(-1) ?? ''
      // Not one that is kept: there the network has been idle since its load.
      const page = await open('/roles', (path) => openAs(manager, path))
      await page.getByRole('button', { name: 'Add role' }).click()
      await choose(page, 'Principal', last)
      await dialog(page).getByText('Every member of the group, direct or nested').waitFor()
      await page.waitForLoadState('networkidle')
      await dialog(page).getByRole('button', { name: 'Add role' }).click()
      await rowOf(page, last).waitFor()
      await page.context().close()
    })

    it('changes what a role may do, and drops it', async () => {
      const role = `role ${randomUUID().slice(0, 8)}`
      await admin.request('POST', ROLES, { name: role })
      const page = await open(`/roles?filter=${encodeURIComponent(role)}`)
      await page.getByRole('button', { name: `More actions for ${role}` }).click()
      await page.getByRole('menuitem', { name: 'Change attributes' }).click()
      await dialog(page).getByText('CREATEDB').click()
      await dialog(page).getByRole('button', { name: 'Save' }).click()
      await waitFor('the change', async () => (await roleOf(role)).effective_attributes.createdb)
      await page.getByRole('button', { name: `More actions for ${role}` }).click()
      await page.getByRole('menuitem', { name: 'Drop role' }).click()
      await dialog(page).getByRole('button', { name: 'Drop role' }).click()
      await page.getByText('Nothing matches the filter.').waitFor()
      expect(await refusal(roleOf(role))).toMatchObject({ status: 404 })
    })

    it('says of a role whose identity was deleted that nobody can log in', async () => {
      const group = await createGroup()
      await admin.request('POST', ROLES, { name: group.displayName, identity_type: 'GROUP' })
      await admin.request('DELETE', `${SCIM}/Groups/${group.id}`)
      const page = await open(`/roles?filter=${encodeURIComponent(group.displayName)}`)
      await rowOf(page, group.displayName).getByText('Identity deleted: nobody can log in').waitFor()
    })

    it('lets who may only use the instance add the own role, and nothing else', async () => {
      const page = await open('/roles', pageOfUser)
      await page.getByRole('button', { name: 'Add my role' }).waitFor()
      expect(await page.getByRole('button', { name: 'Add role' }).count()).toBe(0)
      expect(await page.getByRole('button', { name: /More actions for/ }).count()).toBe(0)
      await page.getByRole('button', { name: 'Add my role' }).click()
      await page.getByText(`Role ${user.userName} added.`).first().waitFor()
      await page.getByRole('button', { name: 'Add my role' }).waitFor({ state: 'detached' })
      expect(await roleOf(user.userName)).toMatchObject({ identity_type: 'USER', identity_id: user.id })
    })
  })

  describe('Catalogs', () => {
    it('registers a catalog, grants SELECT on it and on a schema, revokes and removes', async () => {
      const catalog = `c_${randomUUID().slice(0, 8)}`
      const group = await createGroup()
      const readers = async (type: string, of: string) => {
        const answer = await admin.request<PrivilegeAssignments>(
          'GET',
          `/api/2.1/unity-catalog/permissions/${type}/${of}`,
        )
        return answer.privilege_assignments.map(({ principal }) => principal)
      }
      const page = await open('/catalogs')
      await page.getByRole('button', { name: 'Register catalog' }).click()
      await dialog(page).getByLabel('Name').fill(catalog)
      await choose(page, 'Database', 'databricks_postgres')
      await dialog(page).getByRole('button', { name: 'Register catalog' }).click()
      await page.getByRole('heading', { name: `Who may read ${catalog}` }).waitFor()
      await choose(page, 'Principal', group.displayName)
      await page.getByRole('button', { name: 'Grant SELECT' }).click()
      await rowOf(page, group.displayName).waitFor()
      expect(await readers('catalog', catalog)).toEqual([group.displayName])
      await page.getByRole('textbox', { name: 'Schema', exact: true }).fill('public')
      await page.getByRole('button', { name: 'Show its readers' }).click()
      await page.getByRole('heading', { name: `Who may read ${catalog}.public` }).waitFor()
      await choose(page, 'Principal', group.displayName)
      await page.getByRole('button', { name: 'Grant SELECT' }).click()
      await page.getByRole('button', { name: `Revoke SELECT from ${group.displayName}` }).click()
      await page.getByText('Nobody was granted SELECT on it.').waitFor()
      expect(await readers('schema', `${catalog}.public`)).toEqual([])
      await page.getByRole('button', { name: `More actions for ${catalog}`, exact: true }).click()
      await page.getByRole('menuitem', { name: 'Remove' }).click()
      await dialog(page).getByRole('button', { name: 'Remove' }).click()
      await page
        .getByRole('navigation', { name: 'Catalogs and tables' })
        .getByText(catalog, { exact: true })
        .waitFor({ state: 'detached' })
    })
  })

  describe('Metrics', () => {
    it('says in a sentence and in a table what a chart shows, and leads from a refusal to the audit of it', async () => {
      const page = await open('/metrics?span=15m')
      await page.getByText(/Open sessions: [\d,]+ now, at most/).waitFor()
      await page
        .getByRole('img', { name: /Open sessions: / })
        .locator('canvas')
        .first()
        .waitFor()
      const stranger = await createPrincipalWithRole(lakegate, 'Stranger')
      await refusedLogin(lakegate, {
        user: `nobody ${randomUUID()}`,
        password: await mintCredential(stranger.http, name),
      })
      // The point of these ten seconds comes when they are over.
      const link = page.getByRole('link', { name: /^Refused: / }).first()
      await link.waitFor({ timeout: 60_000 })
      await page.getByText('Show as table').nth(1).click()
      await page
        .getByRole('columnheader', { name: /^Refused: / })
        .first()
        .waitFor()
      await link.click()
      await page.getByRole('heading', { name: 'Audit' }).waitFor()
      const { searchParams } = new URL(page.url())
      expect(searchParams.get('outcome')).toBe('refused')
      expect(searchParams.get('reason')).not.toBeNull()
    }, 120_000)
  })

  describe('Check a login', () => {
    const cases: readonly (readonly [
      what: string,
      prepare: () => Promise<TestServicePrincipal & { role: string }>,
    ])[] = [
      [
        'a role that there is not',
        async () => ({ ...(await createPrincipalWithRole(lakegate, 'one')), role: 'nobody-here' }),
      ],
      [
        'the role of a group that one is not in',
        async () => {
          const group = await createGroup()
          await admin.request('POST', ROLES, { name: group.displayName, identity_type: 'GROUP' })
          return { ...(await createPrincipalWithRole(lakegate, 'two')), role: group.displayName }
        },
      ],
      [
        'the role of somebody else',
        async () => ({
          ...(await createPrincipalWithRole(lakegate, 'three')),
          role: (await createPrincipalWithRole(lakegate, 'other')).applicationId,
        }),
      ],
      [
        'a role that is bound to nobody',
        async () => {
          const role = `unbound ${randomUUID().slice(0, 8)}`
          await admin.request('POST', ROLES, { name: role })
          return { ...(await createPrincipalWithRole(lakegate, 'four')), role }
        },
      ],
      [
        'a group that exists no more',
        async () => {
          const group = await createGroup()
          await admin.request('POST', ROLES, { name: group.displayName, identity_type: 'GROUP' })
          await admin.request('DELETE', `${SCIM}/Groups/${group.id}`)
          return { ...(await createPrincipalWithRole(lakegate, 'five')), role: group.displayName }
        },
      ],
    ]

    it.each(cases)('shows of %s the refusal that psql gets, word by word', async (_what, prepare) => {
      const { applicationId, http, role } = await prepare()
      const refused = await refusedLogin(lakegate, {
        user: role,
        password: await mintCredential(http, name),
      })
      const page = await open(
        `/login-check?identity=${encodeURIComponent(applicationId)}&role=${encodeURIComponent(role)}`,
      )
      const card = page.getByRole('group').filter({ hasText: refused.code ?? '' })
      await card.waitFor()
      const shown = (await card.innerText()).replaceAll('\u00a0', ' ')
      for (const part of [refused.message, refused.detail, refused.hint])
        if (part !== undefined) expect(shown).toContain(part)
      const step = page.getByRole('listitem').filter({ hasText: 'no:' })
      expect(await step.count()).toBe(1)
    })

    it('names the groups through which one would be let in, and copies it all for a ticket', async () => {
      const inner = await createGroup()
      const group = await createGroup([inner.id])
      await admin.request('POST', ROLES, { name: group.displayName, identity_type: 'GROUP' })
      const page = await open(`/login-check?role=${encodeURIComponent(group.displayName)}`)
      await page
        .getByText(
          `Add the identity to ${group.displayName} or to one of its member groups: ${inner.displayName}.`,
        )
        .waitFor()
      await page.getByRole('button', { name: 'Copy for a ticket' }).click()
      const ticket = await page.evaluate<string>('navigator.clipboard.readText()')
      expect(ticket).toContain(`Login check: ${manager.userName} as ${group.displayName} on ${name}`)
      expect(ticket).toContain('not_a_member · 28000')
      expect(await page.getByRole('link', { name: 'Open group' }).getAttribute('href')).toContain(
        `/identity/groups/${group.id}`,
      )
    })

    it('lets who only uses the instance ask about itself', async () => {
      const page = await open(`/login-check?identity=${manager.userName}&role=nobody-here`, pageOfUser)
      await page.getByText(`${user.userName} cannot log in as nobody-here.`).waitFor()
      expect(await page.getByRole('combobox', { name: 'Who' }).count()).toBe(0)
    })
  })
})
