/** A field for a number. In a file of its own, because its number parsing is a large part of what forms load. */
import {
  Input,
  NumberField as AriaNumberField,
  type NumberFieldProps as AriaNumberFieldProps,
} from 'react-aria-components'
import { FieldLabel, FieldNotes, type FieldTexts } from './field.tsx'
import styles from './field.module.css'

export interface NumberFieldProps
  extends Omit<AriaNumberFieldProps, 'className' | 'style' | 'children'>, FieldTexts {}

export function NumberField({ label, hint, isOptional = false, problem, ...rest }: NumberFieldProps) {
  return (
    <AriaNumberField {...rest} isInvalid={problem !== undefined} className={styles['field'] ?? ''}>
      <FieldLabel label={label} isOptional={isOptional} />
      <Input className={styles['input'] ?? ''} />
      <FieldNotes hint={hint} problem={problem} />
    </AriaNumberField>
  )
}
