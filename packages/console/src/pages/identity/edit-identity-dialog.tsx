/** Changes the names of an identity and, for account administrators, whether it administers the account. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { z } from 'zod'
import {
  identityQuery,
  patchIdentity,
  type IdentityKind,
  type PatchOperation,
  type Place,
} from '../../data/directory.ts'
import { ApiError } from '../../data/api.ts'
import { Button } from '../../kit/button.tsx'
import { Switch } from '../../kit/choice.tsx'
import { DialogForm } from '../../kit/dialog-form.tsx'
import { TextField } from '../../kit/field.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { InlineError, Notice } from '../../kit/state.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'
import { isAccountAdmin, nameOf, type AnyIdentity } from './names.ts'

const texts = messages.identity

export interface EditIdentityDialogProps {
  readonly place: Place
  readonly kind: IdentityKind
  readonly identity: AnyIdentity
  readonly mayMakeAdministrator: boolean
  readonly onClose: () => void
}

interface Values {
  readonly displayName: string
  readonly isAdministrator: boolean
}

export function EditIdentityDialog({
  place,
  kind,
  identity: shown,
  mayMakeAdministrator,
  onClose,
}: EditIdentityDialogProps) {
  const queries = useQueryClient()
  // The identity as it was when the person began to edit, or loaded it again. If the form were compared with the
  // present data of the page below, an untouched field would undo what somebody else has changed.
  const [identity, setIdentity] = useState(shown)
  const title = texts.editTitle(nameOf(identity))
  const form = useForm<Values, unknown>({
    shape: z.object({
      displayName: z.string().trim().min(1, texts.nameProblem),
      isAdministrator: z.boolean(),
    }),
    initial: { displayName: identity.displayName, isAdministrator: isAccountAdmin(identity) },
    send: (values) =>
      patchIdentity(place, kind, identity.id, operationsOf(identity, values), identity.meta.version),
    onDone: () => {
      showFlag({ text: texts.saved(nameOf(identity)) })
      onClose()
    },
  })
  // Typed values stay; all other values, the values to compare with, and the version are replaced by the current ones.
  const reloading = useMutation({
    mutationFn: () => queries.query({ ...identityQuery(place, kind, identity.id), staleTime: 0 }),
    onSuccess(fresh) {
      if (!form.changed.includes('displayName')) form.set('displayName', fresh.displayName)
      if (!form.changed.includes('isAdministrator')) form.set('isAdministrator', isAccountAdmin(fresh))
      setIdentity(fresh)
      form.forgetError()
    },
  })
  const isConflict = form.error instanceof ApiError && form.error.status === 412
  return (
    <DialogForm
      title={title}
      action={messages.kit.save}
      form={form}
      onClose={onClose}
      needsChange
      {...(isConflict
        ? {
            problem: (
              <>
                <Notice
                  tone="warn"
                  actions={
                    <Button isBusy={reloading.isPending} onPress={() => reloading.mutate()}>
                      {texts.reload}
                    </Button>
                  }
                >
                  {texts.changedMeanwhile}
                </Notice>
                <InlineError error={reloading.error} />
              </>
            ),
          }
        : {})}
    >
      <TextField
        label={texts.displayName}
        {...(kind === 'Groups' ? { hint: texts.groupNameHint } : {})}
        value={form.values.displayName}
        onChange={(value) => form.set('displayName', value)}
        problem={form.problemOf('displayName')}
        autoFocus
      />
      {mayMakeAdministrator && (
        <Switch
          isSelected={form.values.isAdministrator}
          onChange={(value) => form.set('isAdministrator', value)}
        >
          {texts.makeAccountAdmin}
        </Switch>
      )}
    </DialogForm>
  )
}

function operationsOf(identity: AnyIdentity, values: Values): readonly PatchOperation[] {
  const operations: PatchOperation[] = []
  if (values.displayName !== identity.displayName)
    operations.push({ op: 'replace', path: 'displayName', value: values.displayName })
  if (values.isAdministrator !== isAccountAdmin(identity))
    operations.push(
      values.isAdministrator
        ? { op: 'add', path: 'roles', value: [{ value: 'account_admin' }] }
        : { op: 'remove', path: 'roles[value eq "account_admin"]' },
    )
  return operations
}
