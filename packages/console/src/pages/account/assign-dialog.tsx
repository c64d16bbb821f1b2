/** Assigns an identity of the account to a workspace. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { assignToWorkspace, type WorkspacePermission } from '../../data/account.ts'
import type { Principal } from '../../data/principals.ts'
import { Button } from '../../kit/button.tsx'
import { Select, type Option } from '../../kit/choice.tsx'
import { Dialog } from '../../kit/dialog.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { InlineError, Notice } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { PrincipalPicker } from '../identity/principal-picker.tsx'

const texts = messages.account.workspace

export const PERMISSION_OPTIONS: readonly Option<WorkspacePermission>[] = [
  { value: 'USER', label: messages.identity.permissions.USER },
  { value: 'ADMIN', label: messages.identity.permissions.ADMIN },
]

export interface AssignDialogProps {
  readonly accountId: string
  readonly workspaceId: string
  readonly workspaceName: string
  readonly onClose: () => void
}

export function AssignDialog({ accountId, workspaceId, workspaceName, onClose }: AssignDialogProps) {
  const [principal, setPrincipal] = useState<Principal>()
  const [permission, setPermission] = useState<WorkspacePermission>('USER')
  const assigning = useMutation({
    mutationFn: ({ id }: Principal) => assignToWorkspace(accountId, workspaceId, id, permission),
    onSuccess(_nothing, { displayName }) {
      showFlag({ text: texts.assigned(displayName) })
      onClose()
    },
  })
  return (
    <Dialog
      title={texts.assign}
      isOpen
      onClose={onClose}
      isChanged={principal !== undefined}
      hasForm
      buttons={
        <Button
          kind="primary"
          isDisabled={principal === undefined}
          isBusy={assigning.isPending}
          onPress={() => {
            if (principal !== undefined) assigning.mutate(principal)
          }}
        >
          {texts.assign}
        </Button>
      }
    >
      <PrincipalPicker
        place="account"
        label={texts.principal}
        hint={texts.principalHint}
        chosen={principal}
        onChoose={setPrincipal}
      />
      <Select
        label={texts.permission}
        value={permission}
        onChange={setPermission}
        options={PERMISSION_OPTIONS}
      />
      {/* Administrators of a workspace can create sign-in links for the users that it owns, and act through any
          assigned identity. */}
      <Notice>{texts.trust(workspaceName)}</Notice>
      <InlineError error={assigning.error} />
    </Dialog>
  )
}
