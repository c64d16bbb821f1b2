/**
 * databricks_auth as an earlier Lakegate installed it. Nobody but a superuser can: the files that an instance has install the
 * newest version alone.
 */
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { EXTENSION_SOURCES, nextScript } from '../../src/instances/extension-scripts.ts'
import { ADMINISTRATOR, type ForeignCluster } from './foreign-cluster.ts'
import type { Lakegate } from './lakegate.ts'

/** Over the socket of the first instance, as the system's superuser. */
export async function asSystem<Result>(
  { ready, dataDirectory }: Lakegate,
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const host = path.join(dataDirectory, 'instances', ready.instance.uid, 'socket')
  const client = new pg.Client({ host, port: 5432, user: 'cloud_admin', database })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export async function installEarlierExtension(
  lakegate: Lakegate,
  database: string,
  version: string,
): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-extension-'))
  await chmod(directory, 0o755)
  try {
    await cp(EXTENSION_SOURCES, path.join(directory, 'extension'), { recursive: true })
    await asSystem(lakegate, database, async (client) => {
      await client.query(`SET extension_control_path = '${directory}:$system'`)
      await client.query(`CREATE EXTENSION databricks_auth VERSION '${version}'`)
    })
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** As an earlier Lakegate put them into the database of an attached cluster, where there is no extension. */
export async function installEarlierFunctions(cluster: ForeignCluster, version: string): Promise<void> {
  const statements = [`SET ROLE ${ADMINISTRATOR.user}`]
  let installed: string | undefined
  while (installed !== version) {
    const script = await nextScript(installed)
    if (script === undefined) throw new Error(`there is no version ${version} of databricks_auth`)
    statements.push(script.text)
    installed = script.version
  }
  statements.push(`COMMENT ON SCHEMA databricks_auth IS 'lakegate ${version}'`)
  await cluster.query(statements.join(';\n'), [], 'app')
}
