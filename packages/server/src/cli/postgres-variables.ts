/**
 * The variables by which the driver, like libpq, fills in what a connection does not say (PostgreSQL documentation, 32.15).
 * Those of the shell that starts Lakegate are for another server: its own connections say all they need, and their Unix
 * sockets know no PGSSLMODE. The file of passwords stays, which names the server of each.
 */
export function forgetPostgresVariables(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(environment)) {
    if (/^PG[A-Z]/.test(name) && name !== 'PGPASSFILE') Reflect.deleteProperty(environment, name)
  }
}
