/** The actions on an identity; only those that the policy permits this person are shown. */
import type { IdentityAction } from '@lakegate/client'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { IdentityKind, Place } from '../../data/directory.ts'
import { Button } from '../../kit/button.tsx'
import { Menu, type MenuAction } from '../../kit/menu.tsx'
import { messages } from '../../messages/index.ts'
import { ActivationDialog, DeleteIdentityDialog, TakeOutDialog } from './identity-dialogs.tsx'
import { EditIdentityDialog } from './edit-identity-dialog.tsx'
import { nameOf, type AnyIdentity } from './names.ts'
import { listPath } from './place.ts'
import { NewSignInLink } from './sign-in-link.tsx'

const texts = messages.identity

export interface IdentityActionsProps {
  readonly place: Place
  readonly kind: IdentityKind
  readonly identity: AnyIdentity
  readonly actions: readonly IdentityAction[]
}

type Open = 'edit' | 'link' | 'activation' | 'take_out' | 'delete'

export function IdentityActions({ place, kind, identity, actions }: IdentityActionsProps) {
  const navigate = useNavigate()
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  const goToList = () => void navigate({ to: listPath(place, kind) })
  const may = (action: IdentityAction) => actions.includes(action)
  const active = 'active' in identity ? identity.active : undefined
  const menu: readonly MenuAction[] = [
    ...(may('make_sign_in_link') && kind === 'Users'
      ? [{ id: 'link', label: texts.signInLink.action, onAction: () => setOpen('link') }]
      : []),
    ...(may('deactivate') && active !== undefined
      ? [
          {
            id: 'activation',
            label: active ? texts.deactivate : texts.activate,
            onAction: () => setOpen('activation'),
          },
        ]
      : []),
    ...(may('take_out_of_workspace') && place === 'workspace'
      ? [{ id: 'take_out', label: texts.takeOut, onAction: () => setOpen('take_out'), isDangerous: true }]
      : []),
    ...(may('delete')
      ? [{ id: 'delete', label: texts.delete, onAction: () => setOpen('delete'), isDangerous: true }]
      : []),
  ]
  const shared = { place, kind, identity, onClose: close }
  return (
    <>
      {may('change') && <Button onPress={() => setOpen('edit')}>{texts.edit}</Button>}
      {menu.length > 0 && <Menu label={messages.kit.moreActions(nameOf(identity))} actions={menu} />}
      {open === 'edit' && (
        <EditIdentityDialog {...shared} mayMakeAdministrator={may('make_account_administrator')} />
      )}
      {open === 'link' && <NewSignInLink userId={identity.id} name={nameOf(identity)} onClose={close} />}
      {open === 'activation' && active !== undefined && <ActivationDialog {...shared} isActive={active} />}
      {open === 'take_out' && <TakeOutDialog {...shared} onDone={goToList} />}
      {open === 'delete' && <DeleteIdentityDialog {...shared} onDone={goToList} />}
    </>
  )
}
