/** Create database instance, or attach an existing PostgreSQL (design 5.2). */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef } from 'react'
import { useCreateInstance } from '../../data/instance-changes.ts'
import { useMay } from '../../data/session.ts'
import { Button, LinkButton } from '../../kit/button.tsx'
import { RadioGroup } from '../../kit/choice.tsx'
import { ShowAsCall } from '../../kit/copy.tsx'
import { TextField } from '../../kit/field.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { LeaveGuard } from '../../kit/leave-guard.tsx'
import { Form, Page } from '../../kit/page.tsx'
import { InlineError, Notice } from '../../kit/state.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'
import { apiCall } from '../../text/api-call.ts'
import { AdvancedFields } from '../instance/form/advanced-fields.tsx'
import { AttachFields } from '../instance/form/attach-fields.tsx'
import { FIELD_OF, formShape } from '../instance/form/form-shape.ts'
import { FIRST_VALUES, toCreateRequest, withoutPassword } from '../instance/form/form-values.ts'
import { GeneralFields } from '../instance/form/general-fields.tsx'

const texts = messages.instance.form

export function CreatePage() {
  const { kind: wanted = 'new' }: { readonly kind?: 'new' | 'attach' } = useSearch({ strict: false })
  // Where Lakegate makes no instances of its own, there is nothing to choose.
  const mayCreate = useMay('create_instance') !== false
  const kind = mayCreate ? wanted : 'attach'
  const navigate = useNavigate()
  const mayAttach = useMay('attach_instance') === true
  const create = useCreateInstance()
  const isDone = useRef(false)
  const form = useForm({
    initial: { ...FIRST_VALUES, kind },
    shape: formShape(kind, false),
    fieldOf: FIELD_OF,
    problemIn: ({ status }) => (status === 409 ? { field: 'name', problem: texts.nameTaken } : undefined),
    send: (values) => create(toCreateRequest({ ...values, kind })),
    onDone({ name }) {
      isDone.current = true
      showFlag({ text: texts.created(name) })
      void navigate({ to: '/compute/instances/$name', params: { name } })
    },
  })
  const values = { ...form.values, kind }
  const isNative = values.enable_pg_native_login
  return (
    <Page title={texts.createTitle}>
      <LeaveGuard isChanged={() => form.isChanged && !isDone.current} />
      <InlineError error={form.error} />
      <Form
        label={texts.createTitle}
        onSubmit={form.submit}
        buttons={
          <>
            <LinkButton to="/compute/instances">{messages.kit.cancel}</LinkButton>
            <Button type="submit" kind="primary" isBusy={form.isBusy}>
              {kind === 'new' ? texts.create : texts.attach}
            </Button>
          </>
        }
      >
        {mayCreate && mayAttach && (
          <RadioGroup
            label={texts.kind}
            asCards
            value={kind}
            options={[
              { value: 'new', label: texts.kindNew, description: texts.kindNewHint },
              { value: 'attach', label: texts.kindAttach, description: texts.kindAttachHint },
            ]}
            onChange={(chosen) => {
              form.set('kind', chosen)
              void navigate({ to: '.', search: { kind: chosen }, replace: true, ignoreBlocker: true })
            }}
          />
        )}
        <TextField
          label={texts.name}
          hint={texts.nameHint}
          autoFocus
          autoComplete="off"
          isMono
          value={values.name}
          onChange={(name) => form.set('name', name)}
          problem={form.problemOf('name')}
        />
        {kind === 'attach' && <AttachFields form={{ ...form, values }} isEdited={false} />}
        <GeneralFields form={{ ...form, values }} />
        <details>
          <summary>{texts.advanced}</summary>
          <AdvancedFields
            form={{ ...form, values }}
            nativeLoginNote={isNative && <Notice tone="warn">{messages.instance.nativeLogin.onText}</Notice>}
          />
        </details>
        <ShowAsCall
          code={apiCall('POST', '/api/2.0/database/instances', withoutPassword(toCreateRequest(values)))}
        />
      </Form>
    </Page>
  )
}
