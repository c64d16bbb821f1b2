/** The link with which a user sets the password: created on demand, shown once. */
import type { SignInLinkAnswer } from '@lakegate/client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { createSignInLink } from '../../data/identity-access.ts'
import { Button } from '../../kit/button.tsx'
import { CopyTextButton } from '../../kit/copy.tsx'
import { Confirm, Dialog } from '../../kit/dialog.tsx'
import { InlineError } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { formatWithZone } from '../../text/format.ts'
import styles from './identity.module.css'

const texts = messages.identity.signInLink

/** The link exists only in this dialog. Closing without having copied it asks once. */
export function SignInLinkShown({
  link,
  onClose,
}: {
  readonly link: SignInLinkAnswer
  readonly onClose: () => void
}) {
  const [isCopied, setCopied] = useState(false)
  const [asks, setAsks] = useState(false)
  return (
    <Dialog
      title={texts.title}
      isOpen
      onClose={onClose}
      withoutCancel
      hasForm
      isChanged
      buttons={
        asks ? (
          <>
            <Button autoFocus onPress={() => setAsks(false)}>
              {texts.goBack}
            </Button>
            <Button kind="danger" onPress={onClose}>
              {texts.closeAnyway}
            </Button>
          </>
        ) : (
          <Button onPress={() => (isCopied ? onClose() : setAsks(true))}>{messages.kit.done}</Button>
        )
      }
    >
      <p>{texts.text(link.user_name, formatWithZone(new Date(link.expire_time)))}</p>
      <code className={styles['link']}>{link.url}</code>
      {asks ? (
        <p role="status">{texts.notCopied}</p>
      ) : (
        <CopyTextButton what={texts.title} text={link.url} kind="primary" onCopied={() => setCopied(true)}>
          {texts.copy}
        </CopyTextButton>
      )}
    </Dialog>
  )
}

export interface NewSignInLinkProps {
  readonly userId: string
  readonly name: string
  readonly onClose: () => void
}

export function NewSignInLink({ userId, name, onClose }: NewSignInLinkProps) {
  const making = useMutation({ mutationFn: () => createSignInLink(userId), gcTime: 0 })
  if (making.data !== undefined) return <SignInLinkShown link={making.data} onClose={onClose} />
  return (
    <Confirm
      title={texts.ask(name)}
      action={texts.make}
      isOpen
      isDangerous={false}
      onClose={onClose}
      onConfirm={() => making.mutate()}
      isBusy={making.isPending}
      problem={<InlineError error={making.error} />}
    >
      <p>{texts.consequence}</p>
    </Confirm>
  )
}
