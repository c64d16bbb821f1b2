/** Where and as whom, as libpq reads it from the environment (PostgreSQL documentation, «Environment Variables»). */
import type { InstanceConnection } from '@lakegate/client'

/** @param rootCertificate a file, or `system` */
export const libpqVariables = (
  { host, port, database, user }: Pick<InstanceConnection, 'host' | 'port' | 'database' | 'user'>,
  rootCertificate: string,
): Readonly<Record<string, string>> => ({
  PGHOST: host,
  PGPORT: String(port),
  PGDATABASE: database,
  PGUSER: user,
  PGSSLMODE: 'verify-full',
  PGSSLROOTCERT: rootCertificate,
})
