/** Who runs a command on this machine, for the audit: nobody is signed in. */
import { hostname, userInfo } from 'node:os'

export const whoHere = (): string => `on ${hostname()} by the account ${userInfo().username}`
