/**
 * Removes the variables from which the driver, like libpq, fills in missing connection parameters (PostgreSQL
 * documentation, 32.15). In the shell that starts Lakegate they are meant for another server: Lakegate's own
 * connections name all parameters they need, and its Unix sockets do not support PGSSLMODE. PGPASSFILE stays, because
 * each line of a password file names its server.
 */
export function forgetPostgresVariables(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(environment)) {
    if (/^PG[A-Z]/.test(name) && name !== 'PGPASSFILE') Reflect.deleteProperty(environment, name)
  }
}
