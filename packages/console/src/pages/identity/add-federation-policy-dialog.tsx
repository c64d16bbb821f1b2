/** Adds a federation policy; the most common issuers are filled in. */
import { z } from 'zod'
import { createFederationPolicy } from '../../data/identity-access.ts'
import { DialogForm } from '../../kit/dialog-form.tsx'
import { Select } from '../../kit/choice.tsx'
import { ShowAsCall } from '../../kit/copy.tsx'
import { TextField } from '../../kit/field.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'

const texts = messages.identity.policy

const PRESETS = ['github', 'gitlab', 'kubernetes', 'other'] as const
type Preset = (typeof PRESETS)[number]

const ISSUERS: Readonly<Record<Preset, string>> = {
  github: 'https://token.actions.githubusercontent.com',
  gitlab: 'https://gitlab.com',
  kubernetes: 'https://kubernetes.default.svc.cluster.local',
  other: '',
}

interface Values {
  readonly preset: Preset
  readonly issuer: string
  readonly audiences: string
  readonly subject: string
}

export interface AddFederationPolicyDialogProps {
  readonly accountId: string
  readonly principalId: string | undefined
  readonly onClose: () => void
}

export function AddFederationPolicyDialog({
  accountId,
  principalId,
  onClose,
}: AddFederationPolicyDialogProps) {
  const form = useForm<Values, unknown>({
    shape: z.object({
      preset: z.enum(PRESETS),
      issuer: z.url({ protocol: /^https?$/, error: texts.issuerProblem }),
      audiences: z.string(),
      // A policy of the account accepts as subject the name of any user; a policy of a service principal names its
      // subject.
      subject: principalId === undefined ? z.string() : z.string().trim().min(1, texts.subjectProblem),
    }),
    initial: { preset: 'github', issuer: ISSUERS.github, audiences: '', subject: '' },
    fieldOf: {
      'oidc_policy.issuer': 'issuer',
      'oidc_policy.subject': 'subject',
      'oidc_policy.audiences': 'audiences',
    },
    send: (values) => createFederationPolicy(accountId, principalId, policyOf(values)),
    onDone: () => {
      showFlag({ text: texts.created })
      onClose()
    },
  })
  const { preset, issuer, audiences, subject } = form.values
  return (
    <DialogForm title={texts.add} action={texts.add} form={form} onClose={onClose}>
      <Select
        label={texts.preset}
        value={preset}
        onChange={(chosen) => {
          form.set('preset', chosen)
          form.set('issuer', ISSUERS[chosen])
        }}
        options={PRESETS.map((value) => ({ value, label: texts.presets[value] }))}
      />
      <TextField
        label={texts.issuer}
        value={issuer}
        onChange={(value) => form.set('issuer', value)}
        problem={form.problemOf('issuer')}
        isMono
      />
      <TextField
        label={texts.audiences}
        hint={texts.audiencesHint}
        isOptional
        isMultiline
        rows={2}
        value={audiences}
        onChange={(value) => form.set('audiences', value)}
        problem={form.problemOf('audiences')}
        isMono
      />
      <TextField
        label={texts.subject}
        hint={texts.subjectHints[preset]}
        isOptional={principalId === undefined}
        value={subject}
        onChange={(value) => form.set('subject', value)}
        problem={form.problemOf('subject')}
        isMono
      />
      <ShowAsCall code={callOf(accountId, principalId, form.values)} />
    </DialogForm>
  )
}

function policyOf({ issuer, audiences, subject }: Values) {
  const listed = audiences
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return {
    issuer,
    ...(listed.length === 0 ? {} : { audiences: listed }),
    ...(subject.trim() === '' ? {} : { subject: subject.trim() }),
  }
}

const callOf = (accountId: string, principalId: string | undefined, values: Values): string =>
  `POST /api/2.0/accounts/${accountId}${
    principalId === undefined ? '' : `/servicePrincipals/${principalId}`
  }/federationPolicies\n${JSON.stringify({ oidc_policy: policyOf(values) }, null, 2)}`
