/** Creates a workspace. */
import { z } from 'zod'
import { createWorkspace } from '../../data/account.ts'
import { DialogForm } from '../../kit/dialog-form.tsx'
import { TextField } from '../../kit/field.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'

const texts = messages.account.workspace

export interface CreateWorkspaceDialogProps {
  readonly accountId: string
  readonly onClose: () => void
  readonly onCreated: (workspaceId: string) => void
}

const shape = z.object({
  name: z.string().trim().min(1, texts.nameProblem).max(100, texts.nameProblem),
  deploymentName: z.string(),
})

export function CreateWorkspaceDialog({ accountId, onClose, onCreated }: CreateWorkspaceDialogProps) {
  const form = useForm({
    shape,
    initial: { name: '', deploymentName: '' },
    fieldOf: { workspace_name: 'name', deployment_name: 'deploymentName' },
    send: ({ name, deploymentName }) =>
      createWorkspace(accountId, {
        workspace_name: name,
        ...(deploymentName === '' ? {} : { deployment_name: deploymentName }),
      }),
    onDone: (workspace) => {
      showFlag({ text: texts.created(workspace.workspace_name) })
      onClose()
      onCreated(String(workspace.workspace_id))
    },
  })
  return (
    <DialogForm title={texts.create} action={texts.create} form={form} onClose={onClose}>
      <TextField
        label={texts.name}
        value={form.values.name}
        onChange={(value) => form.set('name', value)}
        problem={form.problemOf('name')}
        autoFocus
      />
      <TextField
        label={texts.deploymentName}
        hint={texts.deploymentNameHint}
        isOptional
        isMono
        value={form.values.deploymentName}
        onChange={(value) => form.set('deploymentName', value)}
        problem={form.problemOf('deploymentName')}
      />
    </DialogForm>
  )
}
