/** Drops a role; what it owns goes to another role that the person chooses. */
import type { DatabaseInstanceRole } from '@lakegate/client'
import { useState } from 'react'
import { ApiError } from '../../data/api.ts'
import { useDropRole } from '../../data/instance-roles.ts'
import { Select } from '../../kit/choice.tsx'
import { ShowAsCall } from '../../kit/copy.tsx'
import { Confirm } from '../../kit/dialog.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { InlineError, Notice } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { dropRoleSql } from './role-sql.ts'

export interface DropRoleDialogProps {
  readonly instance: string
  readonly role: DatabaseInstanceRole
  /** Roles that may take over what it owns. */
  readonly others: readonly DatabaseInstanceRole[]
  readonly openSessions: number
  readonly onClose: () => void
}

/** No role has an empty name. */
const NOBODY = ''

export function DropRoleDialog({ instance, role, others, openSessions, onClose }: DropRoleDialogProps) {
  const texts = messages.instanceTabs.roles
  const drop = useDropRole(instance)
  const [heir, setHeir] = useState(NOBODY)
  const [ownsSomething, setOwnsSomething] = useState(false)
  const reassignOwnedTo = heir === NOBODY ? undefined : heir
  const confirm = () =>
    drop.mutate(
      { role: role.name, reassignOwnedTo },
      {
        onSuccess() {
          showFlag({ text: texts.dropped(role.name) })
          onClose()
        },
        onError(error) {
          // Of the possible errors, only instance_role_in_use can be solved by choosing another role.
          if (error instanceof ApiError && error.errorCode === 'INVALID_STATE') setOwnsSomething(true)
        },
      },
    )
  return (
    <Confirm
      title={texts.dropTitle(role.name)}
      action={texts.drop}
      isOpen
      isBusy={drop.isPending}
      onClose={onClose}
      onConfirm={confirm}
      problem={<InlineError error={drop.error} />}
    >
      <p>{texts.dropText}</p>
      {openSessions > 0 && <p>{texts.dropSessions(openSessions)}</p>}
      {ownsSomething && <Notice tone="warn">{texts.dropInUse}</Notice>}
      {ownsSomething && (
        <Select
          label={texts.heir}
          value={heir}
          onChange={setHeir}
          options={[
            { value: NOBODY, label: texts.heirNone },
            ...others.map(({ name }) => ({ value: name, label: name })),
          ]}
        />
      )}
      <ShowAsCall label={messages.kit.showAsSql} code={dropRoleSql(role.name, reassignOwnedTo)} />
    </Confirm>
  )
}
