/** A workspace in which nothing was made yet says so on every page that needs an instance, and leads on. */
import { beforeAll, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import type { Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

describeInChromium('in a workspace without database instances', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  let admin: Person

  beforeAll(async () => {
    admin = await createAdministrator(lakegate, { ofAccount: true })
  })

  const open = (path: string) =>
    chromium.openConsole({
      person: admin,
      path,
      prepare: (context) =>
        context.route(/\/console\/api\/2\.0\/database\/instances(\?|$)/, (route) =>
          route.fulfill({ json: { database_instances: [] } }),
        ),
    })

  it('the list says what an instance is, and offers to create one or to attach a PostgreSQL', async () => {
    const page = await open('/compute/instances')
    await page.getByText('No database instances yet.').waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Attach an existing PostgreSQL' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).waitFor()
    await page.context().close()
  })

  it('the SQL editor says that SQL runs in one, and leads to the list', async () => {
    const page = await open('/sql')
    await page.getByText('There is no database instance yet. SQL runs in one.').waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Database instances' }).click()
    await page.getByText('No database instances yet.').waitFor()
    await page.context().close()
  })
})
