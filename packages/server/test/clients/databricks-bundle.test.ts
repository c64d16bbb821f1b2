/**
 * The real Databricks CLI deploys a bundle with a database instance, changes it and takes it away (docs/clients/databricks-bundles.md). Skipped
 * by name where there is none: DATABRICKS_CLI names it, or it is `databricks` on the PATH, 0.298 or later.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseInstance } from '@lakegate/client'
import { blocksRunBy } from '../stage/document.ts'
import { refusal } from '../stage/refusal.ts'
import { createServicePrincipal, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'
import { pathsOf, workspaceFiles } from '../stage/workspace-files.ts'

const run = promisify(execFile)
const PROGRAM = process.env['DATABRICKS_CLI'] ?? 'databricks'
const NAME = `bundled-${String(process.pid)}`

/** Undefined when there is none, or one that cannot deploy without Terraform. */
function findVersion(): string | undefined {
  try {
    const said = execFileSync(PROGRAM, ['--version'], { encoding: 'utf8' }).trim()
    const [, major = '0', minor = '0'] = /v(\d+)\.(\d+)\./.exec(said) ?? []
    if (Number(major) > 0 || Number(minor) >= 298) return said
  } catch {
    // Not there; said below.
  }
  console.warn('there is no Databricks CLI 0.298 or later: the tests of bundles are skipped')
  return undefined
}

const version = findVersion()
const [configuration, commands] = blocksRunBy(
  'docs/clients/databricks-bundles.md',
  'packages/server/test/clients/databricks-bundle.test.ts',
)

describe.skipIf(version === undefined)(`a bundle (${version ?? 'no Databricks CLI'})`, () => {
  const lakegate = sharedLakegate()
  const { admin } = lakegate
  let principal: TestServicePrincipal
  let directory: string
  let root: string

  beforeAll(async () => {
    principal = await createServicePrincipal(lakegate, 'deploys with the CLI')
    root = `/Workspace/Users/${principal.applicationId}/.bundle/shop/main`
    directory = await mkdtemp(path.join(tmpdir(), 'lakegate-bundle-'))
    await writeFile(path.join(directory, 'a file with blanks, ü and %.txt'), 'contents')
    await configure('CU_1')
  })
  afterAll(async () => rm(directory, { recursive: true, force: true }))

  /** As the document says, with an instance and a host of this test, and with permissions at the top. */
  const configure = (capacity: string) =>
    writeFile(
      path.join(directory, 'databricks.yml'),
      (configuration?.text ?? '')
        .replace('http://127.0.0.1:8470', lakegate.ready.http_url)
        .replace('      name: shop\n      capacity: CU_1', `      name: ${NAME}\n      capacity: ${capacity}`)
        .replace('      name: shop\n      database_instance', `      name: ${NAME}\n      database_instance`)
        .concat(
          `    permissions:\n      - service_principal_name: ${principal.applicationId}\n        level: CAN_MANAGE\n`,
        ),
    )
  /** Standard output and standard error; throws with both when it fails. */
  const bundle = async (...words: string[]): Promise<string> => {
    const { stdout, stderr } = await run(PROGRAM, ['bundle', ...words], {
      cwd: directory,
      env: {
        ...{ PATH: process.env['PATH'], HOME: directory, DATABRICKS_HOST: lakegate.ready.http_url },
        ...{ DATABRICKS_CLIENT_ID: principal.applicationId, DATABRICKS_CLIENT_SECRET: principal.secret },
      },
    })
    return `${stdout}${stderr}`
  }
  const instance = () => admin.request<DatabaseInstance>('GET', `/api/2.0/database/instances/${NAME}`)
  const files = async () => workspaceFiles(lakegate, await principal.workspaceToken())

  it('is written and run as docs/clients/databricks-bundles.md says, where every command is one of those below', () => {
    const words = commands?.text
      .split('\n')
      .flatMap((line) => /^databricks bundle (\S+)/.exec(line)?.[1] ?? [])
    expect(configuration?.language).toBe('yaml')
    expect(words).toEqual(['validate', 'deploy', 'summary', 'destroy'])
  })

  it('is valid', async () => {
    expect(await bundle('validate')).toContain('Validation OK!')
  })

  it('is deployed: the instance, its permissions, a catalog, and the files', async () => {
    expect(await bundle('deploy')).toContain('Deployment complete!')
    expect(await instance()).toMatchObject({ name: NAME, state: 'AVAILABLE', capacity: 'CU_1' })
    expect(await admin.request('GET', `/api/2.0/database/catalogs/${NAME}`)).toMatchObject({
      database_name: 'shop',
    })
    expect(
      JSON.stringify(await admin.request('GET', `/api/2.0/permissions/database-instances/${NAME}`)),
    ).toContain('"group_name":"users"')
    expect(pathsOf(await (await files()).list(`${root}/files`))).toContain(
      `${root}/files/a file with blanks, ü and %.txt`,
    )
    expect(await bundle('summary')).toContain(`Name: ${NAME}`)
  })

  it('is deployed again with a change, by somebody who has nothing but what lies in the workspace', async () => {
    await rm(path.join(directory, '.databricks'), { recursive: true, force: true })
    await configure('CU_2')
    const { uid } = await instance()
    expect(await bundle('deploy')).toContain('Deployment complete!')
    expect(await instance()).toMatchObject({ uid, capacity: 'CU_2' })
    expect(await bundle('plan')).toContain('0 to add, 0 to change, 0 to delete')
  })

  it('is not deployed while somebody else holds its lock', async () => {
    const other = { ID: crypto.randomUUID(), AcquisitionTime: new Date(), IsForced: false, User: 'somebody' }
    const lock = `${root}/state/deploy.lock`
    await (await files()).importFile(lock, JSON.stringify(other))
    await expect(bundle('deploy')).rejects.toThrow('deploy lock acquired by somebody')
    await (await files()).delete(lock)
  })

  it('is destroyed with everything in it', async () => {
    expect(await bundle('destroy', '--auto-approve')).toContain('Destroy complete!')
    expect(await (await files()).getStatus(root)).toMatchObject({ status: 404 })
    await waitFor('the end of the instance', async () => {
      const state = await instance().catch(() => undefined)
      return state === undefined || state.state === 'DELETING'
    })
    expect(await refusal(admin.request('GET', `/api/2.0/database/catalogs/${NAME}`))).toMatchObject({
      status: 404,
    })
  })
})
