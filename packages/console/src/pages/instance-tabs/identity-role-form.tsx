/** Creates a role for a user, service principal or group; it has exactly the name of the identity. */
import type { DatabaseInstance } from '@lakegate/client'
import { z } from 'zod'
import { createRole, useRolesChanged } from '../../data/instance-roles.ts'
import type { Principal } from '../../data/principals.ts'
import { Button } from '../../kit/button.tsx'
import { ShowAsCall } from '../../kit/copy.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { Form } from '../../kit/page.tsx'
import { InlineError, Notice } from '../../kit/state.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'
import { FormDialogButtons, useKeepsDialog } from './form-dialog.tsx'
import { PrincipalPicker } from '../identity/principal-picker.tsx'
import { NO_ATTRIBUTES, RoleAttributes, toSettings, type RoleAttributeValues } from './role-attributes.tsx'
import { createRoleSql } from './role-sql.ts'

export interface RoleFormProps {
  readonly instance: DatabaseInstance
  readonly onDone: () => void
}

interface Values extends RoleAttributeValues {
  readonly principal: Principal | undefined
}

/** Maps fields of the API to the fields of the form. */
export const ROLE_FIELDS = {
  name: 'principal',
  identity_type: 'principal',
  membership_role: 'superuser',
  'attributes.createdb': 'createdb',
  'attributes.createrole': 'createrole',
  'attributes.bypassrls': 'bypassrls',
  'attributes.replication': 'replication',
} as const

export const attributesShape = {
  superuser: z.boolean(),
  createdb: z.boolean(),
  createrole: z.boolean(),
  bypassrls: z.boolean(),
  replication: z.boolean(),
}

export const principalShape = () =>
  z.custom<Principal | undefined>((value) => value !== undefined, messages.instanceTabs.roles.choosePrincipal)

export function IdentityRoleForm({ instance, onDone }: RoleFormProps) {
  const texts = messages.instanceTabs.roles
  const changed = useRolesChanged(instance.name)
  const form = useForm<Values, string>({
    shape: z.object({ principal: principalShape(), ...attributesShape }),
    initial: { principal: undefined, ...NO_ATTRIBUTES },
    fieldOf: ROLE_FIELDS,
    async send({ principal, ...attributes }) {
      if (principal === undefined) throw new Error(texts.choosePrincipal)
      const { name, type } = principal
      const created = await createRole(instance.name, { name, type, ...toSettings(attributes) })
      await changed()
      return created.name
    },
    onDone(name) {
      showFlag({ text: texts.added(name) })
      onDone()
    },
  })
  useKeepsDialog(form.isChanged)
  const { principal } = form.values
  return (
    <Form
      label={texts.tabs.identity}
      onSubmit={form.submit}
      buttons={
        <FormDialogButtons>
          <Button kind="primary" type="submit" isBusy={form.isBusy}>
            {texts.add}
          </Button>
        </FormDialogButtons>
      }
    >
      <PrincipalPicker
        label={texts.principal}
        chosen={principal}
        onChoose={(chosen) => form.set('principal', chosen)}
        {...(principal === undefined ? {} : { hint: texts.namedExactly(principal.name) })}
        problem={form.problemOf('principal')}
      />
      {principal?.type === 'GROUP' && <Notice>{texts.asGroup}</Notice>}
      <RoleAttributes
        instance={instance}
        values={form.values}
        onChange={form.set}
        problemOf={form.problemOf}
      />
      {principal !== undefined && (
        <ShowAsCall
          label={messages.kit.showAsSql}
          code={createRoleSql({ name: principal.name, type: principal.type, ...toSettings(form.values) })}
        />
      )}
      <InlineError error={form.error} />
    </Form>
  )
}
