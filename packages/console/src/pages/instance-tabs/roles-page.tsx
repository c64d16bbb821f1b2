/** Who can log in, and as what (design 5.4). */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { DatabaseInstance } from '@lakegate/client'
import { useState } from 'react'
import { instanceQuery, useMayDo } from '../../data/instances.ts'
import { instanceRolesQuery } from '../../data/instance-roles.ts'
import { Button } from '../../kit/button.tsx'
import { SearchField } from '../../kit/field.tsx'
import { ChipChoices, FilterChip } from '../../kit/filter-chip.tsx'
import { Toolbar } from '../../kit/page.tsx'
import { EmptyState, Notice, PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { useInstanceName } from '../instance/use-instance-name.ts'
import { AddMyRole } from './add-my-role.tsx'
import { AddRoleDialog } from './add-role-dialog.tsx'
import { RolesTable } from './roles-table.tsx'
import { ROLE_TYPES, rolesSearch, useSearchOf } from './searches.ts'
import { Denied } from '../instance/denied.tsx'

export function RolesPage() {
  const name = useInstanceName()
  const { data: instance } = useQuery(instanceQuery(name))
  const may = useMayDo(name, 'see_roles')
  if (instance === undefined || may === undefined) return <Skeleton />
  if (!may) return <Denied />
  if (instance.state !== 'AVAILABLE')
    return (
      <Notice>{messages.instanceTabs.roles.notAvailable(messages.instance.states[instance.state])}</Notice>
    )
  return <Roles instance={instance} />
}

function Roles({ instance }: { readonly instance: DatabaseInstance }) {
  const texts = messages.instanceTabs.roles
  const { data: roles, error, refetch } = useQuery(instanceRolesQuery(instance.name))
  const mayCreate = useMayDo(instance.name, 'create_role')
  const search = useSearchOf(rolesSearch)
  const { filter = '', type } = search
  const navigate = useNavigate()
  const change = (changed: typeof search) =>
    void navigate({ to: '.', search: { ...search, ...changed }, replace: true })
  const [isAdding, setAdding] = useState(false)
  if (error !== null && roles === undefined) return <PageError error={error} onRetry={() => void refetch()} />
  if (roles === undefined) return <Skeleton />
  return (
    <>
      <Toolbar
        actions={
          <>
            <AddMyRole instance={instance.name} roles={roles} />
            {mayCreate === true && (
              <Button kind="primary" onPress={() => setAdding(true)}>
                {texts.add}
              </Button>
            )}
          </>
        }
      >
        <SearchField
          label={texts.filter}
          value={filter}
          onChange={(value) => change({ filter: value === '' ? undefined : value })}
        />
        <FilterChip
          label={texts.type}
          value={type === undefined ? undefined : texts.types[type]}
          onClear={() => change({ type: undefined })}
        >
          {(close) => (
            <ChipChoices
              label={texts.type}
              chosen={type}
              choices={ROLE_TYPES.map((value) => ({ value, label: texts.types[value] }))}
              onChoose={(value) => {
                close()
                change({ type: ROLE_TYPES.find((candidate) => candidate === value) })
              }}
            />
          )}
        </FilterChip>
      </Toolbar>
      <RolesTable
        instance={instance}
        roles={roles}
        filter={filter}
        type={type}
        empty={<EmptyState>{roles.length === 0 ? texts.empty : messages.kit.noMatches}</EmptyState>}
      />
      {isAdding && <AddRoleDialog instance={instance} onClose={() => setAdding(false)} />}
    </>
  )
}
