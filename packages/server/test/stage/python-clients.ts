/**
 * The clients of PyPI that docs/clients has pages of: one virtual environment for all test files of a run, with exactly these
 * versions. What pulls in a hundred packages has one of its own, so that the others do not wait for it, nor fail with it.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { installLargePythonClient, installPythonClient, type PythonClient } from './python-client.ts'

const run = promisify(execFile)

const VERSIONS = {
  'databricks-sdk': '0.162.0',
  psycopg: '3.3.9',
  'psycopg-pool': '3.3.3',
  psycopg2: '2.9.13',
  SQLAlchemy: '2.1.9',
  asyncpg: '0.32.0',
  Django: '5.2.19',
} as const

export type PythonPackage = keyof typeof VERSIONS

/** Where PyPI names what is installed another way: with a libpq of its own, with what asyncio needs. */
const DISTRIBUTIONS: Partial<Record<PythonPackage, string>> = {
  psycopg: 'psycopg[binary]',
  psycopg2: 'psycopg2-binary',
  SQLAlchemy: 'SQLAlchemy[asyncio]',
}

export interface PythonClients extends PythonClient {
  /** `Python 3.11.7`; `Python` where there is none. */
  readonly runtime: string
  versionOf(name: PythonPackage): string
}

export async function installPythonClients(): Promise<PythonClients> {
  const requirements = Object.entries(VERSIONS).map(
    ([name, version]) => `${DISTRIBUTIONS[name as PythonPackage] ?? name}==${version}`,
  )
  const installed = await installPythonClient(...requirements)
  return { ...installed, runtime: await runtimeOf(installed), versionOf: (name) => VERSIONS[name] }
}

/** databricks-ai-bridge comes along. */
const LANGCHAIN = { 'databricks-langchain': '0.22.0', 'databricks-ai-bridge': '0.22.0' } as const

export interface LangchainClients extends PythonClient {
  readonly runtime: string
  versionOf(name: keyof typeof LANGCHAIN): string
}

export async function installLangchain(): Promise<LangchainClients> {
  const installed = await installLargePythonClient(
    ...Object.entries(LANGCHAIN).map(([name, version]) => `${name}[memory]==${version}`),
  )
  return { ...installed, runtime: await runtimeOf(installed), versionOf: (name) => LANGCHAIN[name] }
}

const PGADMIN = '9.18'

export interface PgadminClient extends PythonClient {
  readonly runtime: string
  readonly version: string
}

export async function installPgadmin(): Promise<PgadminClient> {
  const installed = await installLargePythonClient(`pgadmin4==${PGADMIN}`)
  return { ...installed, runtime: await runtimeOf(installed), version: PGADMIN }
}

async function runtimeOf({ python, missing }: PythonClient): Promise<string> {
  return missing === undefined ? (await run(python, ['--version'])).stdout.trim() : 'Python'
}
