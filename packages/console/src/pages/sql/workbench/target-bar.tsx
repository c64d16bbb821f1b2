/** Which instance, which database, as which role. Changing one of them opens another session. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { instanceDatabasesQuery } from '../../../data/instance-databases.ts'
import { signInRolesQuery } from '../../../data/instance-roles.ts'
import { instanceRightsQuery, instancesQuery } from '../../../data/instances.ts'
import { useSession } from '../../../data/session.ts'
import type { SqlState } from '../../../data/sql-state.ts'
import { Select } from '../../../kit/choice.tsx'
import { Confirm } from '../../../kit/dialog.tsx'
import { messages } from '../../../messages/index.ts'
import { workbench, type EditorTab, type TabTarget } from './workbench.ts'
import styles from './workbench.module.css'

/** The database that every instance has (wire contract, «database instances»). */
const FIRST_DATABASE = 'databricks_postgres'

export interface TargetBarProps {
  readonly tab: EditorTab
  readonly state: SqlState
}

export function TargetBar({ tab, state }: TargetBarProps) {
  const [wanted, setWanted] = useState<TabTarget>()
  const { data: instances = [] } = useQuery(instancesQuery)
  const databases = useDatabases(tab)
  const roles = useRoles(tab)
  useEffect(() => {
    if (tab.instance !== undefined || instances.length === 0) return
    const first = instances.find((instance) => instance.state === 'AVAILABLE') ?? instances[0]
    if (first !== undefined) workbench.aim(tab.id, { instance: first.name })
  }, [tab.id, tab.instance, instances])
  useEffect(() => {
    if (tab.database !== undefined || databases.length === 0) return
    const database = databases.includes(FIRST_DATABASE) ? FIRST_DATABASE : databases[0]
    workbench.aim(tab.id, { instance: tab.instance, role: tab.role, database })
  }, [tab, databases])
  const aim = (target: TabTarget) => {
    if (state.transaction === 'none' && !state.isRunning) workbench.aim(tab.id, target)
    else setWanted(target)
  }
  const { instance, database, role } = tab
  return (
    <div className={styles['target']} role="group" aria-label={messages.sql.target.label}>
      <Select
        label={messages.sql.target.instance}
        isLabelHidden
        placeholder={messages.sql.target.choose}
        options={withChosen(
          instances.map(({ name }) => name),
          instance,
        ).map((name) => ({ value: name, label: name }))}
        value={instance}
        onChange={(value) => {
          if (value !== instance) aim({ instance: value, database: undefined, role: undefined })
        }}
      />
      <Select
        label={messages.sql.target.database}
        isLabelHidden
        placeholder={messages.sql.target.choose}
        options={withChosen(databases, database).map((name) => ({ value: name, label: name }))}
        value={database}
        onChange={(value) => {
          if (value !== database) aim({ instance, role, database: value })
        }}
      />
      <div data-sql-role>
        <Select
          label={messages.sql.target.role}
          isLabelHidden
          placeholder={messages.sql.target.choose}
          options={roles}
          value={role ?? roles[0]?.value}
          onChange={(value) => {
            const next = value === roles[0]?.value ? undefined : value
            if (next !== role) aim({ instance, database, role: next })
          }}
        />
      </div>
      <Confirm
        title={messages.sql.target.changeTitle}
        action={messages.sql.target.changeAction}
        isOpen={wanted !== undefined}
        onClose={() => setWanted(undefined)}
        onConfirm={() => {
          if (wanted !== undefined) workbench.aim(tab.id, wanted)
          setWanted(undefined)
        }}
      >
        <p>{messages.sql.target.changeText}</p>
      </Confirm>
    </div>
  )
}

/** The target for which a draft was written stays a choice, even if it no longer exists or is not visible. */
const withChosen = (names: readonly string[], chosen: string | undefined): readonly string[] =>
  chosen === undefined || names.includes(chosen) ? names : [...names, chosen]

function useDatabases({ instance = '' }: EditorTab): readonly string[] {
  const { data: rights } = useQuery({ ...instanceRightsQuery(instance), enabled: instance !== '' })
  // Either permission is enough for the list (decideListDatabases); without both the server would refuse.
  const maySee = rights?.actions.some((action) => action === 'see_roles' || action === 'mint_credential')
  const { data, isError } = useQuery({
    ...instanceDatabasesQuery(instance),
    enabled: maySee === true,
    retry: false,
  })
  // For a person who may not see the list, or a stopped instance: the database that always exists.
  return data ?? (isError || maySee === false ? [FIRST_DATABASE] : [])
}

/** The person's own role first. */
function useRoles({ instance = '', role }: EditorTab) {
  const { person } = useSession()
  const { data } = useQuery({ ...signInRolesQuery(instance), enabled: instance !== '', retry: false })
  const groups = (data?.roles ?? [])
    .filter(({ kind }) => kind === 'group')
    .map((found) => ({
      value: found.role,
      label: messages.sql.target.asRole(found.role),
      description: messages.sql.target.through(found.path.map(({ name }) => name).join(' › ')),
    }))
  const own = { value: person.name, label: messages.sql.target.asMyself(person.name) }
  const all = [own, ...groups]
  return role === undefined || all.some(({ value }) => value === role)
    ? all
    : [...all, { value: role, label: messages.sql.target.asRole(role) }]
}
