/** docs/clients/terraform.md: the page's configuration, applied twice and destroyed, where Terraform and its provider can be had. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DatabaseInstance, InstancePermissions, ScimGroup, ScimListResponse } from '@lakegate/client'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const run = promisify(execFile)
const [configuration = '', commands = ''] = blocksRunBy(
  'docs/clients/terraform.md',
  'packages/server/test/every-client/terraform.test.ts',
).map(({ text }) => text)

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const reader: ExampleReader = await createExampleReader(lakegate, 'reads about Terraform')
afterAll(() => reader.remove())
await reader.write('main.tf', configuration)

const AS_ADMINISTRATOR = `export DATABRICKS_HOST=${ready.http_url} DATABRICKS_TOKEN=${ready.admin_token}\n`
const terraform = (words: string) => reader.run(`${AS_ADMINISTRATOR}${words}`)

/** @returns what is missing: the program, or the provider, which comes from a registry of its own */
async function look(): Promise<{ readonly version?: string; readonly missing?: string }> {
  try {
    const { stdout } = await run('terraform', ['version', '-json'])
    const { terraform_version: version } = JSON.parse(stdout) as { readonly terraform_version: string }
    await terraform('terraform init')
    return { version }
  } catch (error) {
    return {
      missing: error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error),
    }
  }
}
const { version, missing } = await look()

everyClient({ client: 'terraform-provider-databricks', version, runtime: 'Terraform', missing }, () => {
  beforeAll(async () => {
    await terraform(commands)
  })
  afterAll(async () => {
    await terraform('terraform destroy -auto-approve')
  })

  it('makes what the page says', proves('resources'), async () => {
    const instance = await admin.request<DatabaseInstance>('GET', '/api/2.0/database/instances/shop')
    expect(instance.capacity).toBe('CU_1')
    const { access_control_list: entries } = await admin.request<InstancePermissions>(
      'GET',
      '/api/2.0/permissions/database-instances/shop',
    )
    expect(entries).toContainEqual(expect.objectContaining({ group_name: 'analysts' }))
    const groups = await admin.request<ScimListResponse<ScimGroup>>(
      'GET',
      `/api/2.0/preview/scim/v2/Groups?filter=${encodeURIComponent('displayName eq "analysts"')}`,
    )
    expect(groups.Resources[0]?.members).toHaveLength(1)
  })

  it('changes nothing at the second time', proves('no drift'), async () => {
    const { stdout } = await terraform('terraform plan -detailed-exitcode -no-color')
    expect(stdout).toContain('No changes')
  })
})
