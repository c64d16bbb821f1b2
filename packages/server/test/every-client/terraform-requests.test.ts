/**
 * What the `databricks` provider of Terraform sends for the resources of docs/clients/terraform.md, sent by the SDK for Go that it is made
 * of (go/terraform/main.go). What was sent is what is read: else Terraform would plan a change at every run.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type {
  DatabaseInstance,
  InstancePermissions,
  ScimGroup,
  ScimServicePrincipal,
  ScimUser,
  ServicePrincipalSecret,
} from '@lakegate/client'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { buildGoClient } from '../stage/go-client.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const source = (file: string) => fileURLToPath(new URL(`go/${file}`, import.meta.url))
const sdk = await buildGoClient(source(''), {
  'main.go': await readFile(source('terraform/main.go'), 'utf8'),
})
afterAll(() => sdk.remove())

const { ready } = sharedLakegate()
let reader: ExampleReader
beforeAll(async () => {
  reader = await createExampleReader(sharedLakegate(), 'reads about Terraform')
})
afterAll(() => reader.remove())

/** From its creation to its end. */
async function lifeOf<Life>(resource: string, name: string): Promise<Life> {
  const { stdout } = await reader.run(`exec '${sdk.program}' ${resource} '${name}'`, {
    DATABRICKS_HOST: ready.http_url,
    DATABRICKS_TOKEN: ready.admin_token,
  })
  return JSON.parse(stdout) as Life
}

interface ScimLife<Resource> {
  readonly created: Resource
  readonly read: Partial<Resource>
  readonly updated: Partial<Resource>
  readonly isMissing: boolean
}

const unique = (word: string) => `${word}-${crypto.randomUUID().slice(0, 8)}`

everyClient(
  {
    client: 'terraform-provider-databricks (what it sends, by databricks-sdk-go)',
    version: '0.96.0',
    runtime: sdk.runtime,
    missing: sdk.missing,
  },
  () => {
    it('keeps databricks_user as it was sent, until it is deleted', proves('resources'), async () => {
      const userName = `${unique('ada')}@example.com`
      const { created, read, updated, isMissing } = await lifeOf<ScimLife<ScimUser>>('user', userName)
      expect(read).toMatchObject({ userName, active: true })
      expect(read.entitlements ?? []).toEqual([])
      expect(read.displayName).toBe(created.displayName)
      expect(updated).toMatchObject({ userName, active: true, displayName: 'Ada' })
      expect(isMissing).toBe(true)
    })

    it('ends databricks_user by disabling it, where that is asked', proves('resources'), async () => {
      const { read } = await lifeOf<{ read: ScimUser }>('disabled_user', `${unique('ada')}@example.com`)
      expect(read.active).toBe(false)
    })

    it('keeps databricks_group as it was sent, until it is deleted', proves('resources'), async () => {
      const name = unique('analysts')
      const { read, updated, isMissing } = await lifeOf<ScimLife<ScimGroup>>('group', name)
      expect(read.displayName).toBe(name)
      expect(read.entitlements ?? []).toEqual([])
      expect(updated.displayName).toBe(`${name} 2`)
      expect(isMissing).toBe(true)
    })

    it('has databricks_group_member once, however often it is sent', proves('resources'), async () => {
      const { member, ...life } = await lifeOf<{
        readonly member: string
        readonly read: ScimGroup['members'] | null
        readonly readAgain: ScimGroup['members'] | null
        /** The provider sends members as it read them when it changes the group. */
        readonly readAfterRename: ScimGroup['members'] | null
        readonly readAfterwards: ScimGroup['members'] | null
      }>('group_member', unique('analysts'))
      expect(life.read?.map(({ value }) => value)).toEqual([member])
      expect(life.readAgain).toEqual(life.read)
      expect(life.readAfterRename).toEqual(life.read)
      expect(life.readAfterwards ?? []).toEqual([])
    })

    it(
      'keeps databricks_service_principal and its application id, until it is deleted',
      proves('resources'),
      async () => {
        const displayName = unique('app')
        const { created, read, updated, isMissing } = await lifeOf<ScimLife<ScimServicePrincipal>>(
          'service_principal',
          displayName,
        )
        const { applicationId } = created
        expect(read).toMatchObject({ displayName, applicationId, active: true })
        expect(updated).toMatchObject({ displayName, applicationId })
        expect(updated.active ?? false).toBe(false)
        expect(isMissing).toBe(true)
      },
    )

    it('lists databricks_service_principal_secret as it was made', proves('resources'), async () => {
      const { created, listed, leftAfterwards } = await lifeOf<{
        readonly created: ServicePrincipalSecret
        readonly listed: readonly ServicePrincipalSecret[]
        readonly leftAfterwards: number
      }>('service_principal_secret', unique('app'))
      const { secret, ...shown } = created
      expect(secret).toMatch(/^dose/)
      expect(listed).toEqual([shown])
      expect(shown.expire_time).toEqual(expect.any(String))
      expect(leftAfterwards).toBe(0)
    })

    it(
      'keeps databricks_database_instance as it was sent, until it is deleted',
      proves('resources'),
      async () => {
        const name = unique('shop')
        const { created, read, updated, readAgain, isMissing } = await lifeOf<{
          readonly created: DatabaseInstance
          readonly read: DatabaseInstance
          readonly updated: DatabaseInstance
          readonly readAgain: DatabaseInstance
          readonly isMissing: boolean
        }>('database_instance', name)
        expect(read).toEqual(created)
        expect(read).toMatchObject({ name, capacity: 'CU_1', state: 'AVAILABLE', effective_capacity: 'CU_1' })
        // Fields that the configuration leaves out: the provider would take an answer for a change by somebody else.
        for (const field of [
          'enable_pg_native_login',
          'retention_window_in_days',
          'stopped',
          'usage_policy_id',
        ])
          expect(read).not.toHaveProperty(field)
        expect(updated).toMatchObject({ name, uid: read.uid, capacity: 'CU_2', retention_window_in_days: 14 })
        expect(readAgain).toEqual(updated)
        expect(isMissing).toBe(true)
      },
    )

    it('keeps databricks_permissions as they were sent, and no others', proves('resources'), async () => {
      const name = unique('analysts')
      const { me, ...life } = await lifeOf<{
        readonly me: string
        readonly read: InstancePermissions
        readonly updated: InstancePermissions
        readonly readAfterwards: InstancePermissions
      }>('permissions', name)
      expect(life.read).toMatchObject({
        object_id: `/database-instances/${name}`,
        object_type: 'database-instances',
      })
      // As the provider reads them: without administrators and the caller, and without what is inherited.
      const own = ({ access_control_list: entries }: InstancePermissions) =>
        entries
          .filter(({ group_name, user_name }) => group_name !== 'admins' && user_name !== me)
          .flatMap(({ group_name, all_permissions: levels }) =>
            levels
              .filter(({ inherited }) => !inherited)
              .map(({ permission_level }) => `${String(group_name)} ${permission_level}`),
          )
      expect(own(life.read)).toEqual([`${name} CAN_USE`])
      expect(own(life.updated)).toEqual([`${name} CAN_MANAGE`])
      expect(own(life.readAfterwards)).toEqual([])
    })
  },
)
