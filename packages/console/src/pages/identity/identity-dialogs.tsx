/** Asks before an identity is deactivated, taken out of the workspace, or deleted; with what goes with it. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import {
  deleteIdentity,
  endIdentitySessions,
  identitySessionsQuery,
  patchIdentity,
  type IdentityKind,
  type Place,
} from '../../data/directory.ts'
import { assignToWorkspace } from '../../data/account.ts'
import { useMay, useSession } from '../../data/session.ts'
import { Checkbox } from '../../kit/choice.tsx'
import { Confirm, ConfirmByName } from '../../kit/dialog.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { InlineError } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { nameOf, type AnyIdentity } from './names.ts'

const texts = messages.identity

interface DialogProps {
  readonly place: Place
  readonly kind: IdentityKind
  readonly identity: AnyIdentity
  readonly onClose: () => void
}

/** How many PostgreSQL sessions are open; 0 where the caller may not ask. */
function useOpenSessionCount(id: string): number {
  const maySee = useMay('manage_identities') === true
  const { data } = useQuery({ ...identitySessionsQuery(id), enabled: maySee })
  return data?.sessions.length ?? 0
}

export function ActivationDialog({
  place,
  kind,
  identity,
  isActive,
  onClose,
}: DialogProps & { readonly isActive: boolean }) {
  const name = nameOf(identity)
  const sessions = useOpenSessionCount(identity.id)
  const [endsThem, setEndsThem] = useState(false)
  const change = useMutation({
    async mutationFn() {
      await patchIdentity(place, kind, identity.id, [{ op: 'replace', path: 'active', value: !isActive }])
      if (isActive && endsThem) await endIdentitySessions(identity.id)
    },
    onSuccess() {
      showFlag({ text: isActive ? texts.deactivatedFlag(name) : texts.activated(name) })
      onClose()
    },
  })
  return (
    <Confirm
      title={isActive ? texts.deactivateTitle(name) : `${texts.activate} ${name}?`}
      action={isActive ? texts.deactivate : texts.activate}
      isDangerous={isActive}
      isOpen
      onClose={onClose}
      onConfirm={() => change.mutate()}
      isBusy={change.isPending}
      problem={<InlineError error={change.error} />}
    >
      {isActive && <p>{texts.deactivateText(sessions)}</p>}
      {isActive && sessions > 0 && (
        <Checkbox isSelected={endsThem} onChange={setEndsThem}>
          {texts.endThem}
        </Checkbox>
      )}
    </Confirm>
  )
}

export function TakeOutDialog({ identity, onClose, onDone }: DialogProps & { readonly onDone: () => void }) {
  const name = nameOf(identity)
  const { account_id: accountId, workspace } = useSession()
  const taking = useMutation({
    mutationFn: () => assignToWorkspace(accountId, workspace.id, identity.id, undefined),
    onSuccess() {
      showFlag({ text: texts.takenOut(name) })
      onDone()
    },
  })
  return (
    <Confirm
      title={texts.takeOutTitle(name)}
      action={texts.takeOut}
      isOpen
      onClose={onClose}
      onConfirm={() => taking.mutate()}
      isBusy={taking.isPending}
      problem={<InlineError error={taking.error} />}
    >
      <p>{texts.takeOutText}</p>
    </Confirm>
  )
}

export function DeleteIdentityDialog({
  place,
  kind,
  identity,
  onClose,
  onDone,
}: DialogProps & { readonly onDone: () => void }) {
  const name = nameOf(identity)
  const sessions = useOpenSessionCount(identity.id)
  const deleting = useMutation({
    mutationFn: () => deleteIdentity(place, kind, identity.id),
    onSuccess() {
      showFlag({ text: texts.deleted(name) })
      onDone()
    },
  })
  return (
    <ConfirmByName
      title={texts.deleteTitle(name)}
      // The part before the @ is enough of a user's name.
      name={name.split('@')[0] ?? name}
      action={texts.deleteAction(name)}
      isOpen
      onClose={onClose}
      onConfirm={() => deleting.mutate()}
      isBusy={deleting.isPending}
      problem={<InlineError error={deleting.error} />}
    >
      <p>{texts.deleteText(sessions)}</p>
    </ConfirmByName>
  )
}
