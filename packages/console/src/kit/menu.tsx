/** A menu behind a button; its last items may be dangerous. */
import { IconDots } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { messages } from '../messages/index.ts'
import { IconButton } from './button.tsx'
import { classes } from './classes.ts'
import styles from './menu.module.css'

export interface MenuAction {
  readonly id: string
  readonly label: string
  readonly onAction?: () => void
  /** A page of the server outside the console; pages of the console use `onAction` and navigate. */
  readonly href?: string
  readonly icon?: ReactNode
  readonly isDangerous?: boolean
  readonly isDisabled?: boolean
}

export interface MenuProps {
  readonly label: string
  readonly actions: readonly MenuAction[]
  /** The button; three dots when left out. */
  readonly trigger?: ReactNode
}

export function Menu({ label, actions, trigger }: MenuProps) {
  return (
    <MenuTrigger>
      {trigger ?? <IconButton label={label} icon={<IconDots size={20} aria-hidden />} />}
      <Popover className={styles['popover'] ?? ''} placement="bottom end">
        <AriaMenu aria-label={label}>
          {actions.map((action) => (
            <MenuItem
              key={action.id}
              id={action.id}
              isDisabled={action.isDisabled ?? false}
              className={classes(styles['item'], action.isDangerous === true && styles['danger'])}
              {...(action.onAction === undefined ? {} : { onAction: action.onAction })}
              {...(action.href === undefined ? {} : { href: action.href })}
            >
              {action.icon}
              {action.label}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  )
}

/** The three dots at the end of a row. */
export function RowMenu({
  name,
  actions,
}: {
  readonly name: string
  readonly actions: readonly MenuAction[]
}) {
  return actions.length === 0 ? null : <Menu label={messages.kit.moreActions(name)} actions={actions} />
}
