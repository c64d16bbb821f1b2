/**
 * Random sequences of what a person with database skills may send, as data that reads like itself: three actors, the
 * roles around them, and everything by which PostgreSQL runs one's code in another's session. Nothing in here looks at
 * a database, so any part of a sequence is a sequence too, and fast-check can shorten it.
 */
import fc from 'fast-check'

export const ACTORS = ['plain', 'creator', 'owner'] as const
export type Actor = (typeof ACTORS)[number]

/** Roles that the arena is built with, besides those of the actors. */
export const TARGETS = [
  'claimant',
  'user',
  'group',
  'unbound',
  'shared',
  'creator_bound',
  'creator_unbound',
] as const
const NEW_ROLES = ['new_1', 'new_2', 'new_3'] as const
const SYSTEM_ROLES = [
  'cloud_admin',
  'databricks_superuser',
  'databricks_gateway',
  'pg_write_all_data',
] as const
/** `reader` is the name that Lakegate gave to a reader before; `newcomer_*` are identities without a role. */
const ODD_ROLES = ['reader', 'databricks_claims_1_x', 'newcomer_principal'] as const
export type RoleWord =
  | Actor
  | (typeof TARGETS)[number]
  | (typeof NEW_ROLES)[number]
  | (typeof SYSTEM_ROLES)[number]
  | (typeof ODD_ROLES)[number]

export const NEWCOMERS = ['newcomer_principal', 'newcomer_user', 'newcomer_group'] as const
export type Newcomer = (typeof NEWCOMERS)[number]
export const PEOPLE = [...ACTORS, 'claimant', 'person', 'guest', 'member'] as const
export type Person = (typeof PEOPLE)[number]

export type LabelWord = Person | 'the_group' | 'lower_case' | 'nobody' | 'malformed' | 'none'

export const CONTAINERS = [
  'function',
  'row_trigger',
  'statement_trigger',
  'deferred_trigger',
  'view',
  'invoker_view',
  'rule',
  'index',
  'materialized_view',
  'domain',
  'check',
  'default',
  'generated',
  'policy',
  'cast',
  'operator',
  'aggregate',
  'event_trigger',
] as const
export type Container = (typeof CONTAINERS)[number]

/** What planted code does, in this order: perhaps something of PostgreSQL's, then a call of ours. */
export interface Deed {
  readonly first: 'nothing' | 'grant' | 'assume'
  readonly then: 'set_label' | 'create_role' | 'write_catalog'
  readonly role: RoleWord
  readonly label: LabelWord
  readonly newcomer: Newcomer
  /** Goes on when it is refused, so that whoever triggered it notices nothing. */
  readonly isSilent: boolean
}

interface By {
  readonly by: Actor
}

/** What one session sends; the text of `sql` has `{role}` for a quoted name and `{'role'}` for a quoted string. */
export type Sent =
  | (By & { readonly kind: 'sql'; readonly text: string })
  | (By & { readonly kind: 'set_label'; readonly role: RoleWord; readonly label: LabelWord })
  | (By & { readonly kind: 'create_role'; readonly newcomer: Newcomer })
  | (By & {
      readonly kind: 'plant'
      readonly container: Container
      readonly isDefiner: boolean
      readonly deed: Deed
    })
  | (By & { readonly kind: 'use'; readonly plant: number; readonly way: number })
  | (By & {
      readonly kind: 'write'
      readonly table: number
      readonly verb: 'INSERT' | 'UPDATE' | 'DELETE' | 'COPY' | 'TRUNCATE' | 'trigger' | 'rule'
      readonly role: RoleWord
      readonly label: LabelWord
      /** Bit by bit: whether a column is left to its default. */
      readonly defaults: number
    })
  | (By & {
      readonly kind: 'call'
      readonly function: number
      readonly role: RoleWord
      readonly label: LabelWord
    })
  | (By & { readonly kind: 'replace'; readonly function: number; readonly deed: Deed })

export type Statement =
  | Sent
  | (By & {
      readonly kind: 'transaction'
      readonly sent: readonly Sent[]
      readonly end: 'COMMIT' | 'ROLLBACK'
    })
  | { readonly kind: 'maintain'; readonly plant: number; readonly way: number }
  | (By & { readonly kind: 'take_setting'; readonly from: Actor; readonly setting: string })
  | { readonly kind: 'login'; readonly person: Person; readonly role: RoleWord }
  | { readonly kind: 'login_with_claims' }
  | (By & { readonly kind: 'lock'; readonly table: number; readonly mode: string })

export interface Sequence {
  readonly statements: readonly Statement[]
  /** Chooses whom the end of the sequence tries to log in as, besides everyone for whom something changed. */
  readonly sample: number
}

const oneOf = <Word extends string>(...words: readonly Word[]): fc.Arbitrary<Word> =>
  fc.constantFrom(...words)

const actor = oneOf(...ACTORS)
const role: fc.Arbitrary<RoleWord> = fc.oneof(
  { weight: 6, arbitrary: oneOf(...ACTORS, ...TARGETS) },
  { weight: 3, arbitrary: oneOf(...NEW_ROLES) },
  { weight: 1, arbitrary: oneOf(...SYSTEM_ROLES, ...ODD_ROLES) },
)
const newRole: fc.Arbitrary<RoleWord> = fc.oneof(
  { weight: 4, arbitrary: oneOf(...NEW_ROLES) },
  { weight: 2, arbitrary: oneOf(...ODD_ROLES) },
)
const label: fc.Arbitrary<LabelWord> = fc.oneof(
  { weight: 6, arbitrary: oneOf<LabelWord>(...PEOPLE, 'the_group') },
  { weight: 2, arbitrary: oneOf<LabelWord>('none', 'lower_case', 'nobody', 'malformed') },
)
const newcomer = oneOf(...NEWCOMERS)
const person = oneOf(...PEOPLE)
const number = fc.nat(1000)
const deed: fc.Arbitrary<Deed> = fc.record({
  first: fc.oneof(
    { weight: 4, arbitrary: fc.constant('nothing' as const) },
    { weight: 1, arbitrary: oneOf('grant', 'assume') },
  ),
  then: fc.oneof(
    { weight: 6, arbitrary: fc.constant('set_label' as const) },
    { weight: 2, arbitrary: oneOf('create_role', 'write_catalog') },
  ),
  role,
  label,
  newcomer,
  isSilent: fc.boolean(),
})

/** Text with its holes filled by words. */
const text = (
  pattern: TemplateStringsArray,
  ...holes: readonly fc.Arbitrary<string>[]
): fc.Arbitrary<string> =>
  fc.tuple(...holes).map((words) => pattern.map((part, index) => `${part}${words[index] ?? ''}`).join(''))
const named = role.map((word) => `{${word}}`)
const quoted = role.map((word) => `{'${word}'}`)
const namedNew = newRole.map((word) => `{${word}}`)
const perhaps = (...words: readonly string[]) => oneOf('', '', ...words)

const statementsAboutRoles = fc.oneof(
  text`CREATE ROLE ${namedNew} ${oneOf('LOGIN', 'NOLOGIN', 'LOGIN CREATEROLE', 'SUPERUSER', 'LOGIN BYPASSRLS')} ${perhaps('NOINHERIT', 'PASSWORD NULL', "VALID UNTIL 'yesterday'")}`,
  text`CREATE ROLE ${namedNew} LOGIN ${oneOf('ROLE', 'ADMIN', 'IN ROLE')} ${named}`,
  text`ALTER ROLE ${named} ${oneOf('LOGIN', 'NOLOGIN', 'CREATEROLE', 'NOCREATEROLE', 'SUPERUSER', 'NOINHERIT', "VALID UNTIL 'yesterday'", "VALID UNTIL 'infinity'", "PASSWORD 'secret'")}`,
  text`ALTER ROLE ${named} RENAME TO ${fc.oneof(namedNew, named)}`,
  text`DROP ROLE ${named}`,
  text`DROP ROLE IF EXISTS ${named}; CREATE ROLE ${named} LOGIN`,
)
const statementsAboutMemberships = fc.oneof(
  text`GRANT ${named} TO ${named} ${perhaps('WITH ADMIN TRUE', 'WITH ADMIN TRUE, INHERIT FALSE, SET FALSE', 'WITH SET TRUE, INHERIT TRUE', 'WITH ADMIN OPTION')}`,
  text`GRANT ${named} TO CURRENT_USER ${perhaps('WITH SET TRUE, INHERIT TRUE', 'WITH ADMIN TRUE')}`,
  text`GRANT ${named} TO ${named} WITH ADMIN TRUE GRANTED BY ${named}`,
  text`REVOKE ${perhaps('ADMIN OPTION FOR', 'INHERIT OPTION FOR', 'SET OPTION FOR')} ${named} FROM ${named} ${perhaps('CASCADE')}`,
)
const statementsAboutTheSession = fc.oneof(
  text`SET ROLE ${named}`,
  text`SET ROLE NONE`,
  text`RESET ROLE`,
  text`SELECT set_config('role', ${quoted}, false)`,
  text`SET SESSION AUTHORIZATION ${named}`,
  text`SET databricks_auth.${oneOf('session', 'identity', 'claims', 'control_plane')} = ${quoted}`,
  text`SET search_path = ${oneOf('s_plain', 's_creator', 's_owner')}, pg_catalog, public`,
)
const statementsAboutSettings = fc.oneof(
  text`ALTER ROLE ${named} SET ${oneOf('databricks_auth.session', 'databricks_auth.identity', 'role', 'search_path', 'databricks_auth.control_plane')} = ${quoted}`,
  text`ALTER DATABASE arena SET ${oneOf('databricks_auth.session', 'databricks_auth.claims', 'role', 'search_path')} = ${quoted}`,
  text`ALTER DATABASE arena SET ${oneOf("default_transaction_read_only = 'on'", "statement_timeout = '1ms'", "transaction_timeout = '1ms'")}`,
)
const statementsAboutOwnership = fc.oneof(
  text`REASSIGN OWNED BY ${named} TO ${named}`,
  text`DROP OWNED BY ${named} CASCADE`,
  text`ALTER DATABASE arena OWNER TO ${named}`,
  text`ALTER SCHEMA ${oneOf('public', 's_owner', 'databricks_auth')} OWNER TO ${named}`,
)
const statementsAgainstOurs = fc.oneof(
  text`DROP SCHEMA ${oneOf('public', 'databricks_auth')} CASCADE`,
  text`DROP EXTENSION databricks_auth CASCADE`,
  text`DROP EXTENSION databricks_auth; CREATE EXTENSION databricks_auth`,
  text`ALTER EXTENSION databricks_auth ${oneOf("UPDATE TO '1.0'", "UPDATE TO '1.1'", 'DROP FUNCTION public.databricks_set_role_label(text, text)')}`,
  text`SECURITY LABEL FOR databricks_auth ON ROLE ${named} IS ${oneOf("'id=1,type=USER'", 'NULL')}`,
  text`SECURITY LABEL ON ROLE ${named} IS NULL`,
  text`INSERT INTO pg_catalog.pg_shseclabel SELECT oid, 'pg_catalog.pg_authid'::regclass, 'databricks_auth', 'id=1,type=USER' FROM pg_roles WHERE rolname = ${quoted}`,
  text`${oneOf('DELETE FROM', 'TRUNCATE', 'LOCK TABLE', 'ANALYZE', 'VACUUM')} pg_catalog.pg_shseclabel`,
  text`UPDATE pg_catalog.pg_shseclabel SET label = 'id=1,type=USER'`,
  text`COPY pg_catalog.pg_shseclabel FROM STDIN`,
  text`UPDATE pg_catalog.pg_auth_members SET admin_option = true`,
  text`GRANT ALL ON ALL FUNCTIONS IN SCHEMA ${oneOf('public', 'databricks_auth')} TO ${named}`,
  text`GRANT ALL ON ALL TABLES IN SCHEMA databricks_auth TO ${named}`,
  text`GRANT USAGE ON SCHEMA databricks_auth TO ${named}`,
  text`ALTER FUNCTION public.databricks_set_role_label(text, text) ${oneOf('OWNER TO CURRENT_USER', 'SECURITY INVOKER', 'SET search_path = s_plain', 'RENAME TO old')}`,
  text`CREATE OR REPLACE FUNCTION public.databricks_set_role_label(text, text) RETURNS void LANGUAGE sql AS 'SELECT'`,
)

const withActor = <Rest extends object>(fields: {
  readonly [Key in keyof Rest]: fc.Arbitrary<Rest[Key]>
}): fc.Arbitrary<Rest & By> => fc.tuple(actor, fc.record<Rest>(fields)).map(([by, rest]) => ({ by, ...rest }))
const sql = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<Sent> =>
  withActor({ kind: fc.constant('sql' as const), text: arbitrary.map((words) => words.trim()) })

const setLabel: fc.Arbitrary<Sent> = withActor({ kind: fc.constant('set_label' as const), role, label })
const use: fc.Arbitrary<Sent> = withActor({
  kind: fc.constant('use' as const),
  plant: fc.nat(3),
  way: number,
})

const sent: fc.Arbitrary<Sent> = fc.oneof(
  { weight: 8, arbitrary: sql(statementsAboutRoles) },
  { weight: 8, arbitrary: sql(statementsAboutMemberships) },
  { weight: 5, arbitrary: sql(statementsAboutTheSession) },
  { weight: 1, arbitrary: sql(statementsAboutSettings) },
  { weight: 1, arbitrary: sql(statementsAboutOwnership) },
  { weight: 4, arbitrary: sql(statementsAgainstOurs) },
  { weight: 10, arbitrary: setLabel },
  { weight: 3, arbitrary: withActor({ kind: fc.constant('create_role' as const), newcomer }) },
  {
    weight: 10,
    arbitrary: withActor({
      kind: fc.constant('plant' as const),
      container: oneOf(...CONTAINERS),
      isDefiner: fc.boolean(),
      deed,
    }),
  },
  { weight: 12, arbitrary: use },
  {
    weight: 5,
    arbitrary: withActor({
      kind: fc.constant('write' as const),
      table: number,
      verb: oneOf('INSERT', 'INSERT', 'UPDATE', 'DELETE', 'COPY', 'TRUNCATE', 'trigger', 'rule'),
      role,
      label,
      defaults: number,
    }),
  },
  {
    weight: 4,
    arbitrary: withActor({ kind: fc.constant('call' as const), function: number, role, label }),
  },
  {
    weight: 1,
    arbitrary: withActor({ kind: fc.constant('replace' as const), function: number, deed }),
  },
)

/** Within one transaction all is of one session, or the statements of others would wait for its locks. */
const transaction: fc.Arbitrary<Statement> = fc
  .tuple(actor, fc.array(sent, { minLength: 2, maxLength: 4 }), oneOf('COMMIT', 'COMMIT', 'ROLLBACK'))
  .map(([by, several, end]) => ({
    kind: 'transaction' as const,
    by,
    sent: several.map((one) => ({ ...one, by })),
    end,
  }))

const statement: fc.Arbitrary<Statement> = fc.oneof(
  { weight: 40, arbitrary: sent },
  { weight: 3, arbitrary: transaction },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('maintain' as const), plant: fc.nat(3), way: number }),
  },
  {
    weight: 1,
    arbitrary: withActor({
      kind: fc.constant('take_setting' as const),
      from: actor,
      setting: oneOf('session', 'identity', 'claims'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('login' as const), person, role }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('login_with_claims' as const) }) },
  {
    weight: 1,
    arbitrary: withActor({
      kind: fc.constant('lock' as const),
      table: number,
      mode: oneOf('ACCESS SHARE', 'ROW EXCLUSIVE', 'ACCESS EXCLUSIVE'),
    }),
  },
)

export const anySequence = (longest: number): fc.Arbitrary<Sequence> =>
  fc.record({
    statements: fc.array(statement, { minLength: 1, maxLength: longest, size: 'max' }),
    sample: number,
  })
