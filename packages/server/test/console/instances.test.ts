/** Compute: the list of instances, and the life of one from Create to Delete, in the browser (design 5.1–5.3, §8). */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type pg from 'pg'
import type { ListDatabaseInstancesResponse, OpenSessionsAnswer } from '@lakegate/client'
import {
  consoleBrowser,
  createAdministrator,
  describeInChromium,
  type OpenConsole,
} from '../stage/console-browser.ts'
import {
  addRole,
  hasPsql,
  pasteIntoShell,
  pathOf,
  uniqueName,
  waitForState,
} from '../stage/console-instances.ts'
import { keepPage } from '../stage/kept-page.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { databaseClient, inSession, mintCredential, type Login } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

describeInChromium('Compute', () => {
  const lakegate = sharedLakegate()
  const { admin, ready } = lakegate
  const chromium = consoleBrowser(lakegate)
  const name = uniqueName('shop')
  let ada: Person
  let eve: Person

  beforeAll(async () => {
    ada = await createAdministrator(lakegate)
    eve = await createPerson(lakegate, 'Eve')
  })
  afterAll(async () => {
    // Deleted by the last test, unless one before it failed.
    const { database_instances: left } = await admin.request<ListDatabaseInstancesResponse>(
      'GET',
      '/api/2.0/database/instances?page_size=100',
    )
    if (left.some((instance) => instance.name === name)) await admin.request('DELETE', pathOf(name))
  })

  const openOwn = (path: string, more: Partial<OpenConsole> = {}) =>
    chromium.openConsole({ person: ada, path, ...more })
  const open = keepPage(openOwn)
  const openInstance = (tab = '') => open(`/compute/instances/${name}${tab}`)
  const press = (page: Page, label: string | RegExp) =>
    page.getByRole('button', { name: label, exact: typeof label === 'string' }).click()
  const badge = (page: Page, state: string) => page.getByText(state, { exact: true }).first()

  describe('Create', () => {
    it('17: shows Starting, and becomes Available without a reload', async () => {
      const page = await open('/compute/instances')
      await page.getByRole('link', { name: 'Create database instance' }).click()
      // The list that is left has a field with «name» in its label, too.
      await page.getByRole('heading', { name: 'Create database instance' }).waitFor()
      await page.getByLabel('Name').fill(name)
      await page.getByText('1 CU').click()
      await press(page, 'Create')
      await page.getByRole('heading', { name, exact: true }).waitFor()
      await page.getByText(`Instance ${name} is being created.`).waitFor()
      await page.evaluate('globalThis.isSamePage = true')
      await page.getByText(`${name} is available.`).waitFor({ timeout: 60_000 })
      await badge(page, 'Available').waitFor()
      expect(await page.evaluate('globalThis.isSamePage')).toBe(true)
      expect((await waitForState(lakegate, name, 'AVAILABLE')).effective_capacity).toBe('CU_1')
    })

    it('tells at Name that an instance of this name exists, and keeps what was typed', async () => {
      const page = await open('/compute/instances/new')
      await page.getByLabel('Name').fill(name)
      await press(page, 'Create')
      await page.getByText('An instance of this name exists.').waitFor()
      expect(await page.getByLabel('Name').inputValue()).toBe(name)
      await page.getByLabel('Name').fill('9lives')
      await press(page, 'Create')
      await page.getByText('must have 1 to 63 letters, digits and hyphens and begin with a letter.').waitFor()
    })

    it('asks before a form with something in it is left', async () => {
      const page = await open('/compute/instances/new')
      await page.getByLabel('Name').fill('half-typed')
      await page.getByRole('link', { name: 'Cancel' }).click()
      await press(page, 'Stay')
      expect(await page.getByLabel('Name').inputValue()).toBe('half-typed')
      await page.getByRole('link', { name: 'Cancel' }).click()
      await press(page, 'Leave')
      await page.getByRole('heading', { name: 'Database instances' }).waitFor()
    })

    it('shows the API call without the password of an administrator', async () => {
      const page = await open('/compute/instances/new')
      await page.getByLabel('Name').fill('sales')
      await page.getByText('Show as API call').click()
      const call = page.getByLabel('Show as API call', { exact: true })
      expect(await call.textContent()).toContain('"name": "sales"')
      expect(await call.textContent()).toContain('/api/2.0/database/instances')
    })
  })

  describe('the list', () => {
    it('keeps filter, state and order in its address, and says when nothing matches', async () => {
      const page = await open('/compute/instances')
      await page.getByRole('row', { name: new RegExp(name) }).waitFor()
      await page.getByRole('searchbox').fill('no-such-instance')
      await page.getByText('Nothing matches the filter.').waitFor()
      expect(page.url()).toContain('filter=no-such-instance')
      await page.getByRole('searchbox').fill(name)
      await page.getByRole('button', { name: /State/ }).click()
      await page.getByRole('option', { name: 'Stopped' }).click()
      await page.getByText('Nothing matches the filter.').waitFor()
      await page.reload()
      await page.getByText('Nothing matches the filter.').waitFor()
      expect(page.url()).toContain('state=STOPPED')
    })

    it('opens the row by Enter, makes a new instance by n, and a query on the row by s', async () => {
      const page = await open(`/compute/instances?filter=${name}`)
      const row = page.getByRole('row', { name: new RegExp(name) })
      await row.focus()
      await page.keyboard.press('s')
      await page.waitForURL(new RegExp(`/console/sql\\?.*instance=${name}`))
      await page.goBack()
      await row.waitFor()
      await row.focus()
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name, exact: true }).waitFor()
      await page.goBack()
      await row.waitFor()
      await page.keyboard.press('n')
      await page.getByRole('heading', { name: 'Create database instance' }).waitFor()
    })

    it('disables Create with its reason where the workspace has all that it may have', async () => {
      const page = await openOwn('/compute/instances', {
        prepare: async (context) => {
          await context.route('**/console/api/2.0/lakegate/rights', async (route) => {
            const answer = (await (await route.fetch()).json()) as Record<string, unknown>
            await route.fulfill({ json: { ...answer, instances: { used: 10, allowed: 10 } } })
          })
        },
      })
      await page
        .getByText(
          'This workspace may have 10 instances (instances-per-workspace). Delete one or ask the operator.',
        )
        .waitFor()
      expect(await page.getByRole('button', { name: 'Create database instance' }).isDisabled()).toBe(true)
    })

    it('shows below the row what is wrong with an instance', async () => {
      const page = await openOwn('/compute/instances', {
        prepare: async (context) => {
          await context.route('**/console/api/2.0/database/instances?**', async (route) => {
            const answer = (await (await route.fetch()).json()) as { database_instances: object[] }
            const [first, ...others] = answer.database_instances
            await route.fulfill({
              json: {
                ...answer,
                database_instances: [{ ...first, status_message: 'The disk is full. Make room.' }, ...others],
              },
            })
          })
        },
      })
      await page.getByText('The disk is full. Make room.').waitFor()
    })
  })

  describe('Stop and Start', () => {
    it('21: a stopped instance says why no token can be made, and starts from there', async () => {
      const page = await openInstance()
      await press(page, 'Stop')
      await page.getByRole('alertdialog', { name: `Stop ${name}?` }).waitFor()
      await press(page, `Stop ${name}`)
      await page.getByText('A token can be created when the instance is available. State: Stopped.').waitFor()
      expect(await page.getByRole('button', { name: 'Get OAuth Token' }).isDisabled()).toBe(true)
      await page
        .getByRole('button', { name: `Start ${name}` })
        .last()
        .click()
      await page.getByText(`${name} is available.`).waitFor()
      expect(await page.getByRole('button', { name: 'Get OAuth Token' }).isEnabled()).toBe(true)
    })
  })

  describe('native login', () => {
    const password = `pl@in-${uniqueName('secret')}`

    it.skipIf(!hasPsql)(
      '2: Compute, Database instances, the instance, Edit, Enable Postgres Native Role Login, Save; then psql logs in with a password',
      async () => {
        const page = await open('/compute/sessions')
        await page.getByRole('link', { name: 'Compute', exact: true }).first().click()
        await page.getByRole('link', { name: 'Database instances', exact: true }).first().click()
        await page.getByRole('link', { name, exact: true }).click()
        await page.getByRole('link', { name: 'Edit', exact: true }).click()
        await page.getByText('Enable Postgres Native Role Login').click()
        await page.getByText('Roles with a password will be able to log in without a token.').waitFor()
        await page.getByText('Native login: off → on').waitFor()
        await press(page, 'Save')
        await page.getByText(`${name} is changed.`).waitFor()
        // Typed in the SQL editor: secrets.test.ts.
        await asOwner((client) => client.query(`CREATE ROLE new_role LOGIN PASSWORD '${password}'`))
        const line = await page.getByLabel('Connection string', { exact: true }).last().textContent()
        const asRole = (line ?? '').replace(/user=\S+/, 'user=new_role')
        expect(await pasteIntoShell(asRole, password, 'SELECT session_user')).toBe('new_role')
      },
    )

    it('20: turning it off offers to end the sessions that came in by a password, and does', async () => {
      await admin.request('PATCH', `${pathOf(name)}?update_mask=enable_pg_native_login`, {
        enable_pg_native_login: true,
      })
      await asOwner((client) =>
        client.query(`DROP ROLE IF EXISTS legacy; CREATE ROLE legacy LOGIN PASSWORD '${password}'`),
      )
      const session = await connectAs({ user: 'legacy', password, instance: await endpoint() })
      const ended = new Promise<string>((resolve) => {
        session.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message))
      })
      const page = await openInstance()
      await page.getByRole('switch', { name: 'Enable Postgres Native Role Login' }).click({ force: true })
      await page.getByText('their 1 open session stays open until it ends.').waitFor()
      await page.getByText('End these sessions now').click()
      await press(page, 'Disable')
      await page.getByText('Native login is off. 1 session was ended.').waitFor()
      expect(await ended).toBe('57P01')
      const again = connectAs({ user: 'legacy', password, instance: await endpoint() })
      await expect(again).rejects.toThrow()
    })

    it('20: turning it on shows what it means', async () => {
      const page = await openInstance()
      await page.getByRole('switch', { name: 'Enable Postgres Native Role Login' }).click({ force: true })
      const dialog = page.getByRole('alertdialog', { name: `Enable Postgres native role login on ${name}?` })
      await dialog
        .getByText(
          'Roles with a password will be able to log in without a token. Such passwords do not expire, are not tied to a person, and do not end when somebody leaves. Use it for programs that cannot renew a token each hour. Tokens go on working.',
        )
        .waitFor()
      await press(page, 'Enable')
      await page.getByText('Native login is on.').waitFor()
    })
  })

  describe('Permissions', () => {
    it('are given, changed, taken back by Undo, and removed row by row', async () => {
      const page = await openInstance('/permissions')
      await press(page, 'Add permission')
      await page.getByRole('combobox', { name: 'Principal' }).fill(eve.userName)
      await page.getByRole('option').filter({ hasText: eve.userName }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Add permission' }).click()
      await page.getByText('Eve: Can use.').waitFor()
      expect(await levelOf(eve)).toBe('CAN_USE')
      await page.getByRole('button', { name: /Level of Eve/ }).click()
      await page.getByRole('option', { name: 'Can manage' }).click()
      await page.getByText('Eve: Can manage.').waitFor()
      expect(await levelOf(eve)).toBe('CAN_MANAGE')
      await page.getByRole('button', { name: 'Undo' }).last().click()
      await waitFor('the level before', async () => ((await levelOf(eve)) === 'CAN_USE' ? true : undefined))
      await press(page, 'Remove the permission of Eve')
      await page.getByText('The permission of Eve is removed.').waitFor()
      expect(await levelOf(eve)).toBeUndefined()
    })
  })

  describe('Delete', () => {
    it('19: counts what goes, and only the exact name deletes', async () => {
      await addRole(lakegate, name, eve.userName)
      await asOwner((client) => client.query('CREATE DATABASE counted'))
      await admin.request('POST', '/api/2.0/database/catalogs', {
        name: uniqueName('catalog').replace('-', '_'),
        database_instance_name: name,
        database_name: 'counted',
      })
      const password = await mintCredential(admin, name)
      for (let count = 0; count < 2; count += 1) {
        const session = await connectAs({ user: ready.admin_user, password, instance: await endpoint() })
        session.on('error', () => undefined)
      }
      const roles = await admin.request<{ database_instance_roles: unknown[] }>(
        'GET',
        `${pathOf(name)}/roles`,
      )
      // Those of the tests before are gone.
      await waitFor('the two sessions', async () => {
        const { sessions } = await admin.request<OpenSessionsAnswer>(
          'GET',
          `/api/2.0/lakegate/instances/${name}/sessions`,
        )
        return sessions.length === 2
      })
      const page = await openInstance()
      await press(page, `More actions for ${name}`)
      await page.getByRole('menuitem', { name: 'Delete' }).click()
      const count = roles.database_instance_roles.length
      expect(count).toBeGreaterThan(2)
      await page
        .getByText(
          `Its data, 2 open sessions, ${String(count)} roles and 1 catalog go. Lakegate keeps no backup of it.`,
        )
        .waitFor()
      const field = page.getByLabel(`Type ${name} to confirm`)
      await field.fill(name.toUpperCase())
      await field.press('Enter')
      expect(await page.getByRole('button', { name: `Delete ${name}` }).isDisabled()).toBe(true)
      expect((await admin.request<{ state: string }>('GET', pathOf(name))).state).toBe('AVAILABLE')
      await field.fill(name)
      await press(page, `Delete ${name}`)
      await page.getByRole('heading', { name: 'Database instances' }).waitFor()
      await page.getByRole('link', { name, exact: true }).waitFor({ state: 'detached', timeout: 60_000 })
    })
  })

  interface Permissions {
    readonly access_control_list: readonly {
      readonly user_name?: string
      readonly all_permissions: readonly { readonly permission_level: string }[]
    }[]
  }

  async function levelOf({ userName }: Person): Promise<string | undefined> {
    const { access_control_list: entries } = await admin.request<Permissions>(
      'GET',
      `/api/2.0/permissions/database-instances/${name}`,
    )
    return entries.find((entry) => entry.user_name === userName)?.all_permissions[0]?.permission_level
  }

  async function endpoint(): Promise<{ host: string; port: number }> {
    const { read_write_dns: host, read_write_port: port = 5432 } = await waitForState(
      lakegate,
      name,
      'AVAILABLE',
    )
    return { host, port }
  }

  async function connectAs(login: Login): Promise<pg.Client> {
    const client = await databaseClient(lakegate, login)
    await client.connect()
    return client
  }

  let ownerRole: Promise<unknown> | undefined

  /** The first role is Ada's, who made the instance; the administrator of the tests gets one of its own, once. */
  async function asOwner<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
    ownerRole ??= admin.request('POST', `${pathOf(name)}/roles`, {
      name: ready.admin_user,
      identity_type: 'USER',
      membership_role: 'DATABRICKS_SUPERUSER',
      attributes: { createdb: true, createrole: true },
    })
    await ownerRole
    const password = await mintCredential(admin, name)
    return inSession(lakegate, { user: ready.admin_user, password, instance: await endpoint() }, work)
  }
})
