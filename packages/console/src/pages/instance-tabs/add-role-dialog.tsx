/** Adds a role: for an identity, with a password of its own, or (in an attached cluster) by binding an existing one. */
import type { DatabaseInstance } from '@lakegate/client'
import { useState } from 'react'
import { Tabs } from '../../kit/tabs.tsx'
import { messages } from '../../messages/index.ts'
import { BindRoleForm } from './bind-role-form.tsx'
import { FormDialog } from './form-dialog.tsx'
import { IdentityRoleForm } from './identity-role-form.tsx'
import { PasswordRoleForm } from './password-role-form.tsx'

type Way = 'identity' | 'password' | 'bind'

const FORMS = { identity: IdentityRoleForm, password: PasswordRoleForm, bind: BindRoleForm } as const

export interface AddRoleDialogProps {
  readonly instance: DatabaseInstance
  readonly onClose: () => void
}

export function AddRoleDialog({ instance, onClose }: AddRoleDialogProps) {
  const texts = messages.instanceTabs.roles
  const [way, setWay] = useState<Way>('identity')
  const ways: readonly Way[] = [
    'identity',
    ...(instance.effective_enable_pg_native_login ? (['password'] as const) : []),
    ...(instance.attached === undefined ? [] : (['bind'] as const)),
  ]
  const Form = FORMS[way]
  const form = <Form instance={instance} onDone={onClose} />
  return (
    <FormDialog title={texts.add} onClose={onClose}>
      {ways.length === 1 ? (
        form
      ) : (
        <Tabs
          label={texts.waysToAdd}
          selected={way}
          onSelect={setWay}
          tabs={ways.map((id) => ({ id, label: texts.tabs[id] }))}
        >
          {form}
        </Tabs>
      )}
    </FormDialog>
  )
}
