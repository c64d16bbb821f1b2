/** What a startup message asks for: the instance and endpoint, the role, the database, and the kind of proof. */
import type { InstanceUid } from '../../domain/ids.ts'
import { refused } from '../../operations/refused-error.ts'
import { decodeName, lastValue, type StartupMessage } from '../../protocol/startup.ts'
import { readLoginMethod } from '../proof/login-method.ts'
import { wantsReplication } from '../relay/replication.ts'
import type { ConnectionTarget } from '../settings.ts'
import type { Handshake } from './handshake.ts'
import type { InstanceRoute } from './instance-route.ts'
import { routeOf } from './route.ts'

export interface LoginWanted {
  readonly instanceUid: InstanceUid
  readonly endpoint: InstanceRoute['endpoint']
  readonly roleName: string
  /** An empty name counts as none, as in PostgreSQL; the default is the name of the role. */
  readonly database: string
  readonly wantsBearer: boolean
  readonly replicates: boolean
  /** Without the parameters that were meant for the gateway. */
  readonly message: StartupMessage
}

/** @throws RefusedError user_name_missing, protocol_violation, instance_not_reachable, server_name_missing */
export function readStartup(
  { message: received, serverName }: Pick<Handshake & { kind: 'login' }, 'message' | 'serverName'>,
  target: ConnectionTarget,
  domain: string | undefined,
): LoginWanted {
  const { instanceUid, endpoint } = routeOf(target, serverName, domain)
  const { wantsBearer, message } = readLoginMethod(received)
  const roleName = nameOf(message, 'user')
  if (roleName === undefined || roleName === '') throw refused('user_name_missing')
  const database = nameOf(message, 'database')
  return {
    ...{ instanceUid, endpoint, roleName, wantsBearer, message },
    database: database === undefined || database === '' ? roleName : database,
    replicates: wantsReplication(message),
  }
}

function nameOf(message: StartupMessage, parameter: string): string | undefined {
  const value = lastValue(message, parameter)
  if (value === undefined) return undefined
  const name = decodeName(value)
  if (name === undefined)
    throw refused('protocol_violation', { violation: `the parameter ${parameter} is not UTF-8` })
  return name
}
