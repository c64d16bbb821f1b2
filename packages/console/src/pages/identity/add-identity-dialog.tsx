/** Adds an identity: a new one or, for account administrators, an existing one of the account to a workspace. */
import { useState } from 'react'
import { z } from 'zod'
import { assignToWorkspace, type WorkspacePermission } from '../../data/account.ts'
import { createIdentity, type IdentityKind, type Place } from '../../data/directory.ts'
import { createSignInLink } from '../../data/identity-access.ts'
import type { Principal } from '../../data/principals.ts'
import { useSession } from '../../data/session.ts'
import { DialogForm } from '../../kit/dialog-form.tsx'
import { RadioGroup, Select } from '../../kit/choice.tsx'
import { TextField } from '../../kit/field.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { useForm, type FormState } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'
import { PrincipalPicker } from './principal-picker.tsx'
import { SignInLinkShown } from './sign-in-link.tsx'

const texts = messages.identity

export interface AddIdentityDialogProps {
  readonly place: Place
  readonly kind: IdentityKind
  readonly onClose: () => void
  /** Opens the page of the new identity. */
  readonly onOpen: (id: string) => void
}

interface Values {
  readonly how: 'new' | 'existing'
  readonly name: string
  readonly displayName: string
  readonly permission: WorkspacePermission
  readonly principal: Principal | undefined
}

interface Created {
  readonly id: string
  /** For a user: no link could be created. */
  readonly lacksLink: boolean
}

export function AddIdentityDialog({ place, kind, onClose, onOpen }: AddIdentityDialogProps) {
  const { account_id: accountId, workspace, is_account_admin: isAccountAdmin } = useSession()
  const [link, setLink] = useState<Awaited<ReturnType<typeof createSignInLink>>>()
  const form = useForm<Values, Created | undefined>({
    shape: shapeOf(kind),
    initial: { how: 'new', name: '', displayName: '', permission: 'USER', principal: undefined },
    fieldOf: { userName: 'name' },
    send: async (values) => {
      if (values.how === 'existing' && values.principal !== undefined) {
        await assignToWorkspace(accountId, workspace.id, values.principal.id, values.permission)
        return undefined
      }
      const created = await createIdentity(place, kind, bodyOf(kind, values))
      if (kind !== 'Users') return { id: created.id, lacksLink: false }
      // The creator of a user passes the sign-in link on; without one the user could not sign in. If the link cannot be
      // created, the user still exists and a second «Add» would be refused, so the link has to be created on the user's
      // page.
      const made = await createSignInLink(created.id).catch(() => undefined)
      setLink(made)
      return { id: created.id, lacksLink: made === undefined }
    },
    onDone: (created) => {
      const { principal, name } = form.values
      if (created === undefined) {
        if (principal !== undefined) showFlag({ text: texts.assigned(principal.displayName) })
        onClose()
        return
      }
      showFlag({ text: created.lacksLink ? texts.createdWithoutLink(name) : texts.created(name) })
      if (kind !== 'Users' || created.lacksLink) {
        onClose()
        onOpen(created.id)
      }
    },
  })
  if (link !== undefined) return <SignInLinkShown link={link} onClose={onClose} />
  return (
    <DialogForm title={texts.add[kind]} action={texts.addLabel} form={form} onClose={onClose}>
      {place === 'workspace' && isAccountAdmin && (
        <RadioGroup
          label={texts.columns.kind}
          value={form.values.how}
          onChange={(how) => form.set('how', how)}
          options={[
            { value: 'new', label: texts.addNew },
            { value: 'existing', label: texts.addExisting },
          ]}
        />
      )}
      {form.values.how === 'new' ? <NewFields kind={kind} form={form} /> : <ExistingFields form={form} />}
    </DialogForm>
  )
}

function NewFields({ kind, form }: { readonly kind: IdentityKind; readonly form: FormState<Values> }) {
  return (
    <>
      <TextField
        label={kind === 'Users' ? texts.email : texts.columns.name}
        hint={
          kind === 'Users'
            ? texts.emailHint
            : kind === 'Groups'
              ? texts.groupNameHint
              : texts.principalNameHint
        }
        value={form.values.name}
        onChange={(value) => form.set('name', value)}
        problem={form.problemOf('name')}
        autoFocus
        autoComplete="off"
      />
      {kind === 'Users' && (
        <TextField
          label={texts.displayName}
          isOptional
          value={form.values.displayName}
          onChange={(value) => form.set('displayName', value)}
          problem={form.problemOf('displayName')}
          autoComplete="off"
        />
      )}
    </>
  )
}

function ExistingFields({ form }: { readonly form: FormState<Values> }) {
  return (
    <>
      <PrincipalPicker
        place="account"
        label={texts.existing}
        hint={texts.existingHint}
        problem={form.problemOf('principal')}
        chosen={form.values.principal}
        onChoose={(principal) => form.set('principal', principal)}
      />
      <Select
        label={texts.permission}
        value={form.values.permission}
        onChange={(permission) => form.set('permission', permission)}
        options={[
          { value: 'USER', label: texts.permissions.USER },
          { value: 'ADMIN', label: texts.permissions.ADMIN },
        ]}
      />
    </>
  )
}

function shapeOf(kind: IdentityKind): z.ZodType<Values> {
  const named = kind === 'Users' ? z.email(texts.emailProblem) : z.string().trim().min(1, texts.nameProblem)
  const rest = { displayName: z.string(), permission: z.enum(['USER', 'ADMIN']) }
  const principal = z.custom<Principal>((value) => value !== undefined, texts.nameProblem)
  return z.discriminatedUnion('how', [
    z.object({ how: z.literal('new'), name: named, principal: z.undefined(), ...rest }),
    z.object({ how: z.literal('existing'), name: z.string(), principal, ...rest }),
  ])
}

function bodyOf(kind: IdentityKind, { name, displayName }: Values): Readonly<Record<string, unknown>> {
  if (kind === 'Users') return { userName: name, ...(displayName.trim() === '' ? {} : { displayName }) }
  return { displayName: name }
}
