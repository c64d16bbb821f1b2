/** Creates a secret of a service principal, and shows it only once. */
import type { ServicePrincipalSecret } from '@lakegate/client'
import { useState } from 'react'
import { z } from 'zod'
import { createSecret } from '../../data/identity-access.ts'
import { useSession } from '../../data/session.ts'
import { Button } from '../../kit/button.tsx'
import { DialogForm } from '../../kit/dialog-form.tsx'
import { CopyField, CopyTextButton, SecretField } from '../../kit/copy.tsx'
import { Confirm } from '../../kit/dialog.tsx'
import { NumberField } from '../../kit/number-field.tsx'
import { KeyValueList } from '../../kit/state.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'
import styles from './identity.module.css'

const texts = messages.identity.secret
const LONGEST_DAYS = 730

export interface GenerateSecretDialogProps {
  readonly principalId: string
  readonly onClose: () => void
  readonly onMade: (secret: ServicePrincipalSecret) => void
}

export function GenerateSecretDialog({ principalId, onClose, onMade }: GenerateSecretDialogProps) {
  const form = useForm({
    shape: z.object({
      days: z
        .int(texts.lifetimeProblem)
        .min(1, texts.lifetimeProblem)
        .max(LONGEST_DAYS, texts.lifetimeProblem),
    }),
    initial: { days: LONGEST_DAYS },
    send: ({ days }) => createSecret(principalId, days),
    onDone: (secret) => {
      onMade(secret)
      onClose()
    },
  })
  return (
    <DialogForm title={texts.generate} action={texts.generate} form={form} onClose={onClose}>
      <NumberField
        label={texts.lifetime}
        hint={texts.lifetimeHint}
        value={form.values.days}
        onChange={(days) => form.set('days', days)}
        problem={form.problemOf('days')}
        minValue={1}
        maxValue={LONGEST_DAYS}
        autoFocus
      />
    </DialogForm>
  )
}

export interface SecretShownProps {
  readonly secret: ServicePrincipalSecret
  readonly applicationId: string
  readonly onDone: () => void
}

/** The secret is only in the memory of this component. Closing without having copied it asks once. */
export function SecretShown({ secret, applicationId, onDone }: SecretShownProps) {
  const { workspace } = useSession()
  const [isCopied, setCopied] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const value = secret.secret ?? ''
  const copied = () => setCopied(true)
  return (
    <div className={styles['once']} role="status">
      <p>{texts.created}</p>
      <KeyValueList
        items={[
          { key: texts.clientId, value: <CopyField what={texts.clientId} value={applicationId} /> },
          {
            key: texts.secret,
            value: (
              <SecretField
                what={texts.secret}
                secret={value}
                copyLabel={texts.copySecret}
                onCopied={copied}
              />
            ),
          },
        ]}
      />
      <div className={styles['buttons']}>
        <CopyTextButton
          what={texts.copyConfig}
          text={() => profileOf(workspace.url, applicationId, value)}
          onCopied={copied}
        >
          {texts.copyConfig}
        </CopyTextButton>
        <CopyTextButton
          what={texts.copyEnvironment}
          text={() => environmentOf(workspace.url, applicationId, value)}
          onCopied={copied}
        >
          {texts.copyEnvironment}
        </CopyTextButton>
        <Button kind="primary" onPress={() => (isCopied ? onDone() : setAsking(true))}>
          {messages.kit.done}
        </Button>
      </div>
      <Confirm
        title={texts.leaveTitle}
        action={texts.leave}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={onDone}
      >
        <p>{texts.leaveText}</p>
      </Confirm>
    </div>
  )
}

/** A profile of the Databricks CLI and SDKs. */
const profileOf = (host: string, clientId: string, secret: string): string =>
  `[lakegate]\nhost = ${host}\nclient_id = ${clientId}\nclient_secret = ${secret}\n`

const environmentOf = (host: string, clientId: string, secret: string): string =>
  `DATABRICKS_HOST=${host}\nDATABRICKS_CLIENT_ID=${clientId}\nDATABRICKS_CLIENT_SECRET=${secret}\n`
