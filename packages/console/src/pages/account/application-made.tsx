/** A new application: its client id and, for a confidential one, its secret, shown only once. */
import { useState } from 'react'
import type { MadeApplication } from '../../data/account.ts'
import { Button } from '../../kit/button.tsx'
import { CopyField, SecretField } from '../../kit/copy.tsx'
import { Confirm } from '../../kit/dialog.tsx'
import { KeyValueList } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import styles from '../identity/identity.module.css'

const texts = messages.account.application

export interface ApplicationMadeProps {
  readonly application: MadeApplication
  readonly onDone: () => void
}

export function ApplicationMade({ application, onDone }: ApplicationMadeProps) {
  const secret = application.client_secret
  const [isCopied, setCopied] = useState(secret === undefined)
  const [isAsking, setAsking] = useState(false)
  return (
    <div className={styles['once']} role="status">
      <p>{secret === undefined ? texts.createdPublic : texts.created}</p>
      <KeyValueList
        items={[
          { key: texts.clientId, value: <CopyField what={texts.clientId} value={application.client_id} /> },
          ...(secret === undefined
            ? []
            : [
                {
                  key: texts.secret,
                  value: (
                    <SecretField
                      what={texts.secret}
                      secret={secret}
                      copyLabel={texts.copySecret}
                      onCopied={() => setCopied(true)}
                    />
                  ),
                },
              ]),
        ]}
      />
      <div className={styles['buttons']}>
        <Button kind="primary" onPress={() => (isCopied ? onDone() : setAsking(true))}>
          {messages.kit.done}
        </Button>
      </div>
      <Confirm
        title={messages.identity.secret.leaveTitle}
        action={messages.identity.secret.leave}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={onDone}
      >
        <p>{messages.identity.secret.leaveText}</p>
      </Confirm>
    </div>
  )
}
