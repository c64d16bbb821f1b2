/** Filters above the list of instances, kept in the URL, with the instance limit of the workspace beside them. */
import { useQuery } from '@tanstack/react-query'
import { workspaceRightsQuery } from '../../data/session.ts'
import { Select } from '../../kit/choice.tsx'
import { SearchField } from '../../kit/field.tsx'
import { Toolbar } from '../../kit/page.tsx'
import { messages } from '../../messages/index.ts'
import styles from './compute.module.css'
import { KINDS, STATES, type InstanceFilter } from './instance-filter.ts'

const texts = messages.compute
const ANY = 'any'

export interface InstanceToolbarProps {
  readonly search: InstanceFilter
  readonly onChange: (changed: InstanceFilter) => void
}

export function InstanceToolbar({ search, onChange }: InstanceToolbarProps) {
  const { data: rights } = useQuery(workspaceRightsQuery)
  return (
    <Toolbar>
      <SearchField
        label={texts.filterBy}
        value={search.filter ?? ''}
        onChange={(filter) => onChange({ filter: filter === '' ? undefined : filter })}
      />
      <Select
        label={texts.state}
        value={search.state ?? ANY}
        options={[
          { value: ANY, label: texts.any },
          ...STATES.map((state) => ({ value: state, label: messages.instance.states[state] })),
        ]}
        onChange={(state) => onChange({ state: state === ANY ? undefined : state })}
      />
      <Select
        label={texts.kind}
        value={search.kind ?? ANY}
        options={[
          { value: ANY, label: texts.any },
          ...KINDS.map((kind) => ({ value: kind, label: texts.kinds[kind] })),
        ]}
        onChange={(kind) => onChange({ kind: kind === ANY ? undefined : kind })}
      />
      {rights !== undefined && (
        <span className={styles['allowed']}>
          {texts.allowed(rights.instances.used, rights.instances.allowed)}
        </span>
      )}
    </Toolbar>
  )
}
