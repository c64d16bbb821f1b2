/** Which instances the list shows, as its URL says. */
import type { DatabaseInstance, DatabaseInstanceState } from '@lakegate/client'
import { oneOf, searchFields, text } from '../../kit/search-fields.ts'

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

export const instanceFilter = searchFields({
  filter: text,
  state: oneOf(STATES),
  kind: oneOf(KINDS),
  sort: oneOf(SORTED_COLUMNS),
  direction: oneOf(['ascending', 'descending']),
})
export type InstanceFilter = ReturnType<typeof instanceFilter>

const kindOf = (instance: DatabaseInstance): (typeof KINDS)[number] =>
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
