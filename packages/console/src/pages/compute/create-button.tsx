/**
 * «Create database instance», or to attach one where none is made: disabled, with the reason below, when the workspace has
 * reached its limit.
 */
import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { useMay, workspaceRightsQuery } from '../../data/session.ts'
import { Button, LinkButton } from '../../kit/button.tsx'
import { messages } from '../../messages/index.ts'
import styles from './compute.module.css'

export type Creation = 'absent' | 'open' | { readonly allowed: number }

/** Nothing is shown until the answer is known. */
function useCreation(): Creation {
  const { data } = useQuery(workspaceRightsQuery)
  const mayAny = data?.actions.some((action) => action === 'create_instance' || action === 'attach_instance')
  if (data === undefined || mayAny !== true) return 'absent'
  const { used, allowed } = data.instances
  return used < allowed ? 'open' : { allowed }
}

export function CreateButton() {
  const creation = useCreation()
  const mayCreate = useMay('create_instance') === true
  const reason = useId()
  if (creation === 'absent') return null
  const label = mayCreate ? messages.compute.create : messages.compute.attach
  if (creation === 'open')
    return (
      <LinkButton
        to="/compute/instances/new"
        search={mayCreate ? {} : { kind: 'attach' }}
        kind="primary"
        shortcut="n"
      >
        {label}
      </LinkButton>
    )
  return (
    <div className={styles['create']}>
      <Button kind="primary" isDisabled aria-describedby={reason}>
        {label}
      </Button>
      <span id={reason} className={styles['reason']}>
        {messages.compute.allTaken(creation.allowed)}
      </span>
    </div>
  )
}
