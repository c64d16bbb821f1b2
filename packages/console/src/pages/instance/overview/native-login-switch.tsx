/** The switch of native login on the overview: both directions ask first and explain the consequences (design 5.2). */
import type { DatabaseInstance } from '@lakegate/client'
import { useState } from 'react'
import { useMayDo } from '../../../data/instances.ts'
import { Switch } from '../../../kit/choice.tsx'
import { messages } from '../../../messages/index.ts'
import { DisableNativeLogin, EnableNativeLogin } from '../dialogs/native-login.tsx'

const texts = messages.instance.properties

export function NativeLoginSwitch({ instance }: { readonly instance: DatabaseInstance }) {
  const isOn = instance.effective_enable_pg_native_login
  const mayUpdate = useMayDo(instance.name, 'update')
  // The asked direction is kept in the state, because the answer changes the instance while the dialog is still open.
  const [asks, setAsks] = useState<'on' | 'off'>()
  const word = isOn ? texts.on : texts.off
  if (mayUpdate !== true) return word
  const close = () => setAsks(undefined)
  return (
    <>
      <Switch
        isSelected={isOn}
        onChange={() => setAsks(isOn ? 'off' : 'on')}
        isDisabled={instance.state === 'DELETING'}
        aria-label={texts.nativeLogin}
      >
        {word}
      </Switch>
      {asks === 'off' && <DisableNativeLogin instance={instance} onClose={close} />}
      {asks === 'on' && <EnableNativeLogin instance={instance} onClose={close} />}
    </>
  )
}
