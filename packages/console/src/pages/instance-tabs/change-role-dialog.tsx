/** Changes what a role may do; its binding to an identity stays. */
import type { DatabaseInstance, DatabaseInstanceRole } from '@lakegate/client'
import { z } from 'zod'
import { changeRole, useRolesChanged } from '../../data/instance-roles.ts'
import { Button } from '../../kit/button.tsx'
import { ShowAsCall } from '../../kit/copy.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { Form } from '../../kit/page.tsx'
import { InlineError } from '../../kit/state.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'
import { FormDialog, FormDialogButtons, useKeepsDialog } from './form-dialog.tsx'
import { attributesShape, ROLE_FIELDS } from './identity-role-form.tsx'
import { RoleAttributes, toSettings, type RoleAttributeValues } from './role-attributes.tsx'
import { changeRoleSql } from './role-sql.ts'

export interface ChangeRoleDialogProps {
  readonly instance: DatabaseInstance
  readonly role: DatabaseInstanceRole
  readonly onClose: () => void
}

export function ChangeRoleDialog(props: ChangeRoleDialogProps) {
  return (
    <FormDialog title={messages.instanceTabs.roles.changeTitle(props.role.name)} onClose={props.onClose}>
      <ChangeRoleForm {...props} />
    </FormDialog>
  )
}

function ChangeRoleForm({ instance, role, onClose }: ChangeRoleDialogProps) {
  const texts = messages.instanceTabs.roles
  const changed = useRolesChanged(instance.name)
  const before: RoleAttributeValues = {
    ...role.effective_attributes,
    replication: role.effective_attributes.replication === true,
    superuser: role.membership_role !== undefined,
  }
  const form = useForm<RoleAttributeValues, unknown>({
    shape: z.object(attributesShape),
    initial: before,
    fieldOf: ROLE_FIELDS,
    async send(values) {
      await changeRole(instance.name, role.name, toSettings(values, before))
      await changed()
    },
    onDone() {
      showFlag({ text: texts.changed(role.name) })
      onClose()
    },
  })
  useKeepsDialog(form.isChanged)
  return (
    <Form
      label={texts.change}
      onSubmit={form.submit}
      buttons={
        <FormDialogButtons>
          <Button kind="primary" type="submit" isBusy={form.isBusy} isDisabled={!form.isChanged}>
            {messages.kit.save}
          </Button>
        </FormDialogButtons>
      }
    >
      <RoleAttributes
        instance={instance}
        values={form.values}
        onChange={form.set}
        problemOf={form.problemOf}
      />
      {form.isChanged && (
        <ShowAsCall
          label={messages.kit.showAsSql}
          code={changeRoleSql(role.name, toSettings(form.values, before), before.superuser)}
        />
      )}
      <InlineError error={form.error} />
    </Form>
  )
}
