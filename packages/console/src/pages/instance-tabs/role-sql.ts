/** The SQL that corresponds to a form about roles, for people who want to know or repeat it. */
import type { NewRole, RoleAttribute, RoleIdentityType, RoleSettings } from '../../data/instance-roles.ts'

/** A name as an identifier of PostgreSQL, always quoted: roles are case-sensitive. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text as a literal that is valid with any value of `standard_conforming_strings`. */
export const quoteLiteral = (text: string): string =>
  text.includes('\\')
    ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    : `'${text.replaceAll("'", "''")}'`

const OPTIONS: Readonly<Record<RoleAttribute, string>> = {
  createdb: 'CREATEDB',
  createrole: 'CREATEROLE',
  bypassrls: 'BYPASSRLS',
  replication: 'REPLICATION',
}

const optionsOf = (attributes: RoleSettings['attributes']): readonly string[] =>
  (Object.keys(OPTIONS) as RoleAttribute[]).flatMap((attribute) =>
    attributes[attribute] === undefined ? [] : [`${attributes[attribute] ? '' : 'NO'}${OPTIONS[attribute]}`],
  )

const grantSuperuser = (name: string): string => `GRANT databricks_superuser TO ${quoteIdentifier(name)};`

/** For the role of an identity: calls the function that also binds it. */
export function createRoleSql({
  name,
  type,
  attributes,
  isSuperuser,
}: Omit<NewRole, 'existingRole'>): string {
  const options = optionsOf(attributes).filter((option) => !option.startsWith('NO'))
  return [
    `SELECT databricks_create_role(${quoteLiteral(name)}, ${quoteLiteral(type)});`,
    ...(options.length === 0 ? [] : [`ALTER ROLE ${quoteIdentifier(name)} ${options.join(' ')};`]),
    ...(isSuperuser ? [grantSuperuser(name)] : []),
  ].join('\n')
}

/** @param verifier of the password, or its placeholder */
export function createPasswordRoleSql(
  name: string,
  verifier: string,
  { attributes, isSuperuser }: RoleSettings,
): string {
  const options = optionsOf(attributes).filter((option) => !option.startsWith('NO'))
  return [
    `CREATE ROLE ${[quoteIdentifier(name), 'LOGIN', ...options].join(' ')} PASSWORD ${quoteLiteral(verifier)};`,
    ...(isSuperuser ? [grantSuperuser(name)] : []),
  ].join('\n')
}

/** @param wasSuperuser before the change */
export function changeRoleSql(
  name: string,
  { attributes, isSuperuser }: RoleSettings,
  wasSuperuser: boolean,
): string {
  const options = optionsOf(attributes)
  return [
    ...(options.length === 0 ? [] : [`ALTER ROLE ${quoteIdentifier(name)} ${options.join(' ')};`]),
    ...(isSuperuser === wasSuperuser
      ? []
      : [isSuperuser ? grantSuperuser(name) : `REVOKE databricks_superuser FROM ${quoteIdentifier(name)};`]),
  ].join('\n')
}

export function dropRoleSql(name: string, heir: string | undefined): string {
  const role = quoteIdentifier(name)
  return [
    ...(heir === undefined
      ? []
      : [
          '-- in each database of the instance',
          `REASSIGN OWNED BY ${role} TO ${quoteIdentifier(heir)};`,
          `DROP OWNED BY ${role};`,
        ]),
    `DROP ROLE ${role};`,
  ].join('\n')
}

/** @param id of the identity; the gateway reads the label at a login */
export const bindRoleSql = (role: string, id: string, type: RoleIdentityType): string =>
  `SELECT databricks_set_role_label(${quoteLiteral(role)}, ${quoteLiteral(`id=${id},type=${type}`)});`
