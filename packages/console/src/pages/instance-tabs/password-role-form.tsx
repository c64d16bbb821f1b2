/**
 * A role with a password: generated and hashed in the browser, shown once, created by the person's own SQL (design
 * 3.6).
 */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { z } from 'zod'
import { useRolesChanged } from '../../data/instance-roles.ts'
import { createByOwnSql, makePassword, verifierOf } from '../../data/password-role.ts'
import { useSession } from '../../data/session.ts'
import { SqlOnceError } from '../../data/sql-once.ts'
import { Button } from '../../kit/button.tsx'
import { SecretField, ShowAsCall } from '../../kit/copy.tsx'
import { TextField } from '../../kit/field.tsx'
import { Form } from '../../kit/page.tsx'
import { InlineError, Notice, RefusalCard } from '../../kit/state.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'
import { FormDialogButtons, useKeepsDialog } from './form-dialog.tsx'
import { attributesShape, type RoleFormProps } from './identity-role-form.tsx'
import { NO_ATTRIBUTES, RoleAttributes, toSettings, type RoleAttributeValues } from './role-attributes.tsx'
import { createPasswordRoleSql } from './role-sql.ts'

interface Values extends RoleAttributeValues {
  readonly name: string
}

/** PostgreSQL's NAMEDATALEN - 1. */
const LONGEST_NAME = 63
/** Replaces the password in the shown SQL when the server has to hash it. */
const MASK = '•••'

export function PasswordRoleForm({ instance, onDone }: RoleFormProps) {
  const texts = messages.instanceTabs.roles
  const { person } = useSession()
  const changed = useRolesChanged(instance.name)
  const [password] = useState(makePassword)
  const [created, setCreated] = useState<string>()
  const { data: verifier, isPending } = useQuery({
    // The key is unique to this form, and contains neither the password nor anything derived from it.
    queryKey: ['password-verifier', useState(() => crypto.getRandomValues(new Uint32Array(2)).join('-'))[0]],
    queryFn: async () => (await verifierOf(password)) ?? null,
    staleTime: Infinity,
    gcTime: 0,
  })
  const form = useForm<Values, string>({
    shape: z.object({
      name: z
        .string()
        .min(1, texts.nameMissing)
        .refine((name) => new TextEncoder().encode(name).length <= LONGEST_NAME, texts.nameTooLong),
      ...attributesShape,
    }),
    initial: { name: '', ...NO_ATTRIBUTES },
    async send({ name, ...attributes }) {
      await createByOwnSql(
        instance,
        createPasswordRoleSql(name, verifier ?? password, toSettings(attributes)),
      )
      await changed()
      return name
    },
    onDone: setCreated,
  })
  useKeepsDialog(form.isChanged)
  if (created !== undefined) return <Created role={created} password={password} onDone={onDone} />
  const { name } = form.values
  return (
    <Form
      label={texts.tabs.password}
      onSubmit={form.submit}
      buttons={
        <FormDialogButtons>
          <Button kind="primary" type="submit" isBusy={form.isBusy} isDisabled={isPending}>
            {texts.createWithPassword}
          </Button>
        </FormDialogButtons>
      }
    >
      <Notice tone="warn">{texts.passwordWarning}</Notice>
      <TextField
        label={texts.roleName}
        hint={texts.roleNameHint}
        value={name}
        onChange={(value) => form.set('name', value)}
        problem={form.problemOf('name')}
        isMono
        autoComplete="off"
      />
      <RoleAttributes
        instance={instance}
        values={form.values}
        onChange={form.set}
        problemOf={form.problemOf}
      />
      <p>{verifier === null ? texts.passwordNotHashed : texts.passwordMade}</p>
      <p>{texts.runsAsYou(person.name)}</p>
      {name !== '' && (
        <ShowAsCall
          label={messages.kit.showAsSql}
          code={createPasswordRoleSql(name, verifier ?? MASK, toSettings(form.values))}
        />
      )}
      <SqlProblem error={form.error} />
    </Form>
  )
}

/** Why the login was refused, or the error of PostgreSQL. */
function SqlProblem({ error }: { readonly error: Error | null }) {
  if (!(error instanceof SqlOnceError)) return <InlineError error={error} />
  const { refusal } = error
  if (refusal !== undefined)
    return (
      <div role="alert">
        <RefusalCard {...refusal} />
      </div>
    )
  const { detail, hint, sqlstate } = error.error ?? {}
  return (
    <div role="alert">
      <Notice tone="danger" title={error.message}>
        {[detail, hint, sqlstate].map((line) => line !== undefined && <p key={line}>{line}</p>)}
      </Notice>
    </div>
  )
}

interface CreatedProps {
  readonly role: string
  readonly password: string
  readonly onDone: () => void
}

function Created({ role, password, onDone }: CreatedProps) {
  const texts = messages.instanceTabs.roles
  const [isCopied, setCopied] = useState(false)
  const [wasAsked, setAsked] = useState(false)
  useKeepsDialog(!isCopied)
  return (
    <>
      <Notice title={texts.passwordCreated(role)}>
        <SecretField
          what={texts.password}
          secret={password}
          copyLabel={texts.copyPassword}
          onCopied={() => setCopied(true)}
        />
      </Notice>
      {wasAsked && !isCopied && (
        <div role="alert">
          <Notice tone="warn">{texts.notCopied}</Notice>
        </div>
      )}
      <div>
        <Button kind="primary" onPress={() => (isCopied || wasAsked ? onDone() : setAsked(true))}>
          {messages.kit.done}
        </Button>
      </div>
    </>
  )
}
