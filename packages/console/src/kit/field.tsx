/**
 * Fields for typing: text and search; numbers are in number-field.tsx. Each has a label, may have a hint, and shows its
 * own problem.
 */
import { IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import {
  Button,
  FieldError,
  Input,
  Label,
  SearchField as AriaSearchField,
  Text,
  TextArea,
  TextField as AriaTextField,
  type SearchFieldProps as AriaSearchFieldProps,
  type TextFieldProps as AriaTextFieldProps,
} from 'react-aria-components'
import { messages } from '../messages/index.ts'
import { classes } from './classes.ts'
import styles from './field.module.css'

export interface FieldTexts {
  readonly label: string
  readonly hint?: ReactNode
  readonly isOptional?: boolean
  /** What is wrong with the value; the server's message if it refused the value. */
  readonly problem?: string | undefined
}

export interface FieldLabelProps extends Pick<FieldTexts, 'label' | 'isOptional'> {
  /** For a field in a table: the column header is its visible label, so this one is only for screen readers. */
  readonly isHidden?: boolean
}

export function FieldLabel({ label, isOptional = false, isHidden = false }: FieldLabelProps) {
  return (
    <Label className={isHidden ? 'visually-hidden' : (styles['label'] ?? '')}>
      {label}
      {isOptional && <span className={styles['optional']}> ({messages.kit.optional})</span>}
    </Label>
  )
}

export function FieldNotes({ hint, problem }: Pick<FieldTexts, 'hint' | 'problem'>) {
  return (
    <>
      {hint !== undefined && (
        <Text slot="description" className={styles['hint'] ?? ''}>
          {hint}
        </Text>
      )}
      <FieldError className={styles['problem'] ?? ''}>{problem}</FieldError>
    </>
  )
}

export interface TextFieldProps
  extends Omit<AriaTextFieldProps, 'className' | 'style' | 'children'>, FieldTexts {
  readonly isMono?: boolean
  readonly isMultiline?: boolean
  readonly placeholder?: string
  readonly rows?: number
}

export function TextField({
  label,
  hint,
  isOptional = false,
  problem,
  isMono = false,
  isMultiline = false,
  placeholder = '',
  rows,
  ...rest
}: TextFieldProps) {
  const input = classes(styles['input'], isMono && styles['mono'])
  return (
    <AriaTextField {...rest} isInvalid={problem !== undefined} className={styles['field'] ?? ''}>
      <FieldLabel label={label} isOptional={isOptional} />
      {isMultiline ? (
        <TextArea className={input} placeholder={placeholder} rows={rows} spellCheck={false} />
      ) : (
        <Input className={input} placeholder={placeholder} spellCheck={false} />
      )}
      <FieldNotes hint={hint} problem={problem} />
    </AriaTextField>
  )
}

export interface SearchFieldProps extends Omit<AriaSearchFieldProps, 'className' | 'style' | 'children'> {
  readonly label: string
  readonly placeholder?: string
}

/** A filter above a list; its label is for screen readers, the placeholder for the eye. `/` moves the focus to it. */
export function SearchField({ label, placeholder, ...rest }: SearchFieldProps) {
  return (
    <AriaSearchField {...rest} aria-label={label} className={styles['search'] ?? ''}>
      {({ isEmpty }) => (
        <>
          <Input className={styles['input'] ?? ''} placeholder={placeholder ?? label} data-filter />
          {!isEmpty && (
            <Button className={styles['clear'] ?? ''} aria-label={messages.kit.clear}>
              <IconX size={16} aria-hidden />
            </Button>
          )}
        </>
      )}
    </AriaSearchField>
  )
}
