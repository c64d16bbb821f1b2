/**
 * The console shows what the policy permits: for each row of docs/permissions.md the control that does it is there for whoever
 * may, and absent for whoever may not (console-design §8, point 16). Rows and columns are those of the table itself.
 */
import { randomUUID } from 'node:crypto'
import type { ScimUser } from '@lakegate/client'
import type { BrowserContext, Locator, Page, Request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEEDS, EVERYBODY, type Who } from '../policy/who-may.ts'
import { consoleBrowser, createAdministrator, describeInChromium, visit } from '../stage/console-browser.ts'
import { addRole, pathOf, uniqueName, waitForState } from '../stage/console-instances.ts'
import { signInToConsole } from '../stage/console-session.ts'
import { createNativeInstance } from '../stage/native-instance.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { inSession, mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

/** What stands in the addresses and names of the controls. */
interface Things {
  /** In which the person has a role of its own, if `hasRole` of the control. */
  readonly instance: string
  readonly shared: string
  readonly unshared: string
  readonly ofWorkspace: string
  readonly ofAccount: string
  readonly accountAdministrator: string
}

interface Control {
  readonly path: (things: Things) => string
  /** Opens what the control is in. */
  readonly open?: (page: Page) => Promise<unknown>
  readonly find: (page: Page, things: Things) => Locator
  /** Looked for while the person has no role in the instance. */
  readonly withoutRole?: true
}

const DATABASE = 'listed_database'
const button = (name: string | RegExp) => (page: Page) =>
  page.getByRole('button', { name, exact: typeof name === 'string' })
const link = (name: string) => (page: Page) => page.getByRole('link', { name, exact: true })
const onInstance =
  (tab = '') =>
  ({ instance }: Things) =>
    `/compute/instances/${instance}${tab}`
const onUser = (which: 'ofWorkspace' | 'ofAccount' | 'accountAdministrator') => (things: Things) =>
  `/identity/users/${things[which]}`
const sqlEditor = ({ instance }: Things) => `/sql?instance=${instance}&new=true`
const openSaved = (page: Page) => page.getByRole('tab', { name: 'Saved', exact: true }).click()
/** Again where the page still changed when it was pressed: a list closes when what it belongs to moves. */
const openDatabases = (page: Page) =>
  waitFor('the list of databases', async () => {
    const list = page.getByRole('listbox')
    if (await list.isVisible()) return true
    await page.getByRole('group', { name: 'Where the SQL runs' }).getByRole('button').nth(1).click()
    return list.isVisible()
  })

/** Hints of what other tests change would have every page ask again. */
const NO_HINTS = `self.EventSource = class extends EventTarget { close() {} }`

const NONE = 'the console has no control for it'

/** By the titles of the rows. */
const CONTROLS: Readonly<Record<string, readonly Control[] | typeof NONE>> = {
  'mint a credential with a role in the instance, or as a member of a group that has one': [
    { path: onInstance(), find: button('Get OAuth Token') },
    { path: onInstance(), find: link('New Query') },
  ],
  'mint a credential without such a role': [
    { path: onInstance(), find: button('Get OAuth Token'), withoutRole: true },
  ],
  'see the roles and the permissions of the instance': [
    { path: onInstance(), find: link('Roles') },
    { path: onInstance(), find: link('Permissions') },
  ],
  'see how the instance is used over time': [{ path: onInstance(), find: link('Metrics') }],
  'create one’s own role, without attributes': [
    { path: onInstance('/roles'), find: button('Add my role'), withoutRole: true },
  ],
  'create one’s own role with attributes or membership in databricks_superuser': [
    { path: onInstance('/roles'), find: button('Add role'), withoutRole: true },
  ],
  'create the role of somebody else, or one of PG_ONLY': [
    { path: onInstance('/roles'), find: button('Add role') },
  ],
  'change and drop roles; set permissions; stop, resize, delete the instance; switch native login': [
    { path: onInstance(), find: link('Edit') },
    { path: onInstance(), find: button('Stop') },
    {
      path: onInstance(),
      find: (page, { instance }) => button(`More actions for ${instance}`)(page),
    },
    {
      path: onInstance(),
      find: (page) => page.getByRole('switch', { name: 'Enable Postgres Native Role Login' }),
    },
    { path: onInstance('/permissions'), find: button('Add permission') },
    {
      path: onInstance('/roles'),
      find: (page) => page.getByRole('row').getByRole('button', { name: /^More actions for / }),
    },
  ],
  'check what one may do oneself, as which roles one could log in, and how a login of one’s own would end': [
    { path: onInstance(), find: link('Check a login') },
  ],
  'check how the login of somebody else would end': [
    { path: onInstance('/login-check'), find: (page) => page.getByRole('combobox', { name: 'Who' }) },
  ],
  'list the databases of the instance, with a role in it': [
    { path: sqlEditor, open: openDatabases, find: (page) => page.getByRole('option', { name: DATABASE }) },
  ],
  'list the databases of the instance without such a role': [
    {
      path: sqlEditor,
      open: openDatabases,
      find: (page) => page.getByRole('option', { name: DATABASE }),
      withoutRole: true,
    },
  ],
  'register catalogs and tables for claims; remove them, grant and revoke SELECT on them': [
    { path: onInstance(), find: link('Catalogs') },
  ],
  'read and change the files in one’s own home (/Workspace/Users/…)': NONE,
  'read and change the files in the home of somebody else': NONE,
  'save, share, change and delete one’s own queries': [
    {
      path: sqlEditor,
      open: (page) => page.getByRole('button', { name: /^More actions for query/ }).click(),
      find: (page) => page.getByRole('menuitem', { name: 'Save query' }),
    },
  ],
  'read saved queries that somebody shared with the workspace': [
    { path: sqlEditor, open: openSaved, find: (page, { shared }) => button(`Open ${shared}`)(page) },
  ],
  // Of others, a copy is saved.
  'change saved queries that somebody shared': NONE,
  'delete saved queries that somebody shared': [
    {
      path: sqlEditor,
      open: openSaved,
      find: (page, { shared }) => button(`More actions for ${shared}`)(page),
    },
  ],
  'read saved queries of somebody else that are not shared': [
    { path: sqlEditor, open: openSaved, find: (page, { unshared }) => button(`Open ${unshared}`)(page) },
  ],
  'create identities in the workspace, and assign identities to it': [
    { path: () => '/identity/users', find: button('Add user') },
    { path: () => '/identity/groups', find: button('Add group') },
    { path: () => '/identity/service-principals', find: button('Add service principal') },
  ],
  'change an identity that the workspace made, its secrets, policies and members': [
    { path: onUser('ofWorkspace'), find: button('Edit') },
  ],
  'change an identity of the account or of another workspace': [
    { path: onUser('ofAccount'), find: button('Edit') },
  ],
  'change an administrator of the account': [{ path: onUser('accountAdministrator'), find: button('Edit') }],
  'manage the account: workspaces, its identities, federation, OAuth applications, signing keys': [
    { path: () => '/identity/users', find: link('Account') },
  ],
}

it('each row of docs/permissions.md has its control, and no other one has', () => {
  expect(Object.keys(CONTROLS).sort()).toEqual(DEEDS.map(([deed]) => deed).sort())
})

interface Place {
  readonly at: string
  readonly open: Control['open']
  readonly controls: (Pick<Control, 'find'> & { readonly deed: string; readonly isPermitted: boolean })[]
}

/** @returns each place once, with all that is looked for there */
function placesOf(who: Who, things: Things, hasRole: boolean): Iterable<Place> {
  const places: Place[] = []
  for (const [deed, decide] of DEEDS) {
    const controls = CONTROLS[deed]
    if (controls === undefined || controls === NONE) continue
    for (const { path, open, find, withoutRole = false } of controls) {
      if (withoutRole === hasRole) continue
      const at = path(things)
      let place = places.find((one) => one.at === at && one.open === open)
      if (place === undefined) places.push((place = { at, open, controls: [] }))
      place.controls.push({ deed, find, isPermitted: decide(who) === 'permitted' })
    }
  }
  return places
}

describeInChromium('a control of the console', () => {
  const lakegate = sharedLakegate()
  const { admin, ready } = lakegate
  const account = `/api/2.0/accounts/${ready.account_id}`
  const chromium = consoleBrowser(lakegate)
  const people = new Map<string, { readonly person: Person; readonly things: Things }>()
  const made: string[] = []

  beforeAll(async () => {
    const instance = await createNativeInstance(lakegate)
    made.push(instance.name)
    await instance.asOwner((owner) => owner.query(`CREATE DATABASE ${DATABASE}`))
    const things: Things = {
      instance: instance.name,
      shared: `shared ${randomUUID()}`,
      unshared: `unshared ${randomUUID()}`,
      ofWorkspace: (await createPerson(lakegate, 'Of the workspace')).id,
      ofAccount: await createInAccount(),
      accountAdministrator: (await createAdministrator(lakegate, { ofAccount: true })).id,
    }
    for (const [name, is_shared] of [
      [things.shared, true],
      [things.unshared, false],
    ] as const)
      await admin.request('POST', '/api/2.0/lakegate/saved-queries', { name, sql: 'SELECT 1', is_shared })
    for (const { title, granted, caller } of EVERYBODY) {
      const person = caller.isWorkspaceAdmin
        ? await createAdministrator(lakegate)
        : await createPerson(lakegate, title)
      if (caller.isAccountAdmin)
        await patch(`${account}/scim/v2/Users/${person.id}`, 'roles', 'account_admin')
      if (granted !== undefined)
        await admin.request('PATCH', `/api/2.0/permissions/database-instances/${instance.name}`, {
          access_control_list: [{ user_name: person.userName, permission_level: granted }],
        })
      const own = title === 'owner' ? await createOwnInstance(person) : things.instance
      people.set(title, { person, things: { ...things, instance: own } })
    }
  })
  afterAll(async () => {
    for (const name of made) await admin.request('DELETE', pathOf(name))
  })

  describe.each(EVERYBODY.map((who) => [who.title, who] as const))('for %s', (title, who) => {
    let context: BrowserContext
    beforeAll(async () => {
      context = await chromium.openContext({
        person: whoIs(title).person,
        context: { viewport: { width: 1280, height: 900 } },
        prepare: (made) => made.addInitScript({ content: NO_HINTS }),
      })
    })
    afterAll(() => context.close())

    for (const hasRole of [false, true])
      it(`is there where the policy permits what it does, and absent where not: ${hasRole ? 'with' : 'without'} a role in the instance`, async () => {
        const { person, things } = whoIs(title)
        if (hasRole) await addRole(lakegate, things.instance, person.userName)
        // Loaded anew for each of the two: what the console knows of the rights is asked again.
        const page = await context.newPage()
        const requests = watchRequests(page)
        await page.goto('/console/settings/appearance')
        for (const { at, open, controls } of placesOf(who, things, hasRole)) {
          await visit(page, at)
          await requests.areOver()
          await open?.(page)
          // What is to come may take its time; what is not to come has had it when all answers are there.
          for (const { find, isPermitted } of controls)
            if (isPermitted)
              await find(page, things)
                .first()
                .waitFor({ state: 'attached', timeout: 15_000 })
                .catch(() => undefined)
          await requests.areOver()
          for (const { deed, find, isPermitted } of controls) {
            const control = find(page, things)
            expect.soft((await control.count()) > 0, `${deed}: ${control.toString()}`).toBe(isPermitted)
          }
          // Closes what was opened.
          if (open !== undefined) await page.keyboard.press('Escape')
        }
        // Nothing is asked that the server refuses.
        expect.soft(requests.refused).toEqual([])
        await page.close()
      })
  })

  function whoIs(title: string): { readonly person: Person; readonly things: Things } {
    const found = people.get(title)
    if (found === undefined) throw new Error(title)
    return found
  }

  const patch = (path: string, list: string, value: string) =>
    admin.request('PATCH', path, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: list, value: [{ value }] }],
    })

  async function createInAccount(): Promise<string> {
    const { id } = await admin.request<ScimUser>('POST', `${account}/scim/v2/Users`, {
      userName: `${randomUUID()}@example.com`,
      displayName: 'Of the account',
    })
    await admin.request(
      'PUT',
      `${account}/workspaces/${ready.workspace_id}/permissionassignments/principals/${id}`,
      { permissions: ['USER'] },
    )
    return id
  }

  /** The role that comes with it goes to somebody else, as after a hand-over. */
  async function createOwnInstance(person: Person): Promise<string> {
    const name = uniqueName('owned')
    const browser = await signInToConsole(ready.http_url, person)
    const answer = await browser.ask('POST', '/console/api/2.0/database/instances', { body: { name } })
    expect(answer.status, await answer.clone().text()).toBe(200)
    made.push(name)
    await waitForState(lakegate, name, 'AVAILABLE')
    await admin.request('POST', `${pathOf(name)}/roles`, {
      name: ready.admin_user,
      identity_type: 'USER',
      membership_role: 'DATABRICKS_SUPERUSER',
      attributes: { createdb: true, createrole: true },
    })
    const { read_write_dns: host, read_write_port: port = 5432 } = await waitForState(
      lakegate,
      name,
      'AVAILABLE',
    )
    const password = await mintCredential(admin, name)
    await inSession(lakegate, { user: ready.admin_user, password, instance: { host, port } }, (client) =>
      client.query(`CREATE DATABASE ${DATABASE}`),
    )
    const heir = encodeURIComponent(ready.admin_user)
    await admin.request(
      'DELETE',
      `${pathOf(name)}/roles/${encodeURIComponent(person.userName)}?reassign_owned_to=${heir}`,
    )
    return name
  }
})

interface Requests {
  /** What the server refused. */
  readonly refused: readonly string[]
  /** Until nothing is asked any more, and what came is drawn and asks for nothing more either. */
  readonly areOver: () => Promise<void>
}

/** Two frames, and then no work that waits. */
const DRAWN = `new Promise((resolve) =>
  requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(() => resolve()))))`

function watchRequests(page: Page): Requests {
  const open = new Set<Request>()
  const refused: string[] = []
  page.on('request', (request) => open.add(request))
  page.on('requestfinished', (request) => open.delete(request))
  page.on('requestfailed', (request) => open.delete(request))
  page.on('response', (response) => {
    if (response.status() === 403) refused.push(`${response.request().method()} ${response.url()}`)
  })
  return {
    refused,
    async areOver() {
      do {
        await waitFor('all answers', () => open.size === 0)
        await page.evaluate(DRAWN)
      } while (open.size > 0)
    },
  }
}
