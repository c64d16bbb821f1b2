/** Lines of the password file and the service file, and variables for shells: no value means anything to its reader. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import {
  passwordLine,
  serviceEntry,
  withPasswordLine,
  withServiceEntry,
} from '../../../src/cli/connect/libpq-files.ts'
import { renderVariables } from '../../../src/cli/connect/render-variables.ts'

const PLACE = { host: 'db.example', port: 5432, database: 'd', user: 'a:b\\c@x' }

describe('a password line', () => {
  it('escapes colons and backslashes', () => {
    expect(passwordLine(PLACE, 'tok:en')).toBe('db.example:5432:*:a\\:b\\\\c@x:tok\\:en\n')
  })

  it('replaces the one for the same place only', () => {
    const [first, second] = [passwordLine(PLACE, 'one'), passwordLine(PLACE, 'two')]
    const other = passwordLine({ ...PLACE, user: 'b' }, 'three')
    expect(withPasswordLine(`# mine\n${first}${other}`, second)).toBe(`${second}# mine\n${other}`)
    expect(withPasswordLine('', first)).toBe(first)
  })
})

describe('a service entry', () => {
  const entry = serviceEntry('dev', PLACE, '/ca.pem')

  it('holds no secret', () => {
    expect(entry).toBe(
      '[dev]\nhost=db.example\nport=5432\ndbname=d\nuser=a:b\\c@x\nsslmode=verify-full\nsslrootcert=/ca.pem\n',
    )
  })

  it('replaces the one of the same name, and leaves what others wrote', () => {
    const before = '# mine\n[a]\nhost=x\n\n[dev]\nhost=old\nport=1\n\n[b]\nhost=y\n'
    expect(withServiceEntry(before, 'dev', entry)).toBe(`# mine\n[a]\nhost=x\n\n[b]\nhost=y\n\n${entry}`)
    expect(withServiceEntry(withServiceEntry('', 'dev', entry), 'dev', entry)).toBe(entry)
  })

  it('refuses what such a file cannot say', () => {
    expect(() => serviceEntry('dev', { ...PLACE, user: 'a\nhost=evil' }, 'x')).toThrow('cannot be written')
  })
})

describe('variables', () => {
  const NASTY = `a'b"c$(touch x)\`d\\e\nf`

  it('come through a POSIX shell as they are', () => {
    const script = `${renderVariables({ PGUSER: NASTY }, 'sh')}printf %s "$PGUSER"`
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(NASTY)
  })

  it('are quoted for fish, PowerShell and files of variables by their rules', () => {
    expect(renderVariables({ PGUSER: `a'b\\c` }, 'fish')).toBe(String.raw`set -gx PGUSER 'a\'b\\c'` + '\n')
    expect(renderVariables({ PGUSER: `a'b$c` }, 'powershell')).toBe("$env:PGUSER = 'a''b$c'\n")
    expect(renderVariables({ PGUSER: 'admin@lakegate.local' }, 'dotenv')).toBe(
      'PGUSER=admin@lakegate.local\n',
    )
    expect(renderVariables({ PGUSER: 'a b#$c' }, 'dotenv')).toBe("PGUSER='a b#$c'\n")
    expect(renderVariables({ PGUSER: `a'$b` }, 'dotenv')).toBe('PGUSER="a\'\\$b"\n')
  })
})
