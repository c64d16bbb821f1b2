/** What the list of instances shows, as its URL has it. */
import type { DatabaseInstance, DatabaseInstanceState } from '@lakegate/client'
import { z } from 'zod'

export const STATES = [
  'AVAILABLE',
  'STARTING',
  'STOPPED',
  'UPDATING',
  'FAILING_OVER',
  'DELETING',
] as const satisfies readonly DatabaseInstanceState[]
export const KINDS = ['embedded', 'attached'] as const
export const SORTED_COLUMNS = ['name', 'state', 'capacity', 'postgres', 'owner', 'created'] as const

/** What a hand-written URL has wrong is left out; the page still opens. */
export const instanceFilter = z.object({
  filter: z.string().optional().catch(undefined),
  state: z.enum(STATES).optional().catch(undefined),
  kind: z.enum(KINDS).optional().catch(undefined),
  sort: z.enum(SORTED_COLUMNS).optional().catch(undefined),
  direction: z.enum(['ascending', 'descending']).optional().catch(undefined),
})
export type InstanceFilter = z.infer<typeof instanceFilter>

export const kindOf = (instance: DatabaseInstance): (typeof KINDS)[number] =>
  instance.attached === undefined ? 'embedded' : 'attached'

export const postgresVersion = (instance: Pick<DatabaseInstance, 'pg_version'>): string =>
  instance.pg_version?.replace('PG_VERSION_', '') ?? ''

/** `CU_2` is 2. */
export const capacityUnits = (capacity: string): string => capacity.replace('CU_', '')

export function filterInstances(
  instances: readonly DatabaseInstance[],
  { filter = '', state, kind }: InstanceFilter,
): readonly DatabaseInstance[] {
  const wanted = filter.toLocaleLowerCase()
  return instances.filter(
    (instance) =>
      (state === undefined || instance.state === state) &&
      (kind === undefined || kindOf(instance) === kind) &&
      (wanted === '' || textOf(instance).includes(wanted)),
  )
}

const textOf = ({ name, creator, effective_custom_tags: tags }: DatabaseInstance): string =>
  [name, creator, ...tags.map(({ key, value }) => `${key}=${value}`)].join('\n').toLocaleLowerCase()
