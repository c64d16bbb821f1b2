/** What the commands of this folder are told in common. */
import type { LocalLoginPlace } from './local-login.ts'

export interface ConnectFlags {
  /** The role. */
  readonly as?: string
  readonly pooled?: boolean
  readonly database?: string
  readonly profile?: string
  readonly host?: string
  readonly local?: boolean
  readonly dataDir?: string
  readonly debug?: boolean
}

/** Where a Lakegate on this machine would let the owner of its data directory sign in: the file of a socket. */
export type FindLocalLogin = (flags: Readonly<Record<string, string>>) => Promise<LocalLoginPlace>
