/** Registers an OAuth application. */
import { z } from 'zod'
import { createApplication, type MadeApplication } from '../../data/account.ts'
import { DialogForm } from '../../kit/dialog-form.tsx'
import { RadioGroup } from '../../kit/choice.tsx'
import { TextField } from '../../kit/field.tsx'
import { NumberField } from '../../kit/number-field.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'

const texts = messages.account.application

/** The server's own limits (http/api/custom-app-integrations.ts). */
const FEWEST_MINUTES = 5
const MOST_ACCESS_MINUTES = 60
const MOST_REFRESH_MINUTES = 129_600

const minutes = (most: number) =>
  z.int(texts.minutesProblem).min(FEWEST_MINUTES, texts.minutesProblem).max(most, texts.minutesProblem)

const shape = z.object({
  name: z.string().trim().min(1, texts.nameProblem).max(100, texts.nameProblem),
  kind: z.enum(['confidential', 'public']),
  redirects: z.string().trim().min(1, texts.redirectsProblem),
  accessMinutes: minutes(MOST_ACCESS_MINUTES),
  refreshMinutes: minutes(MOST_REFRESH_MINUTES),
})
type Values = z.infer<typeof shape>

export interface AddApplicationDialogProps {
  readonly accountId: string
  readonly onClose: () => void
  readonly onMade: (application: MadeApplication) => void
}

export function AddApplicationDialog({ accountId, onClose, onMade }: AddApplicationDialogProps) {
  const form = useForm<Values, MadeApplication>({
    shape,
    initial: { name: '', kind: 'confidential', redirects: '', accessMinutes: 60, refreshMinutes: 10_080 },
    fieldOf: { redirect_urls: 'redirects' },
    send: ({ name, kind, redirects, accessMinutes, refreshMinutes }) =>
      createApplication(accountId, {
        name,
        confidential: kind === 'confidential',
        redirect_urls: redirects.split(/\s+/).filter((url) => url !== ''),
        token_access_policy: {
          access_token_ttl_in_minutes: accessMinutes,
          refresh_token_ttl_in_minutes: refreshMinutes,
        },
      }),
    onDone: (application) => {
      onMade(application)
      onClose()
    },
  })
  const { values } = form
  return (
    <DialogForm title={texts.add} action={texts.add} form={form} onClose={onClose}>
      <TextField
        label={texts.name}
        value={values.name}
        onChange={(value) => form.set('name', value)}
        problem={form.problemOf('name')}
        autoFocus
      />
      <RadioGroup
        label={texts.kind}
        value={values.kind}
        onChange={(value) => form.set('kind', value)}
        asCards
        options={[
          {
            value: 'confidential',
            label: texts.kinds.confidential,
            description: texts.kindDescriptions.confidential,
          },
          { value: 'public', label: texts.kinds.public, description: texts.kindDescriptions.public },
        ]}
      />
      <TextField
        label={texts.redirects}
        hint={texts.redirectsHint}
        isMultiline
        rows={3}
        isMono
        value={values.redirects}
        onChange={(value) => form.set('redirects', value)}
        problem={form.problemOf('redirects')}
      />
      <NumberField
        label={texts.accessMinutes}
        value={values.accessMinutes}
        onChange={(value) => form.set('accessMinutes', value)}
        problem={form.problemOf('accessMinutes')}
      />
      <NumberField
        label={texts.refreshMinutes}
        value={values.refreshMinutes}
        onChange={(value) => form.set('refreshMinutes', value)}
        problem={form.problemOf('refreshMinutes')}
      />
    </DialogForm>
  )
}
