/** The buttons of an instance, at the upper right of each of its tabs. */
import type { DatabaseInstance } from '@lakegate/client'
import { useMayDo } from '../../data/instances.ts'
import { LinkButton } from '../../kit/button.tsx'
import { messages } from '../../messages/index.ts'

export function InstanceActions({ instance }: { readonly instance: DatabaseInstance }) {
  const { name } = instance
  const mayUpdate = useMayDo(name, 'update')
  return (
    <>
      <LinkButton to="/sql" search={{ instance: name, new: true }}>
        {messages.instance.newQuery}
      </LinkButton>
      {mayUpdate === true && (
        <LinkButton to="/compute/instances/$name/edit" params={{ name }}>
          {messages.instance.edit}
        </LinkButton>
      )}
    </>
  )
}
