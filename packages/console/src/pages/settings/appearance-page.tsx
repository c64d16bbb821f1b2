/** How the console looks and behaves in this browser. */
import { useSyncExternalStore } from 'react'
import { density, theme } from '../../app/appearance.ts'
import { ShortcutSwitch } from '../../app/shortcut-switch.tsx'
import { useStore } from '../../data/store.ts'
import { RadioGroup } from '../../kit/choice.tsx'
import { messages } from '../../messages/index.ts'
import { chooseTimeZone, subscribeToTimeZone, timeZone } from '../../text/time-zone.ts'
import styles from './settings.module.css'
import { SettingsPage } from './settings-page.tsx'

const texts = messages.settings.look

export function AppearancePage() {
  return (
    <SettingsPage title={messages.settings.appearance}>
      <div className={styles['choices']}>
        <RadioGroup
          label={texts.theme}
          value={useStore(theme)}
          onChange={theme.set}
          options={[
            { value: 'system', label: texts.system },
            { value: 'light', label: texts.light },
            { value: 'dark', label: texts.dark },
          ]}
        />
        <RadioGroup
          label={texts.density}
          value={useStore(density)}
          onChange={density.set}
          options={[
            { value: 'comfortable', label: texts.comfortable },
            { value: 'compact', label: texts.compact },
          ]}
        />
        <RadioGroup
          label={texts.timeZone}
          value={useSyncExternalStore(subscribeToTimeZone, timeZone)}
          onChange={chooseTimeZone}
          options={[
            { value: 'local', label: texts.local },
            { value: 'UTC', label: texts.utc },
          ]}
        />
        <ShortcutSwitch />
        <p>{texts.kept}</p>
      </div>
    </SettingsPage>
  )
}
