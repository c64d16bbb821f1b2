/** Fills a system database with a directory of a given size: users, and chains of groups nested ten deep. */
import { sql } from 'kysely'
import type { SystemQueries } from '../../src/store/schema.ts'
import type { SystemDatabase } from '../../src/store/system-database.ts'

export interface LargeDirectory {
  readonly workspaceId: string
  /** A user at the bottom of the chain. */
  readonly member: string
  /** The group at the top of it, which is the one that is assigned to the workspace. */
  readonly topGroup: string
  /** The chain, from the group that contains the member up to the top. */
  readonly chain: readonly string[]
}

const DEPTH = 10

/** Replaces what was there. One in ten identities is a group; every user is in the lowest group of one chain. */
export async function loadDirectory(database: SystemDatabase, identities: number): Promise<LargeDirectory> {
  return database.transaction().execute(async (transaction) => fill(transaction, identities))
}

async function fill(database: SystemQueries, identities: number): Promise<LargeDirectory> {
  // A million rows take longer than any question of a login may.
  await sql`SET LOCAL statement_timeout = 0`.execute(database)
  await sql`TRUNCATE account CASCADE`.execute(database)
  await sql`INSERT INTO account (id, created_at) VALUES (${crypto.randomUUID()}, now())`.execute(database)
  const workspace = await sql<{ id: string }>`
    INSERT INTO workspace (account_id, name, created_at) SELECT id, 'default', now() FROM account RETURNING id`.execute(
    database,
  )
  const groups = Math.floor(identities / 10)
  await sql`
    INSERT INTO identity (account_id, type, name, display_name)
    SELECT account.id, 'GROUP', 'group ' || n, 'group ' || n FROM account, generate_series(0, ${groups - 1}::int) AS n`.execute(
    database,
  )
  await sql`
    INSERT INTO identity (account_id, type, name, display_name)
    SELECT account.id, 'USER', 'user' || n || '@example.com', 'User ' || n
      FROM account, generate_series(0, ${identities - groups - 1}::int) AS n`.execute(database)
  // Group n is in group n + 1, except at the top of each chain.
  await sql`
    INSERT INTO group_member (group_id, member_id)
    SELECT outer_group.id, inner_group.id
      FROM identity AS inner_group
      JOIN identity AS outer_group
        ON outer_group.type = 'GROUP' AND outer_group.name = 'group ' || (substring(inner_group.name from '^group (\\d+)$')::int + 1)
     WHERE inner_group.type = 'GROUP' AND substring(inner_group.name from '^group (\\d+)$')::int % ${DEPTH}::int <> ${DEPTH - 1}::int`.execute(
    database,
  )
  await sql`
    INSERT INTO group_member (group_id, member_id)
    SELECT lowest.id, member.id
      FROM identity AS member
      JOIN identity AS lowest
        ON lowest.type = 'GROUP'
       AND lowest.name = 'group ' || (split_part(substr(member.name, 5), '@', 1)::int % ${groups / DEPTH}::int) * ${DEPTH}::int
     WHERE member.type = 'USER'`.execute(database)
  await sql`
    INSERT INTO workspace_assignment (workspace_id, identity_id, permission)
    SELECT workspace.id, identity.id, 'USER' FROM workspace, identity
     WHERE identity.type = 'GROUP' AND substring(identity.name from '^group (\\d+)$')::int % ${DEPTH}::int = ${DEPTH - 1}::int`.execute(
    database,
  )
  await sql`ANALYZE`.execute(database)
  const ids = await sql<{ name: string; id: string }>`
    SELECT name, id FROM identity
     WHERE name IN ('user0@example.com') OR (type = 'GROUP' AND substring(name from '^group (\\d+)$')::int < ${DEPTH}::int)`.execute(
    database,
  )
  const idOf = (name: string): string => {
    const found = ids.rows.find((row) => row.name === name)
    if (found === undefined) throw new Error(`there is no ${name}`)
    return found.id
  }
  const chain = Array.from({ length: DEPTH }, (_, level) => idOf(`group ${String(level)}`))
  return {
    workspaceId: workspace.rows[0]?.id ?? '',
    member: idOf('user0@example.com'),
    topGroup: chain.at(-1) ?? '',
    chain,
  }
}
