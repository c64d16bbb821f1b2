/** «Delete dev for good?»: what is lost with it, in real numbers; typing its name enables the button (design 5.3). */
import type { DatabaseInstance } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { instanceCatalogsQuery } from '../../../data/catalogs.ts'
import { useDeleteInstance } from '../../../data/instance-changes.ts'
import { instanceRolesQuery } from '../../../data/instance-roles.ts'
import { instanceSessionsQuery } from '../../../data/sessions.ts'
import { Checkbox } from '../../../kit/choice.tsx'
import { ConfirmByName } from '../../../kit/dialog.tsx'
import { showFlag } from '../../../kit/flags.tsx'
import { InlineError } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'

const texts = messages.instance.deleting

export interface DeleteInstanceProps {
  readonly instance: DatabaseInstance
  readonly onClose: () => void
}

export function DeleteInstance({ instance, onClose }: DeleteInstanceProps) {
  const { name, attached } = instance
  const [removesObjects, setRemovesObjects] = useState(false)
  const consequences = useConsequences(instance)
  const navigate = useNavigate()
  const { mutate, isPending, error } = useDeleteInstance(name)
  const remove = () =>
    mutate(
      { removesObjects },
      {
        onSuccess() {
          showFlag({ text: texts.begun(name) })
          void navigate({ to: '/compute/instances' })
        },
      },
    )
  return (
    <ConfirmByName
      name={name}
      title={texts.title(name)}
      action={messages.instance.deleteNamed(name)}
      isOpen
      onClose={onClose}
      onConfirm={remove}
      isBusy={isPending}
      problem={<InlineError error={error} />}
    >
      <p>{consequences}</p>
      {attached !== undefined && (
        <>
          <p>{texts.attached}</p>
          <Checkbox isSelected={removesObjects} onChange={setRemovesObjects}>
            {texts.removeObjects}
          </Checkbox>
        </>
      )}
    </ConfirmByName>
  )
}

/** Read when the dialog opens. A stopped instance reports no roles and has no sessions. */
function useConsequences({ name, state }: DatabaseInstance): string {
  const runs = state === 'AVAILABLE'
  const sessions = useQuery({ ...instanceSessionsQuery(name), staleTime: 0, enabled: runs })
  const roles = useQuery({ ...instanceRolesQuery(name), staleTime: 0, enabled: runs })
  const catalogs = useQuery({ ...instanceCatalogsQuery(name), staleTime: 0 })
  const catalogCount = catalogs.data?.length
  if (!runs) return catalogCount === undefined ? texts.counting : texts.textStopped(catalogCount)
  const [sessionCount, roleCount] = [sessions.data?.sessions.length, roles.data?.length]
  if (sessions.isError || roles.isError || catalogs.isError) return texts.uncounted
  if (sessionCount === undefined || roleCount === undefined || catalogCount === undefined)
    return texts.counting
  return texts.text(sessionCount, roleCount, catalogCount)
}
