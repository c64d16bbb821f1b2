/** The switch of native login on the overview: each way asks, with what it means (design 5.2). */
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
  const [isAsking, setAsking] = useState(false)
  const word = isOn ? texts.on : texts.off
  if (mayUpdate !== true) return word
  const close = () => setAsking(false)
  return (
    <>
      <Switch
        isSelected={isOn}
        onChange={() => setAsking(true)}
        isDisabled={instance.state === 'DELETING'}
        aria-label={texts.nativeLogin}
      >
        {word}
      </Switch>
      {isAsking && isOn && <DisableNativeLogin instance={instance} onClose={close} />}
      {isAsking && !isOn && <EnableNativeLogin instance={instance} onClose={close} />}
    </>
  )
}
