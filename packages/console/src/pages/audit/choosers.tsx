/** The choosers of filter chips for a text or a time. */
import { useState } from 'react'
import { Button } from '../../kit/button.tsx'
import { TextField } from '../../kit/field.tsx'
import { ChipChoices } from '../../kit/filter-chip.tsx'
import { messages } from '../../messages/index.ts'
import styles from './audit.module.css'

export interface TextChooserProps {
  readonly label: string
  readonly hint: string
  readonly offered: readonly string[]
  readonly value: string | undefined
  readonly onChoose: (value: string) => void
}

/** Offers values, and accepts another one that is typed. */
export function TextChooser({ label, hint, offered, value, onChoose }: TextChooserProps) {
  const [text, setText] = useState(value ?? '')
  const matching = offered.filter((one) => one.includes(text.trim()))
  return (
    <form
      className={styles['chooser']}
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() !== '') onChoose(text.trim())
      }}
    >
      <TextField label={label} hint={hint} value={text} onChange={setText} isMono autoFocus />
      {matching.length > 0 && (
        <ChipChoices
          label={label}
          choices={matching.map((one) => ({ value: one, label: one }))}
          chosen={value}
          onChoose={onChoose}
          takesFocus={false}
        />
      )}
      <Button type="submit" isDisabled={text.trim() === ''}>
        {messages.kit.apply}
      </Button>
    </form>
  )
}

const HOUR = 3_600_000
const SPANS = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR } as const

export interface InstantChooserProps {
  readonly label: string
  readonly value: string | undefined
  /** Offers time spans that end now. */
  readonly offersSpans: boolean
  readonly onChoose: (instant: string) => void
}

export function InstantChooser({ label, value, offersSpans, onChoose }: InstantChooserProps) {
  const [text, setText] = useState(value === undefined ? '' : toLocalText(new Date(value)))
  const typed = new Date(text)
  const isInstant = text !== '' && !Number.isNaN(typed.getTime())
  return (
    <form
      className={styles['chooser']}
      onSubmit={(event) => {
        event.preventDefault()
        if (isInstant) onChoose(typed.toISOString())
      }}
    >
      {offersSpans && (
        <ChipChoices
          label={label}
          choices={Object.keys(SPANS).map((span) => ({
            value: span,
            label: messages.audit.spans[span as keyof typeof SPANS],
          }))}
          chosen={undefined}
          onChoose={(span) =>
            onChoose(new Date(Date.now() - SPANS[span as keyof typeof SPANS]).toISOString())
          }
        />
      )}
      <TextField
        label={messages.audit.instant}
        hint={messages.audit.instantHint}
        type="datetime-local"
        value={text}
        onChange={setText}
      />
      <Button type="submit" isDisabled={!isInstant}>
        {messages.kit.apply}
      </Button>
    </form>
  )
}

/** In the format of an `input` of the type `datetime-local`: without a time zone. */
function toLocalText(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${String(time.getFullYear())}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}`
}
