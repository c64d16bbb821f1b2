/**
 * Which identity a name given by a client means: user names are compared in any letter case, all others exactly
 * (behaviour 47).
 */
import { sql, type RawBuilder } from 'kysely'
import type { Identity, IdentityType } from '../domain/identity.ts'
import { isSameUserName } from '../domain/name-keys.ts'

/**
 * A condition on the `identity` of a query, answered by an index. PostgreSQL's idea of letter case depends on the
 * locale of the database, so the caller must check the result with `isNamed`.
 */
export const hasName = (type: IdentityType, name: string): RawBuilder<boolean> => {
  switch (type) {
    case 'USER':
      return sql<boolean>`lower(identity.name) = lower(${name})`
    case 'SERVICE_PRINCIPAL':
      return sql<boolean>`identity.name = ${name.toLowerCase()}`
    case 'GROUP':
      return sql<boolean>`identity.name = ${name}`
  }
}

export const isNamed = (known: Pick<Identity, 'type' | 'name'>, name: string): boolean =>
  known.type === 'USER'
    ? isSameUserName(known.name, name)
    : known.name === (known.type === 'GROUP' ? name : name.toLowerCase())
