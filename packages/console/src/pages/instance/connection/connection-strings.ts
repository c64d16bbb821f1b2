/**
 * One connection in the syntax of each client, never with a password. Names of roles and databases may contain
 * anything, so each form has its own quoting.
 */
import { shellWord } from '../../../text/shell-word.ts'

export interface Connection {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly role: string
  /** Public URL of the workspace, for the issuer of browser sign-in. */
  readonly workspaceUrl: string
}

export const FORMS = ['psql', 'uri', 'jdbc', 'env', 'python', 'node', 'go', 'java', 'libpq18'] as const
export type Form = (typeof FORMS)[number]

/** Where clients look for the CA file: in the current directory, under the name of the download. */
export const CA_FILE = 'lakegate-ca.pem'

export function connectionString(form: Form, connection: Connection): string {
  return WRITERS[form](connection)
}

/** libpq, «Keyword/Value Connection Strings»: quoted if it contains a space or is empty; \ before ' and \. */
function conninfoValue(value: string): string {
  const escaped = value.replace(/[\\']/g, '\\$&')
  return value === '' || /\s/.test(value) ? `'${escaped}'` : escaped
}

/** @param more further pairs, added at the end */
function conninfo(
  { host, port, database, role }: Connection,
  more: readonly (readonly [string, string])[] = [['sslmode', 'require']],
): string {
  const pairs: readonly (readonly [string, string])[] = [
    ['host', host],
    ['port', String(port)],
    ['dbname', database],
    ['user', role],
    ...more,
  ]
  return pairs.map(([key, value]) => `${key}=${conninfoValue(value)}`).join(' ')
}

/** The same command with verification of the server. */
export const verifyFullLine = (connection: Connection): string =>
  `psql ${shellWord(
    conninfo(connection, [
      ['sslmode', 'verify-full'],
      ['sslrootcert', CA_FILE],
    ]),
  )}`

/** In a URL an IPv6 address must be in brackets. */
const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host)

const uri = ({ host, port, database, role }: Connection): string =>
  `postgresql://${encodeURIComponent(role)}@${urlHost(host)}:${String(port)}/${encodeURIComponent(database)}?sslmode=require`

const jdbc = ({ host, port, database, role }: Connection): string =>
  `jdbc:postgresql://${urlHost(host)}:${String(port)}/${encodeURIComponent(database)}?user=${encodeURIComponent(role)}&sslmode=require`

const env = ({ host, port, database, role }: Connection): string =>
  Object.entries({
    PGHOST: host,
    PGPORT: String(port),
    PGDATABASE: database,
    PGUSER: role,
    PGSSLMODE: 'require',
  })
    .map(([key, value]) => `${key}=${envValue(value)}`)
    .join('\n')

/** In a form that both shells and .env libraries can read. */
const envValue = (value: string): string =>
  /^[A-Za-z0-9_.@:/-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`

/** A string literal for Python, JavaScript, Go and Java: all four accept the escapes of JSON. */
const literal = (text: string): string => JSON.stringify(text)

const python = ({ host, port, database, role }: Connection): string => `import os
import psycopg

# For a program that lives longer than an hour: mint a token for each new connection.
connection = psycopg.connect(
    host=${literal(host)},
    port=${String(port)},
    dbname=${literal(database)},
    user=${literal(role)},
    password=os.environ["PGPASSWORD"],
    sslmode="require",
)
print(connection.execute("SELECT session_user").fetchone())`

const node = ({ host, port, database, role }: Connection): string => `import { readFileSync } from 'node:fs'
import pg from 'pg'

const pool = new pg.Pool({
  host: ${literal(host)},
  port: ${String(port)},
  database: ${literal(database)},
  user: ${literal(role)},
  ssl: { ca: readFileSync('${CA_FILE}', 'utf8') },
  // Called for every new connection, so this is the only place that needs a token.
  password: () => process.env.PGPASSWORD,
})
console.log((await pool.query('SELECT session_user')).rows)`

const go = ({ host, port, database, role }: Connection): string => `package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/jackc/pgx/v5"
)

func main() {
	config, err := pgx.ParseConfig("sslmode=require")
	if err != nil {
		log.Fatal(err)
	}
	config.Host = ${literal(host)}
	config.Port = ${String(port)}
	config.Database = ${literal(database)}
	config.User = ${literal(role)}
	config.Password = os.Getenv("PGPASSWORD")
	connection, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close(context.Background())
	var user string
	if err := connection.QueryRow(context.Background(), "SELECT session_user").Scan(&user); err != nil {
		log.Fatal(err)
	}
	fmt.Println(user)
}`

const java = ({ host, port, database, role }: Connection): string => `import java.sql.DriverManager;
import java.util.Properties;

public class Me {
  public static void main(String[] arguments) throws Exception {
    var properties = new Properties();
    properties.setProperty("user", ${literal(role)});
    properties.setProperty("password", System.getenv("PGPASSWORD"));
    properties.setProperty("sslmode", "require");
    var url = ${literal(`jdbc:postgresql://${urlHost(host)}:${String(port)}/${encodeURIComponent(database)}`)};
    try (var connection = DriverManager.getConnection(url, properties);
        var rows = connection.createStatement().executeQuery("SELECT session_user")) {
      rows.next();
      System.out.println(rows.getString(1));
    }
  }
}`

/** docs/clients/README.md, «PostgreSQL 18: sign in without pasting a token». */
const libpq18 = (connection: Connection): string =>
  `psql ${shellWord(
    conninfo(connection, [
      ['sslmode', 'verify-full'],
      ['sslrootcert', CA_FILE],
      ['oauth_issuer', `${connection.workspaceUrl}/oidc`],
      ['oauth_client_id', 'psql'],
      ['options', '-c databricks_auth.login=oauth'],
    ]),
  )}`

const WRITERS: Readonly<Record<Form, (connection: Connection) => string>> = {
  psql: (connection) => `psql ${shellWord(conninfo(connection))}`,
  uri,
  jdbc,
  env,
  python,
  node,
  go,
  java,
  libpq18,
}
