/** Principal, level, source. A locked row says why it is locked. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { instanceQuery } from '../../../data/instances.ts'
import { useSession } from '../../../data/session.ts'
import { PrincipalChip } from '../../../kit/badge.tsx'
import { Button } from '../../../kit/button.tsx'
import { Select } from '../../../kit/choice.tsx'
import { DataTable, type Column } from '../../../kit/data-table.tsx'
import { Confirm } from '../../../kit/dialog.tsx'
import { InlineError } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import { isOwner, keyOf, type PermissionRow } from './permission-rows.ts'
import { usePermissionChanges } from './use-permission-changes.ts'

const texts = messages.instance.permissions
const LEVELS = ['CAN_USE', 'CAN_MANAGE'] as const

export interface PermissionTableProps {
  readonly instance: string
  readonly rows: readonly PermissionRow[]
  readonly mayChange: boolean
}

export function PermissionTable({ instance, rows, mayChange }: PermissionTableProps) {
  const { data } = useQuery(instanceQuery(instance))
  const { person } = useSession()
  const changes = usePermissionChanges(instance)
  const [givesUp, setGivesUp] = useState<PermissionRow>()
  const owns = (row: PermissionRow) => data !== undefined && isOwner(row, data)
  const isLocked = (row: PermissionRow) => !mayChange || row.source === 'admins' || owns(row)
  const remove = (row: PermissionRow) => {
    if (row.type === 'USER' && row.name === person.name) setGivesUp(row)
    else changes.remove(row, rows)
  }
  const columns: readonly Column<PermissionRow>[] = [
    {
      id: 'principal',
      title: texts.principal,
      sortBy: ({ displayName }) => displayName,
      render: ({ type, name, displayName }) => (
        <PrincipalChip type={type} name={displayName === '' ? name : displayName} />
      ),
    },
    {
      id: 'level',
      title: texts.level,
      render: (row) =>
        isLocked(row) ? (
          texts.levels[row.level]
        ) : (
          <Select
            label={texts.levelOf(row.displayName)}
            isLabelHidden
            value={row.level}
            options={LEVELS.map((value) => ({ value, label: texts.levels[value] }))}
            onChange={(level) => {
              if (level !== row.level) changes.setLevel(row, level)
            }}
          />
        ),
    },
    {
      id: 'source',
      title: texts.source,
      render: (row) => {
        if (row.source === 'admins') return texts.admins
        return owns(row) ? texts.owner : texts.direct
      },
    },
  ]
  return (
    <>
      <InlineError error={changes.error} />
      <DataTable
        label={texts.table}
        items={rows}
        columns={columns}
        keyOf={keyOf}
        nameOf={({ displayName }) => displayName}
        empty={null}
        actionsOf={(row) =>
          isLocked(row) ? null : (
            <Button
              isSmall
              kind="quiet"
              aria-label={texts.removeNamed(row.displayName)}
              isDisabled={changes.isBusy}
              onPress={() => remove(row)}
            >
              {texts.remove}
            </Button>
          )
        }
      />
      {givesUp !== undefined && (
        <Confirm
          title={texts.removeOwnTitle}
          action={texts.removeOwn}
          isOpen
          onClose={() => setGivesUp(undefined)}
          onConfirm={() => {
            changes.remove(givesUp, rows)
            setGivesUp(undefined)
          }}
        >
          <p>{texts.removeOwnText(instance)}</p>
        </Confirm>
      )}
    </>
  )
}
