/** Shown in place of results: what is missing before something can run. */
import { useQuery } from '@tanstack/react-query'
import { instancesQuery } from '../../../data/instances.ts'
import { LinkButton } from '../../../kit/button.tsx'
import { messages } from '../../../messages/index.ts'
import styles from './workbench.module.css'

export function NoSession({ hasTarget }: { readonly hasTarget: boolean }) {
  const { data: instances } = useQuery(instancesQuery)
  if (hasTarget || instances === undefined)
    return <p className={styles['empty']}>{messages.sql.connection.noneHint}</p>
  if (instances.length > 0) return <p className={styles['empty']}>{messages.sql.target.chooseFirst}</p>
  return (
    <div className={styles['empty']}>
      <p>{messages.sql.target.noInstance}</p>
      <LinkButton to="/compute/instances" isSmall>
        {messages.app.databaseInstances}
      </LinkButton>
    </div>
  )
}
