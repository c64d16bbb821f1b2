/** A company that is small enough for a picture: people, nested groups, a program, instances, sessions, refused logins. */
import type { ScimGroup, ScimServicePrincipal } from '@lakegate/client'
import type pg from 'pg'
import type { RunningLakegate } from '../stage/lakegate.ts'
import { setPassword, type Person } from '../stage/person.ts'
import { asOwner, databaseClient, mintCredential, refusedLogin } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

const SCIM = '/api/2.0/preview/scim/v2'
const PASSWORD = 'a password for pictures only'

export interface SampleData {
  readonly administrator: Person
  /** By what the paths of pages name. */
  readonly ids: Readonly<Record<'user' | 'servicePrincipal' | 'group' | 'workspace', string>>
  readonly instance: string
  close(): Promise<void>
}

export async function makeSampleData(lakegate: RunningLakegate): Promise<SampleData> {
  const { admin, ready } = lakegate
  const { instance } = ready
  const user = async (userName: string, displayName: string) =>
    (await admin.request<{ id: string }>('POST', `${SCIM}/Users`, { userName, displayName })).id
  const group = (displayName: string, members: readonly string[]) =>
    admin.request<ScimGroup>('POST', `${SCIM}/Groups`, {
      displayName,
      members: members.map((value) => ({ value })),
    })
  const ada = await findUser(lakegate, ready.admin_user)
  await setPassword(lakegate, ada, PASSWORD)
  const eve = await user('eve@example.com', 'Eve Example')
  const grace = await user('grace@example.com', 'Grace Example')
  const dataTeam = await group('data-team', [eve, ada])
  const analysts = await group('analysts', [dataTeam.id, grace])
  const program = await admin.request<ScimServicePrincipal>('POST', `${SCIM}/ServicePrincipals`, {
    displayName: 'nightly report',
  })
  await admin.request('POST', `/api/2.0/accounts/servicePrincipals/${program.id}/credentials/secrets`, {})
  await admin.request('POST', '/api/2.0/database/instances', { name: 'sales', capacity: 'CU_2' })
  await admin.request('POST', '/api/2.0/database/instances', { name: 'archive', stopped: true })
  await asOwner(lakegate, async (owner) => {
    for (const statement of STATEMENTS) await owner.query(statement)
    await owner.query("SELECT databricks_create_role('analysts', 'GROUP')")
    await owner.query("SELECT databricks_create_role($1, 'SERVICE_PRINCIPAL')", [program.applicationId])
    await owner.query('GRANT SELECT ON orders TO analysts')
  })
  const open: pg.Client[] = []
  for (const role of [ready.admin_user, 'analysts', 'analysts']) open.push(await openSession(lakegate, role))
  await refusedLogin(lakegate, { user: 'nobody_here', password: await mintCredential(admin, instance.name) })
  await waitFor('sales', async () => {
    const sales = await admin.request<{ state: string }>('GET', '/api/2.0/database/instances/sales')
    return sales.state === 'AVAILABLE' ? sales : undefined
  })
  return {
    administrator: { id: ada, userName: ready.admin_user, password: PASSWORD },
    ids: { user: eve, servicePrincipal: program.id, group: analysts.id, workspace: ready.workspace_id },
    instance: instance.name,
    async close() {
      await Promise.all(open.map((client) => client.end()))
    },
  }
}

async function openSession(lakegate: RunningLakegate, role: string): Promise<pg.Client> {
  const password = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
  const client = await databaseClient(lakegate, { user: role, password })
  await client.connect()
  await client.query('SELECT count(*) FROM orders')
  return client
}

async function findUser({ admin }: RunningLakegate, userName: string): Promise<string> {
  const filter = encodeURIComponent(`userName eq ${JSON.stringify(userName)}`)
  const { Resources: found } = await admin.request<{ Resources: { id: string }[] }>(
    'GET',
    `${SCIM}/Users?filter=${filter}`,
  )
  const [user] = found
  if (user === undefined) throw new Error(`there is no user ${userName}`)
  return user.id
}

const STATEMENTS = [
  'CREATE EXTENSION IF NOT EXISTS databricks_auth',
  `CREATE TABLE orders (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     customer text NOT NULL,
     total numeric(12, 2) NOT NULL,
     paid_at timestamptz,
     details jsonb
   )`,
  `INSERT INTO orders (customer, total, paid_at, details)
   SELECT 'customer ' || n, n * 17.35, CASE WHEN n % 7 > 0 THEN '2026-01-01'::timestamptz + n * interval '3 hours' END,
          jsonb_build_object('items', n % 5 + 1, 'express', n % 3 = 0)
     FROM generate_series(1, 100000) AS n`,
  'CREATE INDEX orders_by_customer ON orders (customer)',
  'ANALYZE orders',
]
