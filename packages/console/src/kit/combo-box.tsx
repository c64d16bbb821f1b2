/**
 * A field that searches while one types. In a file of its own, because the first page needs other lists but not this
 * one.
 */
import { IconChevronDown } from '@tabler/icons-react'
import { Button, ComboBox as AriaComboBox, Input, ListBox, Popover } from 'react-aria-components'
import { messages } from '../messages/index.ts'
import { OptionItem, type Option } from './choice.tsx'
import { FieldLabel, FieldNotes, type FieldTexts } from './field.tsx'
import styles from './field.module.css'

export interface ComboBoxProps extends FieldTexts {
  /** The options that match the text; the caller searches (here or at the server) whenever the text changes. */
  readonly options: readonly Option[]
  readonly text: string
  readonly onTextChange: (text: string) => void
  readonly onChoose: (value: string) => void
  readonly isSearching?: boolean
  readonly isDisabled?: boolean
  /** Also accepts a text that is none of the options. */
  readonly allowsOther?: boolean
  readonly placeholder?: string
}

export function ComboBox({
  label,
  hint,
  isOptional = false,
  problem,
  options,
  text,
  onTextChange,
  onChoose,
  isSearching = false,
  isDisabled = false,
  allowsOther = false,
  placeholder = '',
}: ComboBoxProps) {
  return (
    <AriaComboBox
      className={styles['field'] ?? ''}
      items={options.map((option) => ({ ...option, id: option.value }))}
      inputValue={text}
      onInputChange={onTextChange}
      onChange={(key) => {
        if (key !== null) onChoose(String(key))
      }}
      allowsEmptyCollection
      allowsCustomValue={allowsOther}
      isDisabled={isDisabled}
      isInvalid={problem !== undefined}
      menuTrigger="focus"
    >
      <FieldLabel label={label} isOptional={isOptional} />
      <div className={styles['combo']}>
        <Input className={styles['input'] ?? ''} placeholder={placeholder} spellCheck={false} />
        <Button>
          <IconChevronDown size={16} aria-hidden />
        </Button>
      </div>
      <FieldNotes hint={hint} problem={problem} />
      <Popover className={styles['popover'] ?? ''}>
        <ListBox
          className={styles['list'] ?? ''}
          renderEmptyState={() => (
            <div className={styles['empty']}>
              {isSearching ? messages.kit.searching : messages.kit.noMatches}
            </div>
          )}
        >
          {(option: Option & { readonly id: string }) => <OptionItem option={option} />}
        </ListBox>
      </Popover>
    </AriaComboBox>
  )
}
