/** For attached clusters: lets an identity sign in as an existing role. */
import { z } from 'zod'
import { createRole, useRolesChanged } from '../../data/instance-roles.ts'
import type { Principal } from '../../data/principals.ts'
import { Button } from '../../kit/button.tsx'
import { ShowAsCall } from '../../kit/copy.tsx'
import { TextField } from '../../kit/field.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { Form } from '../../kit/page.tsx'
import { InlineError } from '../../kit/state.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'
import { FormDialogButtons, useKeepsDialog } from './form-dialog.tsx'
import { principalShape, type RoleFormProps } from './identity-role-form.tsx'
import { PrincipalPicker } from '../identity/principal-picker.tsx'
import { bindRoleSql } from './role-sql.ts'

interface Values {
  readonly principal: Principal | undefined
  readonly role: string
}

export function BindRoleForm({ instance, onDone }: RoleFormProps) {
  const texts = messages.instanceTabs.roles
  const changed = useRolesChanged(instance.name)
  const form = useForm<Values, string>({
    shape: z.object({ principal: principalShape(), role: z.string().min(1, texts.nameMissing) }),
    initial: { principal: undefined, role: '' },
    fieldOf: { name: 'principal', identity_type: 'principal', existing_role: 'role' },
    async send({ principal, role }) {
      if (principal === undefined) throw new Error(texts.choosePrincipal)
      const { name, type } = principal
      const bound = await createRole(instance.name, {
        name,
        type,
        attributes: {},
        isSuperuser: false,
        existingRole: role,
      })
      await changed()
      return bound.name
    },
    onDone(name) {
      showFlag({ text: texts.bound(name) })
      onDone()
    },
  })
  useKeepsDialog(form.isChanged)
  const { principal, role } = form.values
  return (
    <Form
      label={texts.tabs.bind}
      onSubmit={form.submit}
      buttons={
        <FormDialogButtons>
          <Button kind="primary" type="submit" isBusy={form.isBusy}>
            {texts.bind}
          </Button>
        </FormDialogButtons>
      }
    >
      <TextField
        label={texts.existingRole}
        hint={texts.bindHint}
        value={role}
        onChange={(value) => form.set('role', value)}
        problem={form.problemOf('role')}
        isMono
      />
      <PrincipalPicker
        label={texts.principal}
        chosen={principal}
        onChoose={(chosen) => form.set('principal', chosen)}
        problem={form.problemOf('principal')}
      />
      {principal !== undefined && role !== '' && (
        <ShowAsCall label={messages.kit.showAsSql} code={bindRoleSql(role, principal.id, principal.type)} />
      )}
      <InlineError error={form.error} />
    </Form>
  )
}
