/** The Edit form. What happens to open sessions when native login is turned off is asked at the switch, before Save. */
import type { DatabaseInstance } from '@lakegate/client'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { useChangeInstance } from '../../../data/instance-changes.ts'
import { useDisableNativeLogin } from '../../../data/native-login.ts'
import { Button, LinkButton } from '../../../kit/button.tsx'
import { ShowAsCall } from '../../../kit/copy.tsx'
import { TextField } from '../../../kit/field.tsx'
import { showFlag } from '../../../kit/flags.tsx'
import { LeaveGuard } from '../../../kit/leave-guard.tsx'
import { Form } from '../../../kit/page.tsx'
import { InlineError, Notice } from '../../../kit/state.tsx'
import { useForm } from '../../../kit/use-form.ts'
import { messages } from '../../../messages/index.ts'
import { apiCall } from '../../../text/api-call.ts'
import { PasswordSessions } from '../dialogs/native-login.tsx'
import { AdvancedFields } from './advanced-fields.tsx'
import { AttachFields } from './attach-fields.tsx'
import { ChangeList } from './change-list.tsx'
import { FIELD_OF, formShape } from './form-shape.ts'
import { toChangeRequest, valuesOf, withoutPassword, type FormValues } from './form-values.ts'
import { GeneralFields } from './general-fields.tsx'

const texts = messages.instance.form

export function EditForm({ instance }: { readonly instance: DatabaseInstance }) {
  const { name } = instance
  const [before] = useState(() => valuesOf(instance))
  const [endsSessions, setEndsSessions] = useState(false)
  const navigate = useNavigate()
  const isDone = useRef(false)
  const change = useChangeInstance(name)
  const disable = useDisableNativeLogin(name)
  const form = useForm({
    initial: before,
    shape: formShape(before.kind, true),
    fieldOf: FIELD_OF,
    async send(values) {
      const request = toChangeRequest(before, values)
      await change.mutateAsync(request)
      return request.enable_pg_native_login === false && endsSessions
        ? disable.mutateAsync({ endsSessions })
        : undefined
    },
    onDone(disabled) {
      isDone.current = true
      showFlag({
        text:
          disabled === undefined ? texts.saved(name) : messages.instance.nativeLogin.disabled(disabled.ended),
      })
      void navigate({ to: '/compute/instances/$name', params: { name } })
    },
  })
  const { values } = form
  return (
    <>
      <LeaveGuard isChanged={() => form.isChanged && !isDone.current} />
      <InlineError error={form.error} />
      <Form
        label={texts.editTitle(name)}
        onSubmit={form.submit}
        buttons={
          <>
            <ChangeList before={before} values={values} />
            <LinkButton to="/compute/instances/$name" params={{ name }}>
              {messages.kit.cancel}
            </LinkButton>
            {form.isChanged && (
              <Button type="submit" kind="primary" isBusy={form.isBusy}>
                {messages.kit.save}
              </Button>
            )}
          </>
        }
      >
        <TextField label={texts.name} value={name} isReadOnly isMono />
        {values.kind === 'attach' && <AttachFields form={form} isEdited />}
        <GeneralFields form={form} />
        <h2>{texts.advanced}</h2>
        <AdvancedFields
          form={form}
          nativeLoginNote={
            <NativeLoginNote
              instance={instance}
              before={before}
              values={values}
              isEnding={endsSessions}
              onEnding={setEndsSessions}
            />
          }
        />
        {form.isChanged && (
          <ShowAsCall code={callFor(name, withoutPassword(toChangeRequest(before, values)))} />
        )}
      </Form>
    </>
  )
}

function callFor(name: string, change: object): string {
  const mask = Object.keys(change).join(',')
  return apiCall(
    'PATCH',
    `/api/2.0/database/instances/${encodeURIComponent(name)}?update_mask=${mask}`,
    change,
  )
}

interface NativeLoginNoteProps {
  readonly instance: DatabaseInstance
  readonly before: FormValues
  readonly values: FormValues
  readonly isEnding: boolean
  readonly onEnding: (isEnding: boolean) => void
}

/** Shown only when the switch was changed. */
function NativeLoginNote({ instance, before, values, isEnding, onEnding }: NativeLoginNoteProps) {
  const isOn = values.enable_pg_native_login
  if (isOn === before.enable_pg_native_login) return null
  return (
    <Notice tone="warn">
      {isOn ? (
        messages.instance.nativeLogin.onText
      ) : (
        <PasswordSessions instance={instance} isEnding={isEnding} onEnding={onEnding} />
      )}
    </Notice>
  )
}
