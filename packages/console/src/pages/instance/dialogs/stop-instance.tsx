/** «Stop dev?», with the number of sessions that end. */
import type { DatabaseInstance } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { useChangeInstance } from '../../../data/instance-changes.ts'
import { instanceSessionsQuery } from '../../../data/sessions.ts'
import { Confirm } from '../../../kit/dialog.tsx'
import { InlineError } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'

const texts = messages.instance.stopping

export interface StopInstanceProps {
  readonly instance: DatabaseInstance
  readonly onClose: () => void
}

export function StopInstance({ instance: { name }, onClose }: StopInstanceProps) {
  const { data } = useQuery({ ...instanceSessionsQuery(name), staleTime: 0 })
  const { mutate, isPending, error } = useChangeInstance(name)
  return (
    <Confirm
      title={texts.title(name)}
      action={texts.action(name)}
      isOpen
      onClose={onClose}
      onConfirm={() => mutate({ stopped: true }, { onSuccess: onClose })}
      isBusy={isPending}
      problem={<InlineError error={error} />}
    >
      <p>{textFor(data?.sessions.length)}</p>
    </Confirm>
  )
}

function textFor(open: number | undefined): string {
  if (open === undefined) return texts.unknown
  return open === 0 ? texts.nobody : texts.text(open)
}
