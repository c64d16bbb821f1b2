/** Chooses between views of the same thing. */
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components'
import styles from './view-switch.module.css'

export interface ViewSwitchProps<View extends string> {
  readonly label: string
  readonly value: View
  readonly onChange: (view: View) => void
  readonly views: Readonly<Record<View, string>>
}

export function ViewSwitch<View extends string>({ label, value, onChange, views }: ViewSwitchProps<View>) {
  const names = Object.keys(views) as View[]
  return (
    <ToggleButtonGroup
      aria-label={label}
      className={styles['group'] ?? ''}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={(keys) => {
        const chosen = names.find((name) => keys.has(name))
        if (chosen !== undefined) onChange(chosen)
      }}
    >
      {names.map((name) => (
        <ToggleButton key={name} id={name} className={styles['view'] ?? ''}>
          {views[name]}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  )
}
