/** Fields for choosing: drop-down lists, checkboxes, switches, radio cards; searchable lists are in combo-box.tsx. */
import { IconCheck, IconChevronDown, IconMinus } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import {
  Button,
  CheckboxButton,
  CheckboxField,
  ListBox,
  ListBoxItem,
  Popover,
  RadioButton,
  RadioField,
  RadioGroup as AriaRadioGroup,
  Select as AriaSelect,
  SelectValue,
  SwitchButton,
  SwitchField,
  Text,
  type CheckboxFieldProps,
  type SwitchFieldProps,
} from 'react-aria-components'
import { classes } from './classes.ts'
import { FieldLabel, FieldNotes, type FieldTexts } from './field.tsx'
import styles from './field.module.css'

export interface Option<Value extends string = string> {
  readonly value: Value
  readonly label: string
  readonly description?: string
  readonly isDisabled?: boolean
}

export function OptionItem({ option }: { readonly option: Option }) {
  return (
    <ListBoxItem
      id={option.value}
      textValue={option.label}
      isDisabled={option.isDisabled ?? false}
      className={styles['option'] ?? ''}
    >
      <Text slot="label">
        <bdi>{option.label}</bdi>
      </Text>
      {option.description !== undefined && (
        <Text slot="description" className={styles['description'] ?? ''}>
          {option.description}
        </Text>
      )}
    </ListBoxItem>
  )
}

export interface SelectProps<Value extends string> extends FieldTexts {
  readonly options: readonly Option<Value>[]
  readonly value: Value | undefined
  readonly onChange: (value: Value) => void
  readonly isDisabled?: boolean
  readonly isLabelHidden?: boolean
  readonly placeholder?: string
}

export function Select<Value extends string>({
  label,
  hint,
  isOptional = false,
  problem,
  options,
  value,
  onChange,
  isDisabled = false,
  isLabelHidden = false,
  placeholder,
}: SelectProps<Value>) {
  return (
    <AriaSelect
      className={styles['field'] ?? ''}
      value={value ?? null}
      onChange={(key) => {
        const chosen = options.find((option) => option.value === key)
        if (chosen !== undefined) onChange(chosen.value)
      }}
      isDisabled={isDisabled}
      isInvalid={problem !== undefined}
      {...(placeholder === undefined ? {} : { placeholder })}
    >
      <FieldLabel label={label} isOptional={isOptional} isHidden={isLabelHidden} />
      <Button className={styles['trigger'] ?? ''}>
        <SelectValue>
          {({ selectedText, defaultChildren }) =>
            selectedText === '' ? defaultChildren : <span title={selectedText}>{selectedText}</span>
          }
        </SelectValue>
        <IconChevronDown size={16} aria-hidden />
      </Button>
      <FieldNotes hint={hint} problem={problem} />
      <Popover className={styles['popover'] ?? ''}>
        <ListBox
          className={styles['list'] ?? ''}
          items={options.map((option) => ({ ...option, id: option.value }))}
        >
          {(option) => <OptionItem option={option} />}
        </ListBox>
      </Popover>
    </AriaSelect>
  )
}

export interface CheckboxProps extends Omit<CheckboxFieldProps, 'className' | 'style' | 'children'> {
  readonly children?: ReactNode
  readonly hint?: ReactNode
  readonly problem?: string | undefined
}

export function Checkbox({ children, hint, problem, ...rest }: CheckboxProps) {
  return (
    <CheckboxField {...rest} isInvalid={problem !== undefined} className={styles['field'] ?? ''}>
      <CheckboxButton className={styles['check'] ?? ''}>
        {({ isIndeterminate, isSelected }) => (
          <>
            <span className={styles['box']} aria-hidden>
              {isIndeterminate ? <IconMinus size={14} /> : isSelected && <IconCheck size={14} />}
            </span>
            {children !== undefined && <span>{children}</span>}
          </>
        )}
      </CheckboxButton>
      <FieldNotes hint={hint} problem={problem} />
    </CheckboxField>
  )
}

export interface SwitchProps extends Omit<SwitchFieldProps, 'className' | 'style' | 'children'> {
  readonly children: ReactNode
  readonly hint?: ReactNode
  readonly problem?: string | undefined
}

export function Switch({ children, hint, problem, ...rest }: SwitchProps) {
  return (
    <SwitchField {...rest} isInvalid={problem !== undefined} className={styles['field'] ?? ''}>
      <SwitchButton className={styles['check'] ?? ''}>
        <span className={styles['track']} aria-hidden />
        <span>{children}</span>
      </SwitchButton>
      <FieldNotes hint={hint} problem={problem} />
    </SwitchField>
  )
}

export interface RadioGroupProps<Value extends string> extends FieldTexts {
  readonly options: readonly Option<Value>[]
  readonly value: Value
  readonly onChange: (value: Value) => void
  /** Each choice in a frame of its own, with its description. */
  readonly asCards?: boolean
  readonly isDisabled?: boolean
}

export function RadioGroup<Value extends string>({
  label,
  hint,
  isOptional = false,
  problem,
  options,
  value,
  onChange,
  asCards = false,
  isDisabled = false,
}: RadioGroupProps<Value>) {
  return (
    <AriaRadioGroup
      className={styles['field'] ?? ''}
      value={value}
      onChange={(chosen) => {
        const option = options.find((candidate) => candidate.value === chosen)
        if (option !== undefined) onChange(option.value)
      }}
      isInvalid={problem !== undefined}
      isDisabled={isDisabled}
      orientation="horizontal"
    >
      <FieldLabel label={label} isOptional={isOptional} />
      <div className={classes(styles['group'], asCards && styles['cards'])}>
        {options.map((option) => (
          <RadioField
            key={option.value}
            value={option.value}
            isDisabled={option.isDisabled ?? false}
            className={styles['radio'] ?? ''}
          >
            <RadioButton className={styles['check'] ?? ''}>
              <span className={styles['dot']} aria-hidden />
              <span className={styles['choice']}>
                <span>{option.label}</span>
                {option.description !== undefined && (
                  <span className={styles['description']}>{option.description}</span>
                )}
              </span>
            </RadioButton>
          </RadioField>
        ))}
      </div>
      <FieldNotes hint={hint} problem={problem} />
    </AriaRadioGroup>
  )
}
