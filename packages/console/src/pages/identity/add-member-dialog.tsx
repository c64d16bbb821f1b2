/** Adds a user, service principal or group to a group. */
import type { ScimGroup } from '@lakegate/client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { patchIdentity, type Place } from '../../data/directory.ts'
import type { Principal } from '../../data/principals.ts'
import { Button } from '../../kit/button.tsx'
import { Dialog } from '../../kit/dialog.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { InlineError } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { PrincipalPicker } from './principal-picker.tsx'

const texts = messages.identity

export interface AddMemberDialogProps {
  readonly place: Place
  readonly group: ScimGroup
  readonly onClose: () => void
}

export function AddMemberDialog({ place, group, onClose }: AddMemberDialogProps) {
  const [chosen, setChosen] = useState<Principal>()
  const adding = useMutation({
    mutationFn: (principal: Principal) =>
      patchIdentity(place, 'Groups', group.id, [
        { op: 'add', path: 'members', value: [{ value: principal.id }] },
      ]),
    onSuccess(_nothing, principal) {
      showFlag({ text: texts.memberAdded(principal.displayName, group.displayName) })
      onClose()
    },
  })
  return (
    <Dialog
      title={texts.addMembers}
      isOpen
      onClose={onClose}
      isChanged={chosen !== undefined}
      hasForm
      buttons={
        <Button
          kind="primary"
          isDisabled={chosen === undefined}
          isBusy={adding.isPending}
          onPress={() => {
            if (chosen !== undefined) adding.mutate(chosen)
          }}
        >
          {texts.addLabel}
        </Button>
      }
    >
      <PrincipalPicker
        place={place}
        label={texts.member}
        hint={texts.memberHint}
        chosen={chosen}
        onChoose={setChosen}
      />
      <InlineError error={adding.error} />
    </Dialog>
  )
}
