/** «Add permission»: a principal and a level. */
import { useState } from 'react'
import type { PermissionLevel } from '../../../data/instance-permissions.ts'
import type { Principal } from '../../../data/principals.ts'
import { Button } from '../../../kit/button.tsx'
import { RadioGroup } from '../../../kit/choice.tsx'
import { ShowAsCall } from '../../../kit/copy.tsx'
import { Dialog } from '../../../kit/dialog.tsx'
import { InlineError } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import { apiCall } from '../../../text/api-call.ts'
import { PrincipalPicker } from '../../identity/principal-picker.tsx'
import { keyOf, type PermissionRow } from './permission-rows.ts'
import { usePermissionChanges } from './use-permission-changes.ts'

const texts = messages.instance.permissions

export interface AddPermissionProps {
  readonly instance: string
  readonly rows: readonly PermissionRow[]
  readonly onClose: () => void
}

export function AddPermission({ instance, rows, onClose }: AddPermissionProps) {
  const [chosen, setChosen] = useState<Principal>()
  const [level, setLevel] = useState<PermissionLevel>('CAN_USE')
  const [isAsked, setAsked] = useState(false)
  const { add, isBusy, error } = usePermissionChanges(instance)
  const before = rows.find((row) => chosen !== undefined && keyOf(row) === keyOf(chosen))
  const submit = () => {
    setAsked(true)
    if (chosen !== undefined)
      add({ type: chosen.type, name: chosen.name, level }, chosen.displayName, onClose)
  }
  return (
    <Dialog
      title={texts.addTitle}
      isOpen
      onClose={onClose}
      hasForm
      isChanged={chosen !== undefined}
      buttons={
        <Button kind="primary" isBusy={isBusy} onPress={submit}>
          {texts.add}
        </Button>
      }
    >
      <PrincipalPicker
        label={texts.principal}
        chosen={chosen}
        onChoose={setChosen}
        problem={isAsked && chosen === undefined ? texts.choose : undefined}
        {...(before === undefined ? {} : { hint: texts.hasNow(texts.levels[before.level]) })}
      />
      <RadioGroup
        label={texts.level}
        asCards
        value={level}
        options={[
          { value: 'CAN_USE', label: texts.levels.CAN_USE, description: texts.canUse },
          { value: 'CAN_MANAGE', label: texts.levels.CAN_MANAGE, description: texts.canManage },
        ]}
        onChange={setLevel}
      />
      {chosen !== undefined && <ShowAsCall code={callFor(instance, chosen, level)} />}
      <InlineError error={error} />
    </Dialog>
  )
}

const NAME_FIELDS = {
  USER: 'user_name',
  GROUP: 'group_name',
  SERVICE_PRINCIPAL: 'service_principal_name',
} as const

const callFor = (instance: string, { type, name }: Principal, level: PermissionLevel): string =>
  apiCall('PATCH', `/api/2.0/permissions/database-instances/${encodeURIComponent(instance)}`, {
    access_control_list: [{ [NAME_FIELDS[type]]: name, permission_level: level }],
  })
