/** Asks before open sessions are ended, and explains the consequences. */
import type { OpenSessionAnswer } from '@lakegate/client'
import { useEndSessions } from '../../data/sessions.ts'
import { Confirm } from '../../kit/dialog.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { InlineError } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { personOf } from './session-columns.tsx'

export interface EndSessionsDialogProps {
  /** At least one. */
  readonly sessions: readonly OpenSessionAnswer[]
  readonly onClose: () => void
}

export function EndSessionsDialog({ sessions, onClose }: EndSessionsDialogProps) {
  const texts = messages.instanceTabs.sessions
  const end = useEndSessions()
  const [first] = sessions
  if (first === undefined) return null
  const isOne = sessions.length === 1
  const confirm = () =>
    end.mutate(sessions, {
      onSuccess({ ended, silentGateways }) {
        showFlag({ text: ended === 0 ? texts.endedNone : texts.ended(ended) })
        if (silentGateways > 0) showFlag({ text: texts.endedSilent(silentGateways) })
        onClose()
      },
    })
  return (
    <Confirm
      title={isOne ? titleOf(first) : texts.endTitleMany(sessions.length)}
      action={isOne ? texts.end : texts.endSelected}
      isOpen
      isBusy={end.isPending}
      onClose={onClose}
      onConfirm={confirm}
      problem={<InlineError error={end.error} />}
    >
      <p>{isOne ? texts.rolledBackOne : texts.rolledBackMany}</p>
    </Confirm>
  )
}

function titleOf(session: OpenSessionAnswer): string {
  const texts = messages.instanceTabs.sessions
  const { backend_process_id: pid, role } = session
  return pid === undefined
    ? texts.endTitleOneWithoutPid(personOf(session), role)
    : texts.endTitleOne(personOf(session), role, String(pid))
}
