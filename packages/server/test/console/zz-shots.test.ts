import { randomUUID } from 'node:crypto'
import { expect, it, beforeAll } from 'vitest'
import type { ScimGroup } from '@lakegate/client'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import { createPrincipalWithRole, mintCredential } from '../stage/service-principal.ts'
import { openWatchedSession } from '../stage/watched-session.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

describeInChromium('shots', () => {
  const lakegate = sharedLakegate()
  const { admin, ready } = lakegate
  const name = ready.instance.name
  const chromium = consoleBrowser(lakegate)
  const ROLES = `/api/2.0/database/instances/${name}/roles`
  beforeAll(async () => {
    await admin.request('PATCH', `/api/2.0/database/instances/${name}?update_mask=enable_pg_native_login`, { enable_pg_native_login: true })
    const p = await createPrincipalWithRole(lakegate, 'my app')
    const inner = await admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', { displayName: 'data-team', members: [{ value: p.id }] })
    const group = await admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', { displayName: 'analysts', members: [{ value: inner.id }] })
    await admin.request('POST', ROLES, { name: 'analysts', identity_type: 'GROUP' })
    const gone = await admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', { displayName: 'gone-group' })
    await admin.request('POST', ROLES, { name: 'gone-group', identity_type: 'GROUP' })
    await admin.request('DELETE', `/api/2.0/preview/scim/v2/Groups/${gone.id}`)
    await admin.request('POST', ROLES, { name: 'app_legacy with a very long name to see how it is cut in tables', attributes: { createdb: true, bypassrls: true } })
    await admin.request('POST', '/api/2.0/database/catalogs', { name: 'sales', database_instance_name: name, database_name: 'databricks_postgres' })
    await admin.request('POST', '/api/2.0/database/tables', { name: 'sales.public.orders', database_instance_name: name, logical_database_name: 'databricks_postgres' })
    await admin.request('POST', '/api/2.0/database/tables', { name: 'other.public.things', database_instance_name: name, logical_database_name: 'databricks_postgres' })
    await admin.request('PATCH', '/api/2.1/unity-catalog/permissions/catalog/sales', { changes: [{ principal: 'analysts', add: ['SELECT'] }] })
    for (let i = 0; i < 3; i++) await openWatchedSession(lakegate, { user: i ? p.applicationId : 'analysts', password: await mintCredential(p.http, name) })
    const stranger = await createPrincipalWithRole(lakegate, 'stranger')
    await openWatchedSession(lakegate, { user: 'analysts', password: await mintCredential(stranger.http, name) }).catch(() => undefined)
    void group
    void randomUUID
  }, 60_000)
  it('takes them', async () => {
    const person = await createAdministrator(lakegate, { ofAccount: true })
    const shot = async (label: string, path: string, context: object, act?: (page: import('playwright-core').Page) => Promise<void>) => {
      const page = await chromium.openConsole({ person, path, context })
      await page.waitForTimeout(2500)
      await act?.(page)
      await page.screenshot({ path: `/tmp/shots-tabs/${label}.png`, fullPage: true })
      console.log(label, JSON.stringify(chromium.complaintsOf(page)))
      await page.context().close()
    }
    const at = `/compute/instances/${name}`
    const light = { viewport: { width: 1200, height: 800 } }
    const dark = { viewport: { width: 1200, height: 800 }, colorScheme: 'dark' }
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
    const paths: Record<string, string> = { roles: `${at}/roles`, sessions: `${at}/sessions`, metrics: `${at}/metrics?span=15m`, catalogs: `${at}/catalogs?on=sales`, check: `${at}/login-check?role=analysts`, audit: '/audit?event=login', account: '/account/audit' }
    for (const [label, path] of Object.entries(paths)) {
      await shot(`${label}-light`, path, light)
      await shot(`${label}-phone`, path, phone)
    }
    await shot('metrics-dark', paths['metrics'] ?? '', dark)
    await shot('roles-dark', paths['roles'] ?? '', dark)
    await shot('add-role', paths['roles'] ?? '', light, async (page) => {
      await page.getByRole('button', { name: 'Add role' }).click()
      await page.getByLabel('Principal').fill('ana')
      await page.waitForTimeout(800)
    })
    await shot('add-password', paths['roles'] ?? '', light, async (page) => {
      await page.getByRole('button', { name: 'Add role' }).click()
      await page.getByRole('tab', { name: 'Password' }).click()
      await page.getByLabel('Role name').fill('legacy')
      await page.getByText('Show as SQL').click()
      await page.waitForTimeout(500)
    })
    await shot('audit-row', paths['audit'] ?? '', light, async (page) => {
      await page.getByRole('button', { name: /Show the record/ }).first().click()
      await page.waitForTimeout(500)
    })
    await shot('audit-chip', paths['audit'] ?? '', light, async (page) => {
      await page.getByRole('button', { name: /^Since/ }).click()
      await page.waitForTimeout(500)
    })
    expect(1).toBe(1)
  }, 180_000)
})
