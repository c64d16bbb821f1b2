/** Asks before an identity is deactivated, removed from the workspace, or deleted, and says what is lost with it. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import {
  deleteIdentity,
  endIdentitySessions,
  identitySessionsQuery,
  patchIdentity,
  useMayWith,
  type IdentityKind,
  type Place,
} from '../../data/directory.ts'
import { assignToWorkspace } from '../../data/account.ts'
import { useSession } from '../../data/session.ts'
import { Checkbox } from '../../kit/choice.tsx'
import { ConfirmChange } from '../../kit/confirm-change.tsx'
import { messages } from '../../messages/index.ts'
import { nameOf, type AnyIdentity } from './names.ts'

const texts = messages.identity

interface DialogProps {
  readonly place: Place
  readonly kind: IdentityKind
  readonly identity: AnyIdentity
  readonly onClose: () => void
}

/**
 * How many PostgreSQL sessions are open; undefined while it is not known, and for a person who may not ask, so that no
 * number is guessed.
 */
function useOpenSessionCount(id: string): number | undefined {
  const maySee = useMayWith(id, 'manage_open_sessions') === true
  const { data } = useQuery({ ...identitySessionsQuery(id), enabled: maySee })
  return data?.sessions.length
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
  const change = async () => {
    await patchIdentity(place, kind, identity.id, [{ op: 'replace', path: 'active', value: !isActive }])
    if (isActive && endsThem) await endIdentitySessions(identity.id)
  }
  return (
    <ConfirmChange
      title={isActive ? texts.deactivateTitle(name) : texts.activateTitle(name)}
      action={isActive ? texts.deactivate : texts.activate}
      isDangerous={isActive}
      change={change}
      done={isActive ? texts.deactivatedFlag(name) : texts.activated(name)}
      onClose={onClose}
    >
      {isActive && <p>{texts.deactivateText}</p>}
      {isActive && sessions !== undefined && <p>{texts.sessionsStay(sessions)}</p>}
      {isActive && sessions !== undefined && sessions > 0 && (
        <Checkbox isSelected={endsThem} onChange={setEndsThem}>
          {texts.endThem}
        </Checkbox>
      )}
    </ConfirmChange>
  )
}

export function TakeOutDialog({ identity, onClose, onDone }: DialogProps & { readonly onDone: () => void }) {
  const name = nameOf(identity)
  const { account_id: accountId, workspace } = useSession()
  return (
    <ConfirmChange
      title={texts.takeOutTitle(name)}
      action={texts.takeOut}
      change={() => assignToWorkspace(accountId, workspace.id, identity.id, undefined)}
      done={texts.takenOut(name)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>{texts.takeOutText}</p>
    </ConfirmChange>
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
  return (
    <ConfirmChange
      title={texts.deleteTitle(name)}
      // The part before the @ is enough of a user's name.
      name={name.split('@')[0] ?? name}
      action={texts.deleteAction(name)}
      change={() => deleteIdentity(place, kind, identity.id)}
      done={texts.deleted(name)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>{texts.deleteText}</p>
      {sessions !== undefined && <p>{texts.hasSessions(sessions)}</p>}
    </ConfirmChange>
  )
}
