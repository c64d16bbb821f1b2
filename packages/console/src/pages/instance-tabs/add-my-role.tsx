/** For a person who may use the instance and has no role in it yet: creates the person's own role, without options. */
import type { DatabaseInstanceRole } from '@lakegate/client'
import { useCreateRole } from '../../data/instance-roles.ts'
import { useMayDo } from '../../data/instances.ts'
import { useSession } from '../../data/session.ts'
import { Button } from '../../kit/button.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { InlineError } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'

export interface AddMyRoleProps {
  readonly instance: string
  readonly roles: readonly DatabaseInstanceRole[]
}

export function AddMyRole({ instance, roles }: AddMyRoleProps) {
  const { person } = useSession()
  const may = useMayDo(instance, 'create_own_role')
  const create = useCreateRole(instance)
  if (may !== true || roles.some(({ identity_id: id }) => id === person.id)) return null
  const add = () =>
    create.mutate(
      { name: person.name, type: person.type, attributes: {}, isSuperuser: false },
      { onSuccess: ({ name }) => showFlag({ text: messages.instanceTabs.roles.addedMine(name) }) },
    )
  return (
    <>
      <Button isBusy={create.isPending} onPress={add}>
        {messages.instanceTabs.roles.addMine}
      </Button>
      <InlineError error={create.error} />
    </>
  )
}
