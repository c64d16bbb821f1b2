/** Turns the keys without a modifier on and off: shown in the help of the keys, and in Settings. */
import { useStore } from '../data/store.ts'
import { Switch } from '../kit/choice.tsx'
import { messages } from '../messages/index.ts'
import { shortcuts } from './appearance.ts'

export function ShortcutSwitch() {
  const isOn = useStore(shortcuts) === 'on'
  return (
    <Switch
      isSelected={isOn}
      onChange={(on) => shortcuts.set(on ? 'on' : 'off')}
      hint={messages.app.keys.turnOnHint}
    >
      {messages.app.keys.turnOn}
    </Switch>
  )
}
