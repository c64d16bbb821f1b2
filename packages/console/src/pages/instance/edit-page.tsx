/** Edit: only changed fields are sent, and they are listed beside Save (design 5.2). */
import type { DatabaseInstance } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { instanceQuery, instanceRightsQuery } from '../../data/instances.ts'
import { Page } from '../../kit/page.tsx'
import { Notice, PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { EditForm } from './form/edit-form.tsx'
import { useInstanceName } from './use-instance-name.ts'

const texts = messages.instance.form

export function EditPage() {
  const name = useInstanceName()
  const instance = useQuery(instanceQuery(name))
  const rights = useQuery(instanceRightsQuery(name))
  const error = instance.error ?? rights.error
  const isKnown = instance.data !== undefined && rights.data !== undefined
  return (
    <Page title={texts.editTitle(name)}>
      {!isKnown && error === null && <Skeleton />}
      {!isKnown && error !== null && <PageError error={error} onRetry={() => void instance.refetch()} />}
      {isKnown && <MaybeForm instance={instance.data} mayUpdate={rights.data.actions.includes('update')} />}
    </Page>
  )
}

interface MaybeFormProps {
  readonly instance: DatabaseInstance
  readonly mayUpdate: boolean
}

/** The form starts with the instance as it was when the form opened; later updates do not overwrite what is typed. */
const MaybeForm = ({ instance, mayUpdate }: MaybeFormProps) =>
  mayUpdate ? (
    <EditForm key={instance.uid} instance={instance} />
  ) : (
    <Notice tone="warn">{texts.notYours(instance.name, instance.creator)}</Notice>
  )
