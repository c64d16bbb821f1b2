/** As which role, to which database and through which endpoint: the possible choices, and those in the URL. */
import type { DatabaseInstance, SignInRole } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { instanceDatabasesQuery } from '../../../data/instance-databases.ts'
import { signInRolesQuery } from '../../../data/instance-roles.ts'
import { useMayDo } from '../../../data/instances.ts'
import { useSession } from '../../../data/session.ts'
import type { Option } from '../../../kit/choice.tsx'
import { messages } from '../../../messages/index.ts'
import type { ConnectionSearch } from './connection-search.ts'

const texts = messages.instance.connection
const FIRST_DATABASE = 'databricks_postgres'
const POSTGRES_PORT = 5432

export interface SignInChoices {
  readonly roles: readonly Option[]
  readonly databases: readonly Option[]
  readonly role: string
  readonly database: string
  readonly endpoint: 'direct' | 'pooled'
  readonly hasPooled: boolean
  readonly host: string
  readonly port: number
  /** The person may create a token, but has no role to log in as. */
  readonly hasNoRole: boolean
  readonly error: Error | null
}

export function useSignInChoices(instance: DatabaseInstance): SignInChoices {
  const search: ConnectionSearch = useSearch({ strict: false })
  const { person } = useSession()
  const mayMint = useMayDo(instance.name, 'mint_credential')
  const enabled = instance.state === 'AVAILABLE' && mayMint === true
  const roles = useQuery({ ...signInRolesQuery(instance.name), enabled })
  const databases = useQuery({ ...instanceDatabasesQuery(instance.name), enabled })
  const usual = instance.attached?.database ?? FIRST_DATABASE
  const roleOptions = (roles.data?.roles ?? []).map(toOption)
  // A person who manages an instance may mint without having a role in it; the suggested role has the person's name.
  const firstRole = roleOptions[0] ?? { value: person.name, label: person.name }
  const names = databases.data ?? []
  const hasPooled = instance.pooled_dns !== undefined
  const isPooled = hasPooled && search.endpoint === 'pooled'
  const databaseNames = names.length > 0 ? names : [usual]
  return {
    roles: roleOptions.length === 0 ? [firstRole] : roleOptions,
    databases: databaseNames.map((name) => ({ value: name, label: name })),
    role: roleOptions.find(({ value }) => value === search.role)?.value ?? firstRole.value,
    database:
      databaseNames.find((name) => name === search.database) ??
      databaseNames.find((name) => name === usual) ??
      databaseNames[0] ??
      usual,
    endpoint: isPooled ? 'pooled' : 'direct',
    hasPooled,
    host: (isPooled ? instance.pooled_dns : undefined) ?? instance.read_write_dns,
    port: (isPooled ? instance.pooled_port : instance.read_write_port) ?? POSTGRES_PORT,
    hasNoRole: roles.data !== undefined && roleOptions.length === 0,
    error: roles.error,
  }
}

/**
 * For the role of a group: the path from the group down to the person, so that it is clear that the role is not the
 * person's own.
 */
function toOption({ role, kind, path }: SignInRole): Option {
  return {
    value: role,
    label: role,
    description:
      kind === 'own'
        ? texts.ownRole
        : texts.throughPath(path.map(({ name }) => name).join(texts.pathSeparator)),
  }
}
