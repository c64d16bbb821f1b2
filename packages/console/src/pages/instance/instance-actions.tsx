/** The buttons of an instance, at the upper right of each of its tabs: New Query, Edit, Stop or Start, and Delete behind ⋯. */
import type { DatabaseInstance } from '@lakegate/client'
import { useState } from 'react'
import { useMayDo } from '../../data/instances.ts'
import { Button, LinkButton } from '../../kit/button.tsx'
import { Menu } from '../../kit/menu.tsx'
import { messages } from '../../messages/index.ts'
import { StartButton } from '../compute/start-button.tsx'
import { DeleteInstance } from './dialogs/delete-instance.tsx'
import { StopInstance } from './dialogs/stop-instance.tsx'

const texts = messages.instance

export function InstanceActions({ instance }: { readonly instance: DatabaseInstance }) {
  const { name, state, effective_stopped: isStopped } = instance
  const mayUpdate = useMayDo(name, 'update') === true
  const mayStop = useMayDo(name, 'start_or_stop') === true
  const mayDelete = useMayDo(name, 'delete') === true
  const mayMint = useMayDo(name, 'mint_credential') === true
  const [asks, setAsks] = useState<'stop' | 'delete'>()
  const close = () => setAsks(undefined)
  const isGoing = state === 'DELETING'
  return (
    <>
      {mayMint && state === 'AVAILABLE' && (
        <LinkButton to="/sql" search={{ instance: name, new: true }}>
          {texts.newQuery}
        </LinkButton>
      )}
      {mayUpdate && !isGoing && (
        <LinkButton to="/compute/instances/$name/edit" params={{ name }}>
          {texts.edit}
        </LinkButton>
      )}
      {mayStop && !isGoing && !isStopped && <Button onPress={() => setAsks('stop')}>{texts.stop}</Button>}
      {!isGoing && isStopped && <StartButton name={name} />}
      {mayDelete && (
        <Menu
          label={messages.kit.moreActions(name)}
          actions={[
            { id: 'delete', label: texts.delete, isDangerous: true, onAction: () => setAsks('delete') },
          ]}
        />
      )}
      {asks === 'stop' && <StopInstance instance={instance} onClose={close} />}
      {asks === 'delete' && <DeleteInstance instance={instance} onClose={close} />}
    </>
  )
}
