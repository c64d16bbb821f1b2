/** Names of roles and databases may hold anything; each form quotes them by its own rules. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import {
  connectionString,
  FORMS,
  verifyFullLine,
} from '../src/pages/instance/connection/connection-strings.ts'

const plain = {
  host: '127.0.0.2',
  port: 5432,
  database: 'databricks_postgres',
  role: 'ada@example.com',
  workspaceUrl: 'https://lakegate.example.com',
}

/** What a shell hands to a program for one line. */
const wordsOf = (line: string): readonly string[] =>
  execFileSync('sh', ['-c', `for word in ${line}; do printf '%s\\0' "$word"; done`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1)

describe('a connection string', () => {
  it('is for psql the line of the vendor’s page', () => {
    expect(connectionString('psql', plain)).toBe(
      'psql "host=127.0.0.2 port=5432 dbname=databricks_postgres user=ada@example.com sslmode=require"',
    )
  })

  it('quotes what libpq would split, and hides from the shell what it would read', () => {
    const role = `o'neil "$HOME" \\ \`id\``
    const [program, conninfo] = wordsOf(connectionString('psql', { ...plain, role }))
    expect(program).toBe('psql')
    expect(conninfo).toContain(`user='o\\'neil "$HOME" \\\\ \`id\`'`)
  })

  it('escapes names in addresses, and brackets an IPv6 host', () => {
    const odd = { ...plain, host: '::1', role: 'my app/1', database: 'a b' }
    expect(connectionString('uri', odd)).toBe('postgresql://my%20app%2F1@[::1]:5432/a%20b?sslmode=require')
    expect(new URL(connectionString('uri', odd)).username).toBe('my%20app%2F1')
    expect(connectionString('jdbc', odd)).toBe(
      'jdbc:postgresql://[::1]:5432/a%20b?user=my%20app%2F1&sslmode=require',
    )
  })

  it('is read back from .env by a shell as it was', () => {
    const role = `o'neil $HOME`
    const text = connectionString('env', { ...plain, role })
    const read = execFileSync('sh', ['-c', `${text}\nprintf %s "$PGUSER"`], { encoding: 'utf8' })
    expect(read).toBe(role)
  })

  it('names the CA file and the issuer where the client checks them', () => {
    expect(verifyFullLine(plain)).toContain('sslmode=verify-full sslrootcert=lakegate-ca.pem')
    expect(connectionString('libpq18', plain)).toContain(
      "oauth_issuer=https://lakegate.example.com/oidc oauth_client_id=psql options='-c databricks_auth.login=oauth'",
    )
  })

  it.each(FORMS)('of %s has no place for a password but the environment', (form) => {
    const text = connectionString(form, plain)
    expect(text.replaceAll('PGPASSWORD', '')).not.toMatch(/password=(?!os\.environ)\S/i)
  })
})
