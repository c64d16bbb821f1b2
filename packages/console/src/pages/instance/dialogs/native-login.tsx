/** The two questions about native login, with the texts of the design (5.2). */
import type { DatabaseInstance } from '@lakegate/client'
import { useState } from 'react'
import { useChangeInstance } from '../../../data/instance-changes.ts'
import { useDisableNativeLogin, usePasswordSessions } from '../../../data/native-login.ts'
import { Checkbox } from '../../../kit/choice.tsx'
import { Confirm } from '../../../kit/dialog.tsx'
import { showFlag } from '../../../kit/flags.tsx'
import { InlineError } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'

const texts = messages.instance.nativeLogin

interface QuestionProps {
  readonly instance: DatabaseInstance
  readonly onClose: () => void
}

export function EnableNativeLogin({ instance: { name }, onClose }: QuestionProps) {
  const { mutate, isPending, error } = useChangeInstance(name)
  const enable = () =>
    mutate(
      { enable_pg_native_login: true },
      {
        onSuccess() {
          showFlag({ text: texts.enabled })
          onClose()
        },
      },
    )
  return (
    <Confirm
      title={texts.onTitle(name)}
      action={texts.enable}
      isOpen
      isDangerous={false}
      onClose={onClose}
      onConfirm={enable}
      isBusy={isPending}
      problem={<InlineError error={error} />}
    >
      <p>{texts.onText}</p>
    </Confirm>
  )
}

export function DisableNativeLogin({ instance, onClose }: QuestionProps) {
  const [endsSessions, setEndsSessions] = useState(false)
  const { mutate, isPending, error } = useDisableNativeLogin(instance.name)
  const disable = () =>
    mutate(
      { endsSessions },
      {
        onSuccess({ ended }) {
          showFlag({ text: texts.disabled(ended) })
          onClose()
        },
      },
    )
  return (
    <Confirm
      title={texts.offTitle(instance.name)}
      action={texts.disable}
      isOpen
      onClose={onClose}
      onConfirm={disable}
      isBusy={isPending}
      problem={<InlineError error={error} />}
    >
      <PasswordSessions instance={instance} isEnding={endsSessions} onEnding={setEndsSessions} />
    </Confirm>
  )
}

export interface PasswordSessionsProps {
  readonly instance: DatabaseInstance
  readonly isEnding: boolean
  readonly onEnding: (isEnding: boolean) => void
}

/** How many sessions logged in with a password, and the offer to end them. Also used in the Edit form. */
export function PasswordSessions({ instance, isEnding, onEnding }: PasswordSessionsProps) {
  const runs = instance.state === 'AVAILABLE'
  const sessions = usePasswordSessions(instance.name, runs)
  if (!runs) return <p>{texts.offTextStopped}</p>
  if (sessions === undefined) return <p>{texts.counting}</p>
  return (
    <>
      <p>{texts.offText(sessions.length)}</p>
      {sessions.length > 0 && (
        <Checkbox isSelected={isEnding} onChange={onEnding}>
          {texts.endNow}
        </Checkbox>
      )}
    </>
  )
}
