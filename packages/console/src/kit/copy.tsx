/**
 * Things to copy: a value with a button, a masked secret, a block of code. The clipboard is written only when a button
 * is pressed.
 */
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useEffect, useState, type ReactNode } from 'react'
import { messages } from '../messages/index.ts'
import { Button, IconButton, type ButtonKind } from './button.tsx'
import { classes } from './classes.ts'
import styles from './copy.module.css'
import { Name } from './name.tsx'

const SHOWS_COPIED = 2_000

type CopyState = 'idle' | 'copied' | 'closed'

/**
 * @returns the state to show, and a function that copies; `closed` when the page has no clipboard (plain http on
 * another host)
 */
function useCopy(): readonly [CopyState, (text: string) => Promise<void>] {
  const [state, setState] = useState<CopyState>('idle')
  useEffect(() => {
    if (state !== 'copied') return undefined
    const timer = setTimeout(() => setState('idle'), SHOWS_COPIED)
    return () => clearTimeout(timer)
  }, [state])
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
    } catch {
      setState('closed')
    }
  }
  return [state, copy]
}

export interface CopyButtonProps {
  /** «Copy psql command» without «Copy». */
  readonly what: string
  readonly text: string | (() => string)
  readonly onCopied?: () => void
}

/** A button with only an icon; its accessible name says what it copies. */
function CopyButton({ what, text, onCopied }: CopyButtonProps) {
  const [state, copy] = useCopy()
  const label = state === 'copied' ? messages.kit.copied : messages.kit.copyNamed(what)
  const icon = state === 'copied' ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />
  return (
    <>
      <IconButton
        label={label}
        isSmall
        icon={icon}
        onPress={() => void copy(typeof text === 'function' ? text() : text).then(onCopied)}
      />
      {state === 'closed' && <span className={styles['byHand']}>{messages.kit.copyByHand}</span>}
    </>
  )
}

export interface CopyTextButtonProps extends CopyButtonProps {
  /** The words of the button. */
  readonly children: ReactNode
  readonly kind?: ButtonKind
}

/** The same with a visible label. */
export function CopyTextButton({ children, text, kind = 'secondary', onCopied }: CopyTextButtonProps) {
  const [state, copy] = useCopy()
  return (
    <>
      <Button
        kind={kind}
        icon={state === 'copied' ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
        onPress={() => void copy(typeof text === 'function' ? text() : text).then(onCopied)}
      >
        {state === 'copied' ? messages.kit.copied : children}
      </Button>
      {state === 'closed' && <span className={styles['byHand']}>{messages.kit.copyByHand}</span>}
    </>
  )
}

/** A value in one line, with its copy button. */
export function CopyField({ what, value }: { readonly what: string; readonly value: string }) {
  return (
    <span className={styles['field']}>
      <Name className={styles['value']} name={value} />
      <CopyButton what={what} text={value} />
    </span>
  )
}

export interface SecretFieldProps {
  /** What it is, e.g. «OAuth token». */
  readonly what: string
  readonly secret: string
  /** The words of the copy button, e.g. «Copy OAuthToken». */
  readonly copyLabel: string
  readonly onCopied?: () => void
  readonly children?: ReactNode
}

/** Masked until the person asks to see it; not selectable meanwhile. */
export function SecretField({ what, secret, copyLabel, onCopied, children }: SecretFieldProps) {
  const [isShown, setShown] = useState(false)
  return (
    <div className={styles['secret']}>
      <span
        className={classes(styles['value'], !isShown && styles['masked'])}
        aria-label={what}
        role="textbox"
        aria-readonly
        tabIndex={0}
      >
        {isShown ? secret : '•'.repeat(24)}
      </span>
      <CopyTextButton what={what} text={secret} {...(onCopied === undefined ? {} : { onCopied })}>
        {copyLabel}
      </CopyTextButton>
      <Button onPress={() => setShown(!isShown)}>{isShown ? messages.kit.hide : messages.kit.show}</Button>
      {children}
    </div>
  )
}

export interface CodeBlockProps {
  /** For the copy button: «psql command». */
  readonly what: string
  readonly code: string
}

export function CodeBlock({ what, code }: CodeBlockProps) {
  return (
    <div className={styles['block']}>
      <pre className={styles['code']} tabIndex={0} aria-label={what}>
        <code>{code}</code>
      </pre>
      <div className={styles['corner']}>
        <CopyButton what={what} text={code} />
      </div>
    </div>
  )
}

/** The API call or the SQL statement behind a form, collapsed. */
export function ShowAsCall({
  code,
  label = messages.kit.showAsCall,
}: {
  readonly code: string
  readonly label?: string
}) {
  return (
    <details>
      <summary>{label}</summary>
      <CodeBlock what={label} code={code} />
    </details>
  )
}
