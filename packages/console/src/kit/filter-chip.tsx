/** One filter of a list as a chip: «Outcome: refused». It opens the choices, and has a cross that clears it. */
import { IconChevronDown, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { Button, Dialog, DialogTrigger, ListBox, ListBoxItem, Popover } from 'react-aria-components'
import { messages } from '../messages/index.ts'
import { classes } from './classes.ts'
import styles from './filter-chip.module.css'

export interface FilterChipProps {
  readonly label: string
  /** The value as the chip shows it; undefined means any. */
  readonly value: string | undefined
  readonly onClear: () => void
  /** The content in which the value is chosen; it calls `close` when done. */
  readonly children: (close: () => void) => ReactNode
}

export function FilterChip({ label, value, onClear, children }: FilterChipProps) {
  return (
    <span className={classes(styles['chip'], value !== undefined && styles['active'])}>
      <DialogTrigger>
        <Button className={styles['button'] ?? ''}>
          <span className={styles['text']}>
            {label}
            {': '}
            <bdi title={value}>{value ?? messages.kit.any}</bdi>
          </span>
          <IconChevronDown size={14} aria-hidden />
        </Button>
        <Popover className={styles['popover'] ?? ''} placement="bottom start">
          <Dialog aria-label={label} className={styles['dialog'] ?? ''}>
            {({ close }) => children(close)}
          </Dialog>
        </Popover>
      </DialogTrigger>
      {value !== undefined && (
        <Button
          className={styles['clear'] ?? ''}
          aria-label={messages.kit.clearFilter(label)}
          onPress={onClear}
        >
          <IconX size={14} aria-hidden />
        </Button>
      )}
    </span>
  )
}

export interface ChipChoice {
  readonly value: string
  readonly label: string
}

export interface ChipChoicesProps {
  readonly label: string
  readonly choices: readonly ChipChoice[]
  readonly chosen: string | undefined
  readonly onChoose: (value: string) => void
  /** Whether it takes the focus when the chip opens; not if a text field comes before it. */
  readonly takesFocus?: boolean
}

/** A short list to choose from, inside a chip. */
export function ChipChoices({ label, choices, chosen, onChoose, takesFocus = true }: ChipChoicesProps) {
  return (
    <ListBox
      aria-label={label}
      autoFocus={takesFocus}
      className={styles['list'] ?? ''}
      selectionMode="single"
      selectedKeys={chosen === undefined ? [] : [chosen]}
      items={choices.map((choice) => ({ ...choice, id: choice.value }))}
      onSelectionChange={(keys) => {
        // Pressing the chosen entry again keeps it chosen.
        const [key = chosen] = keys === 'all' ? [] : [...keys]
        if (key !== undefined) onChoose(String(key))
      }}
    >
      {(choice) => (
        <ListBoxItem id={choice.value} textValue={choice.label} className={styles['choice'] ?? ''}>
          <bdi>{choice.label}</bdi>
        </ListBoxItem>
      )}
    </ListBox>
  )
}
