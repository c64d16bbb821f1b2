/** docs/clients/databricks-ai-bridge.md: the Lakebase classes as they come from PyPI, and their pools through several lifetimes. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { installLangchain } from '../stage/python-clients.ts'
import { expectRotation, underLoad } from '../stage/rotation.ts'
import { createServicePrincipal, inSession, mintCredential } from '../stage/service-principal.ts'

const [pool = '', asyncPool = '', sqlAlchemy = '', owner = ''] = blocksRunBy(
  'docs/clients/databricks-ai-bridge.md',
  'packages/server/test/every-client/databricks-ai-bridge.test.ts',
).map(({ text }) => text)

const clients = await installLangchain()
afterAll(() => clients.remove())
const { python, runtime, missing } = clients
const version = clients.versionOf('databricks-ai-bridge')

everyClient({ client: 'databricks-ai-bridge', version, runtime, missing }, () => {
  let lakegate: OwnLakegate
  let reader: ExampleReader

  beforeAll(async () => {
    // These classes know no other port.
    lakegate = await startOwnLakegate({ LAKEGATE_GATEWAY_PORT: '5432' })
    reader = await createExampleReader(lakegate, 'reads about databricks-ai-bridge')
  })
  afterAll(async () => {
    await reader.remove()
    await lakegate.remove()
  })

  it('logs in with a pool and a client, as the page shows', proves('login'), async () => {
    const { stdout } = await reader.runPython(python, pool)
    expect(stdout.trim().split('\n')).toEqual([
      `{'session_user': '${reader.principal.applicationId}'}`,
      "[{'next': 42}]",
    ])
  })

  it.each([
    ['an asynchronous pool', asyncPool, (name: string) => `{'session_user': '${name}'}`],
    ['an engine of SQLAlchemy', sqlAlchemy, (name: string) => `('${name}',)`],
  ])('logs in with %s, as the page shows', proves('login'), async (_with, program, printed) => {
    const { stdout } = await reader.runPython(python, program)
    expect(stdout.trim()).toBe(printed(reader.principal.applicationId))
  })

  it(
    'makes a role and its grants for the owner, also when they are there already',
    proves('roles'),
    async () => {
      const newcomer = await createServicePrincipal(lakegate, 'gets a role from Python')
      const asAdministrator = {
        DATABRICKS_TOKEN: lakegate.ready.admin_token,
        APPLICATION_ID: newcomer.applicationId,
      }
      const program = `import os\ndel os.environ["DATABRICKS_CLIENT_ID"], os.environ["DATABRICKS_CLIENT_SECRET"]\n${owner}`
      await reader.runPython(python, program, asAdministrator)
      await reader.runPython(python, program, asAdministrator)
      const password = await mintCredential(newcomer.http, lakegate.ready.instance.name)
      const { rows } = await inSession(lakegate, { user: newcomer.applicationId, password }, (client) =>
        client.query<{ id: number }>("INSERT INTO agents.note (words) VALUES ('hello') RETURNING id"),
      )
      expect(rows).toEqual([{ id: 1 }])
    },
  )

  it('says what its users know when the identity or the right is missing', proves('errors'), async () => {
    const { stdout } = await reader.runPython(
      python,
      `import os
from databricks.sdk import WorkspaceClient
from databricks_ai_bridge.lakebase import LakebaseClient, LakebasePool, SchemaPrivilege

def try_to(do):
    try:
        do()
    except Exception as error:
        print(type(error).__name__, str(error).split(".")[0])

administrator = WorkspaceClient(host=os.environ["DATABRICKS_HOST"], token=os.environ["ADMIN_TOKEN"], auth_type="pat")
with LakebaseClient(instance_name="dev", workspace_client=administrator) as client:
    try_to(lambda: client.create_role("nobody@example.com", "USER"))
    try_to(lambda: client.grant_schema("nobody@example.com", [SchemaPrivilege.USAGE], ["public"]))
    try_to(lambda: client.grant_schema(administrator.current_user.me().user_name, [SchemaPrivilege.USAGE], ["nowhere"]))
with LakebaseClient(instance_name="dev") as client:
    try_to(lambda: client.create_role(administrator.current_user.me().user_name, "USER", ensure_extension=False))
    try_to(lambda: client.create_role("nobody@example.com", "USER", ensure_extension=False))
try_to(lambda: LakebasePool(instance_name="no-such"))
`,
      { ADMIN_TOKEN: lakegate.ready.admin_token },
    )
    expect(stdout.trim().split('\n')).toEqual([
      "ValueError Identity 'nobody@example",
      "ValueError Failed to grant USAGE on schema 'public': object does not exist",
      "ValueError Failed to grant USAGE on schema 'nowhere': schema does not exist",
      expect.stringContaining('PermissionError Insufficient privileges to create role'),
      expect.stringContaining('PermissionError Insufficient privileges to create role'),
      "ValueError Unable to resolve Lakebase provisioned instance 'no-such'",
    ])
  })

  it('fails no query of a pool while its credentials expire', proves('rotation'), async () => {
    const program = `
from databricks_ai_bridge.lakebase import LakebasePool
from load import load

pool = LakebasePool(instance_name="dev", token_cache_duration_seconds=2, max_lifetime=2)

def query():
    with pool.connection() as connection:
        return connection.execute("SELECT pg_backend_pid() AS session").fetchone()["session"]

load(SECONDS, query)
pool.close()`
    expectRotation(await underLoad(lakegate, python, program))
  })

  it('fails no query of an engine while its credentials expire', proves('rotation'), async () => {
    const program = `
import asyncio
from databricks_ai_bridge.lakebase import AsyncLakebaseSQLAlchemy
from load import load_async
from sqlalchemy import text

lakebase = AsyncLakebaseSQLAlchemy(instance_name="dev", token_cache_duration_seconds=2, pool_recycle=2)

async def query():
    async with lakebase.engine.connect() as connection:
        return (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()

async def main():
    await load_async(SECONDS, query)
    await lakebase.engine.dispose()

asyncio.run(main())`
    expectRotation(await underLoad(lakegate, python, program))
  })
})
