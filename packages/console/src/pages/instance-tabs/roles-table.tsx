/** The list of roles, and the actions on each of them. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { DatabaseInstance, DatabaseInstanceRole } from '@lakegate/client'
import { useState, type ReactNode } from 'react'
import type { RoleIdentityType } from '../../data/instance-roles.ts'
import { useMayDo } from '../../data/instances.ts'
import { instanceSessionsQuery } from '../../data/sessions.ts'
import { DataTable, type Column } from '../../kit/data-table.tsx'
import { RowMenu, type MenuAction } from '../../kit/menu.tsx'
import { Name } from '../../kit/name.tsx'
import { messages } from '../../messages/index.ts'
import { formatNumber } from '../../text/format.ts'
import { ChangeRoleDialog } from './change-role-dialog.tsx'
import { DropRoleDialog } from './drop-role-dialog.tsx'
import { RoleIdentity, useRoleIdentities, type FoundIdentity } from './role-identity.tsx'
import styles from './instance-tabs.module.css'

export interface RolesTableProps {
  readonly instance: DatabaseInstance
  readonly roles: readonly DatabaseInstanceRole[]
  readonly filter: string
  readonly type: RoleIdentityType | undefined
  readonly empty: ReactNode
}

interface Asked {
  readonly what: 'change' | 'drop'
  readonly role: DatabaseInstanceRole
}

export function RolesTable({ instance, roles, filter, type, empty }: RolesTableProps) {
  const identityOf = useRoleIdentities(roles)
  const sessionsOf = useSessionCounts(instance.name)
  const actionsOf = useRoleActions(instance.name)
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)
  const wanted = filter.trim().toLowerCase()
  const shown = roles.filter(
    (role) =>
      (type === undefined || role.identity_type === type) &&
      [role.name, identityOf(role)?.name ?? '', identityOf(role)?.displayName ?? ''].some((name) =>
        name.toLowerCase().includes(wanted),
      ),
  )
  return (
    <>
      <DataTable
        label={messages.instanceTabs.roles.label}
        items={shown}
        columns={columnsOf(identityOf, sessionsOf)}
        keyOf={({ name }) => name}
        nameOf={({ name }) => name}
        sort={{ column: 'role', direction: 'ascending' }}
        actionsOf={(role) => <RowMenu name={role.name} actions={actionsOf(role, setAsked)} />}
        empty={empty}
      />
      {asked?.what === 'change' && <ChangeRoleDialog instance={instance} role={asked.role} onClose={close} />}
      {asked?.what === 'drop' && (
        <DropRoleDialog
          instance={instance.name}
          role={asked.role}
          others={roles.filter(({ name }) => name !== asked.role.name)}
          openSessions={sessionsOf?.(asked.role.name) ?? 0}
          onClose={close}
        />
      )}
    </>
  )
}

/** Undefined for a person who may not see sessions. */
function useSessionCounts(instance: string): ((role: string) => number) | undefined {
  const may = useMayDo(instance, 'see_sessions') === true
  const { data } = useQuery({ ...instanceSessionsQuery(instance), enabled: may })
  if (!may || data === undefined) return undefined
  const counts = new Map<string, number>()
  for (const { role } of data.sessions) counts.set(role, (counts.get(role) ?? 0) + 1)
  return (role) => counts.get(role) ?? 0
}

function useRoleActions(instance: string) {
  const texts = messages.instanceTabs.roles
  const mayChange = useMayDo(instance, 'change_role') === true
  const mayDrop = useMayDo(instance, 'drop_role') === true
  const mayCheck = useMayDo(instance, 'check_any_login') === true
  const navigate = useNavigate()
  return (role: DatabaseInstanceRole, ask: (asked: Asked) => void): readonly MenuAction[] => [
    ...(mayChange
      ? [{ id: 'change', label: texts.change, onAction: () => ask({ what: 'change', role }) }]
      : []),
    ...(mayCheck && role.identity_type !== 'PG_ONLY'
      ? [
          {
            id: 'check',
            label: texts.checkLogin,
            onAction: () =>
              void navigate({
                to: '/compute/instances/$name/login-check',
                params: { name: instance },
                search: { role: role.name },
              }),
          },
        ]
      : []),
    ...(mayDrop
      ? [{ id: 'drop', label: texts.drop, isDangerous: true, onAction: () => ask({ what: 'drop', role }) }]
      : []),
  ]
}

function columnsOf(
  identityOf: (role: DatabaseInstanceRole) => FoundIdentity,
  sessionsOf: ((role: string) => number) | undefined,
): readonly Column<DatabaseInstanceRole>[] {
  const texts = messages.instanceTabs.roles
  const attribute = (
    id: 'createdb' | 'createrole' | 'bypassrls' | 'replication',
  ): Column<DatabaseInstanceRole> => ({
    id,
    title: id.toUpperCase(),
    width: 130,
    render: (role) => markOf(id.toUpperCase(), role.effective_attributes[id] === true),
    sortBy: (role) => Number(role.effective_attributes[id] === true),
  })
  return [
    {
      id: 'role',
      title: texts.columns.role,
      width: 300,
      render: ({ name }) => <Name className={styles['name']} name={name} />,
      sortBy: ({ name }) => name,
    },
    {
      id: 'identity',
      title: texts.columns.identity,
      width: 300,
      render: (role) => <RoleIdentity role={role} found={identityOf(role)} />,
      sortBy: (role) => identityOf(role)?.displayName ?? role.name,
      isOnCard: true,
    },
    {
      id: 'superuser',
      title: texts.columns.superuser,
      width: 120,
      render: (role) => markOf(texts.superuser, role.membership_role !== undefined),
      sortBy: (role) => Number(role.membership_role !== undefined),
      isOnCard: true,
    },
    attribute('createdb'),
    attribute('createrole'),
    attribute('bypassrls'),
    ...(sessionsOf === undefined
      ? []
      : [
          {
            id: 'sessions',
            title: texts.columns.sessions,
            isNumeric: true,
            width: 110,
            render: ({ name }: DatabaseInstanceRole) => formatNumber(sessionsOf(name)),
            sortBy: ({ name }: DatabaseInstanceRole) => sessionsOf(name),
            isOnCard: true,
          },
        ]),
  ]
}

/** Undefined, which the table shows as none, for an attribute that the role does not have. */
const markOf = (what: string, isTrue: boolean): ReactNode =>
  isTrue ? (
    <span title={messages.instanceTabs.roles.has(what)}>
      <span aria-hidden>●</span>
      <span className="visually-hidden">{messages.instanceTabs.roles.has(what)}</span>
    </span>
  ) : undefined
