/** Access control lists as the permissions API uses them for every kind of object (wire-contract §4.5). */
import { z } from 'zod'
import type { IdentityType } from '../../domain/identity.ts'
import { refused } from '../../operations/refused-error.ts'

export const NAME_FIELDS = {
  USER: 'user_name',
  GROUP: 'group_name',
  SERVICE_PRINCIPAL: 'service_principal_name',
} as const

interface Entry<Level> {
  readonly user_name?: string | undefined
  readonly group_name?: string | undefined
  readonly service_principal_name?: string | undefined
  readonly permission_level: Level
}

export const accessControlList = <const Levels extends readonly [string, ...string[]]>(levels: Levels) =>
  z.strictObject({
    access_control_list: z
      .array(
        z.strictObject({
          user_name: z.string().optional(),
          group_name: z.string().optional(),
          service_principal_name: z.string().optional(),
          permission_level: z.enum(levels),
        }),
      )
      .max(1000)
      .optional(),
  })

/** @throws RefusedError invalid_parameter when an entry names no identity, or several */
export function toGrants<Level>({
  access_control_list: entries = [],
}: {
  readonly access_control_list?: readonly Entry<Level>[] | undefined
}): readonly { readonly type: IdentityType; readonly name: string; readonly level: Level }[] {
  return entries.map((entry, index) => {
    const given = (['USER', 'GROUP', 'SERVICE_PRINCIPAL'] as const).flatMap((type) => {
      const name = entry[NAME_FIELDS[type]]
      return name === undefined ? [] : [{ type, name, level: entry.permission_level }]
    })
    const [only] = given
    if (only !== undefined && given.length === 1) return only
    throw refused('invalid_parameter', {
      field: `access_control_list.${String(index)}`,
      problem: 'name one of user_name, group_name and service_principal_name.',
    })
  })
}
