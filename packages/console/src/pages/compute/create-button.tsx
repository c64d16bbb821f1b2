/** «Create database instance»: disabled, with the reason below, when the workspace has reached its limit. */
import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { workspaceRightsQuery } from '../../data/session.ts'
import { Button, LinkButton } from '../../kit/button.tsx'
import { messages } from '../../messages/index.ts'
import styles from './compute.module.css'

export type Creation = 'absent' | 'open' | { readonly allowed: number }

/** Nothing is shown until the answer is known. */
function useCreation(): Creation {
  const { data } = useQuery(workspaceRightsQuery)
  if (data?.actions.includes('create_instance') !== true) return 'absent'
  const { used, allowed } = data.instances
  return used < allowed ? 'open' : { allowed }
}

export function CreateButton() {
  const creation = useCreation()
  const reason = useId()
  if (creation === 'absent') return null
  if (creation === 'open')
    return (
      <LinkButton to="/compute/instances/new" kind="primary" shortcut="n">
        {messages.compute.create}
      </LinkButton>
    )
  return (
    <div className={styles['create']}>
      <Button kind="primary" isDisabled aria-describedby={reason}>
        {messages.compute.create}
      </Button>
      <span id={reason} className={styles['reason']}>
        {messages.compute.allTaken(creation.allowed)}
      </span>
    </div>
  )
}
