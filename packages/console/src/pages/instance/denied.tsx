/** Shown instead of a tab that this person may not see: names who can change that. */
import { useQuery } from '@tanstack/react-query'
import { instanceQuery } from '../../data/instances.ts'
import { Notice } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { useInstanceName } from './use-instance-name.ts'

export function Denied() {
  const { data: instance } = useQuery(instanceQuery(useInstanceName()))
  return (
    <Notice tone="warn" title={messages.kit.denied}>
      {instance !== undefined && <p>{messages.instance.askOwner(instance.creator)}</p>}
    </Notice>
  )
}
