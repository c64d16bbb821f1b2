/** docs/clients/django.md: a project with the backend and the settings of the page, and with Django's own pool, through several lifetimes. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { installPythonClients } from '../stage/python-clients.ts'
import { expectRotation, underLoad, withShortLives } from '../stage/rotation.ts'
import { asOwner } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const [backend = '', settings = '', pooled = ''] = blocksRunBy(
  'docs/clients/django.md',
  'packages/server/test/every-client/django.test.ts',
).map(({ text }) => text)

const clients = await installPythonClients()
afterAll(() => clients.remove())
const { python, runtime, missing } = clients

/** A project in one file. */
const project = (databases: string, program: string) => `
import django
from django.conf import settings

${databases}
settings.configure(
    DATABASES=DATABASES,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command
from django.db import connection, connections
${program}`

everyClient({ client: 'Django', version: clients.versionOf('Django'), runtime, missing }, () => {
  const lakegate = sharedLakegate()
  let reader: ExampleReader
  /** Where packages of the project are. */
  let packages: Readonly<Record<string, string>>

  beforeAll(async () => {
    reader = await createExampleReader(lakegate, 'reads about Django')
    await mkdir(path.join(reader.directory, 'credential_backend'))
    await writeFile(path.join(reader.directory, 'credential_backend', '__init__.py'), '')
    await writeFile(path.join(reader.directory, 'credential_backend', 'base.py'), backend)
    packages = { PYTHONPATH: reader.directory }
    const role = `"${reader.principal.applicationId}"`
    await asOwner(lakegate, (owner) =>
      owner.query(`CREATE SCHEMA django; GRANT ALL ON SCHEMA django TO ${role}`),
    )
  })
  afterAll(async () => {
    await asOwner(lakegate, (owner) => owner.query('DROP SCHEMA django CASCADE'))
    await reader.remove()
  })

  const session = `
with connection.cursor() as cursor:
    cursor.execute("SELECT session_user")
    print(cursor.fetchone())`

  it.each([
    ['the backend of the page', settings],
    ["Django's own pool", pooled],
  ])('logs in with %s', proves('login'), async (_with, databases) => {
    const program = project(
      databases,
      `${session}\nconnection.close()\nif connection.pool: connection.close_pool()`,
    )
    const { stdout } = await reader.runPython(python, program, packages)
    expect(stdout.trim()).toBe(`('${reader.principal.applicationId}',)`)
  })

  it('migrates, and keeps a user', proves('migrations'), async () => {
    const program = project(
      `${settings}
DATABASES["default"]["OPTIONS"]["options"] = "-c search_path=django"`,
      `call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
User.objects.create_user("ada", password="a long one")
print(list(User.objects.filter(username__startswith="a").values_list("username", flat=True)))`,
    )
    const { stdout } = await reader.runPython(python, program, packages)
    expect(stdout.trim()).toBe("['ada']")
  })

  const query = `
from load import load

def query():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = cursor.fetchone()[0]
    # At the end of a request; with a pool that gives the connection back.
    if connection.pool: connection.close()
    else: connection.close_if_unusable_or_obsolete()
    return session

load(SECONDS, query)
if connection.pool: connection.close_pool()`

  it('fails no query while its credentials expire', proves('rotation'), async () => {
    const inOneFile = `
import sys, types
package, module = types.ModuleType("credential_backend"), types.ModuleType("credential_backend.base")
package.__path__ = []
sys.modules["credential_backend"], sys.modules["credential_backend.base"] = package, module
package.base = module
exec(${JSON.stringify(backend)}, module.__dict__)
`
    const program = project(inOneFile + withShortLives(settings), query)
    expectRotation(await underLoad(lakegate, python, program))
  })

  it('fails no query with its own pool either', proves('rotation'), async () => {
    expectRotation(await underLoad(lakegate, python, project(withShortLives(pooled), query)))
  })
})
