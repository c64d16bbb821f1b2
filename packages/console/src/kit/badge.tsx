/** Badges for states and chips for principals: icon, word and colour, never colour alone. */
import {
  IconAlertTriangle,
  IconCircle,
  IconCircleFilled,
  IconLoader2,
  IconLock,
  IconRobot,
  IconUser,
  IconUsersGroup,
  IconX,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { messages } from '../messages/index.ts'
import styles from './badge.module.css'
import { classes } from './classes.ts'

export type Tone = 'neutral' | 'ok' | 'warn' | 'danger' | 'info'

export interface BadgeProps {
  readonly tone?: Tone
  readonly icon?: ReactNode
  readonly children: ReactNode
}

export function Badge({ tone = 'neutral', icon, children }: BadgeProps) {
  return (
    <span className={classes(styles['badge'], tone !== 'neutral' && styles[tone])}>
      {icon}
      {children}
    </span>
  )
}

/** The icons of states: done, in progress, off, gone, wrong. */
export const STATE_ICONS = {
  done: <IconCircleFilled size={12} aria-hidden />,
  underWay: <IconLoader2 size={12} className={styles['turning']} aria-hidden />,
  off: <IconCircle size={12} aria-hidden />,
  gone: <IconX size={12} aria-hidden />,
  wrong: <IconAlertTriangle size={12} aria-hidden />,
} as const

export type PrincipalType = 'USER' | 'SERVICE_PRINCIPAL' | 'GROUP' | 'PG_ONLY'

const PRINCIPAL_ICONS: Readonly<Record<PrincipalType, ReactNode>> = {
  USER: <IconUser size={16} aria-hidden />,
  SERVICE_PRINCIPAL: <IconRobot size={16} aria-hidden />,
  GROUP: <IconUsersGroup size={16} aria-hidden />,
  PG_ONLY: <IconLock size={16} aria-hidden />,
}

export interface PrincipalChipProps {
  readonly type: PrincipalType
  readonly name: string
  /** The role of a group is marked, so that it is not mistaken for a person. */
  readonly isGroupRole?: boolean
}

/** A user, service principal or group by icon and name; screen readers also announce the type. */
export function PrincipalChip({ type, name, isGroupRole = false }: PrincipalChipProps) {
  return (
    <span className={classes(styles['principal'], isGroupRole && styles['groupRole'])} title={name}>
      {PRINCIPAL_ICONS[type]}
      {type !== 'PG_ONLY' && <span className="visually-hidden">{messages.kit.typeNames[type]} </span>}
      <bdi className={styles['name']}>{name}</bdi>
    </span>
  )
}
