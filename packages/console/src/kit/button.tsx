/**
 * Buttons, and links that look like them. The label is a verb and a noun; a button with only an icon also has a name.
 */
import type { ReactNode } from 'react'
import {
  Button as AriaButton,
  Tooltip,
  TooltipTrigger,
  type ButtonProps as AriaButtonProps,
} from 'react-aria-components'
import { Link, type LinkProps } from '@tanstack/react-router'
import styles from './button.module.css'
import { classes } from './classes.ts'

export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger'

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'style' | 'children'> {
  readonly children: ReactNode
  readonly kind?: ButtonKind
  readonly isSmall?: boolean
  /** The action is in progress: the button shows that and ignores presses, but keeps the focus. */
  readonly isBusy?: boolean
  readonly icon?: ReactNode
}

const kindClass = (kind: ButtonKind) => (kind === 'secondary' ? undefined : styles[kind])

export function Button({
  children,
  kind = 'secondary',
  isSmall = false,
  isBusy = false,
  icon,
  ...rest
}: ButtonProps) {
  return (
    <AriaButton
      {...rest}
      isPending={isBusy}
      className={classes(styles['button'], kindClass(kind), isSmall && styles['small'])}
    >
      {isBusy ? <span className={styles['spinner']} aria-hidden /> : icon}
      {children}
    </AriaButton>
  )
}

export interface LinkButtonProps {
  readonly to: LinkProps['to']
  readonly params?: Readonly<Record<string, string>>
  readonly search?: Readonly<Record<string, unknown>>
  readonly children: ReactNode
  readonly kind?: ButtonKind
  readonly isSmall?: boolean
  readonly icon?: ReactNode
  /** The shell's key that presses it, e.g. `n` (app/use-keys.ts). */
  readonly shortcut?: string
}

/** Leads to another page of the console. */
export function LinkButton({
  to,
  params,
  search,
  children,
  kind = 'secondary',
  isSmall = false,
  icon,
  shortcut,
}: LinkButtonProps) {
  const target = { to, params, search } as LinkProps
  return (
    <Link
      {...target}
      className={classes(styles['button'], kindClass(kind), isSmall && styles['small'])}
      data-shortcut={shortcut}
    >
      {icon}
      {children}
    </Link>
  )
}

export interface IconButtonProps extends Omit<AriaButtonProps, 'className' | 'style' | 'children'> {
  /** The accessible name; also shown as a tooltip on hover and focus. */
  readonly label: string
  readonly icon: ReactNode
  readonly isSmall?: boolean
}

export function IconButton({ label, icon, isSmall = false, ...rest }: IconButtonProps) {
  return (
    <TooltipTrigger delay={400}>
      <AriaButton
        {...rest}
        aria-label={label}
        className={classes(styles['button'], styles['icon'], isSmall && styles['small'])}
      >
        {icon}
      </AriaButton>
      <Tooltip className={styles['tooltip'] ?? ''} offset={4}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  )
}
