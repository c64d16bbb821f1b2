/** The built-in shell of `lakegate psql`: scripts by pipe, file and -c; and a terminal, where one can be opened. */
import { lstat, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSomebody, type Ended, type Somebody } from '../stage/connect-command.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { hasTerminals, startAtTerminal, type AtTerminal } from '../stage/terminal.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate

let somebody: Somebody
beforeAll(async () => {
  somebody = await createSomebody(lakegate)
})
afterAll(() => somebody.remove())

const shell = (words: readonly string[], input?: string): Promise<Ended> =>
  somebody.run(['psql', 'dev', '--built-in', ...words], input === undefined ? {} : { input })

describe('a script on standard input', () => {
  it('needs no semicolon at its end', async () => {
    await expect(shell([], 'select 1')).resolves.toEqual({
      status: 0,
      stdout: ' ?column? \n----------\n        1\n(1 row)\n\n',
      stderr: '',
    })
  })

  it('aligns null, wide and combined characters, and lines within values', async () => {
    const { stdout } = await shell(
      ['--', '-P', 'null=∅'],
      `select * from (values (1, '漢字', null), (22, E'e\\u0301x', E'a\\nb')) as t (n, wide, "null");`,
    )
    expect(stdout.split('\n').slice(0, 6)).toEqual([
      ' n  | wide | null ',
      '----+------+------',
      '  1 | 漢字 | ∅',
      ' 22 | e\u0301x   | a   +',
      '    |      | b',
      '(2 rows)',
    ])
  })

  it('spells out what would command the terminal', async () => {
    const { stdout, stderr } = await shell(
      [],
      `select E'\\x1b[31mred' as x; do $$ begin raise notice E'\\x1b]0;title\\x07'; end $$;`,
    )
    expect(stdout).toContain(String.raw`\x1B[31mred`)
    expect(stderr).toContain(String.raw`NOTICE:  \x1B]0;title\x07`)
  })

  it('tells an error with its SQLSTATE, its place, DETAIL and HINT, and goes on', async () => {
    const { status, stdout, stderr } = await shell(
      ['--', '-At'],
      `select 1,\n  nope;\ndo $$ begin raise exception 'no' using errcode = 'LG001', detail = 'why', hint = 'what'; end $$;\nselect 'on';\n`,
    )
    expect(stderr).toContain('ERROR:  42703: column "nope" does not exist\nLINE 2:   nope\n          ^\n')
    expect(stderr).toContain('ERROR:  LG001: no\nDETAIL:  why\nHINT:  what\n')
    expect(stdout).toBe('on\n')
    expect(status).toBe(0)
  })

  it('stops at the first error with ON_ERROR_STOP, with the status of psql', async () => {
    const { status, stdout } = await shell(['--', '-At', '-v', 'ON_ERROR_STOP=1'], `select 1/0; select 'on';`)
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
  })

  it('has the data of COPY between its statements', async () => {
    const { stdout, stderr } = await shell(
      ['--', '-At'],
      `create temporary table c (a int, b text);\ncopy c from stdin;\n1\tone\n2\t\\N\n\\.\nselect count(b), count(*) from c;\ncopy c to stdout;\n`,
    )
    expect(stderr).toBe('')
    expect(stdout).toBe('CREATE TABLE\nCOPY 2\n1|2\n1\tone\n2\t\\N\nCOPY 2\n')
  })

  it('is read no further than \\q', async () => {
    const { status, stdout } = await shell(['--', '-At'], `select 1;\n\\q\nselect 2;\n`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: '1\n' })
  })

  it('may return more than fits into memory at once', async () => {
    const { stdout } = await shell(['--', '-At'], `select repeat('x', 1000) from generate_series(1, 50000);`)
    expect(stdout.length).toBe(50_000 * 1001)
  })

  it('ends when its reader does', async () => {
    const command = somebody.start(['psql', 'dev', '--built-in', '-c', 'select generate_series(1, 10000000)'])
    await waitFor('the first rows', () => command.stdout().includes('generate_series'))
    command.child.stdout?.destroy()
    await expect(command.ended).resolves.toMatchObject({ stderr: '' })
  })
})

describe('-c, -f and \\i', () => {
  it('run in their order, and -c fails with status 1', async () => {
    const file = path.join(somebody.home, 'two.sql')
    await writeFile(file, 'select 2;\nselect 1/0;\n')
    const { status, stdout, stderr } = await shell([
      '--',
      '-At',
      '-c',
      'select 1',
      '-f',
      file,
      '-c',
      'nonsense',
    ])
    expect(stdout).toBe('1\n2\n')
    expect(stderr).toContain(`(${file}, line 2)`)
    expect(status).toBe(1)
  })

  it('reads the statements of a file, which may not include itself for ever', async () => {
    const file = path.join(somebody.home, 'again.sql')
    await writeFile(file, `select 'read';\n\\i ${file}\n`)
    const { stdout, stderr } = await shell(['--', '-At'], `\\i ${file}\nselect 'after';\n`)
    expect(stdout.split('\n').filter((line) => line === 'read')).toHaveLength(16)
    expect(stdout).toMatch(/after\n$/)
    expect(stderr).toContain('includes itself')
  })

  it('is told which arguments only psql knows', async () => {
    const { status, stderr } = await shell(['--', '--single-transaction'])
    expect(stderr).toContain(
      "The built-in shell does not know this argument of psql: Unknown option '--single-transaction'",
    )
    expect(status).toBe(2)
  })
})

describe('commands', () => {
  it('show relations, roles, databases and what a table is made of', async () => {
    const { stdout, stderr } = await shell(
      [],
      `create table shell_parents (id int primary key); create table shell_children (parent int not null references shell_parents, name text default 'x');
\\dt shell_*
\\d shell_children
\\du databricks*
\\l
drop table shell_children, shell_parents;
\\d nope
`,
    )
    expect(stdout).toContain('List of tables')
    expect(stdout).toMatch(/ public \| shell_children \| table \| /)
    expect(stdout).toContain('Relation "public.shell_children"')
    expect(stdout).toMatch(/ name +\| text +\| +\| 'x'::text/)
    expect(stdout).toMatch(/Constraints:\n(?: .*\n)* .*FOREIGN KEY \(parent\) REFERENCES shell_parents\(id\)/)
    expect(stdout).toContain('List of roles')
    expect(stdout).toMatch(/List of databases[\s\S]* databricks_postgres \|/)
    expect(stderr).toContain('Did not find any relation named nope.')
  })

  it('change how results are shown', async () => {
    const { stdout, stderr } = await shell(
      [],
      `\\x\nselect 1 as a, 'b' as b;\n\\x off\nselect 2 as a \\gx\n\\a\n\\t\n\\pset null -\nselect 3, null;\n\\timing on\nselect 4;\n`,
    )
    expect(stdout).toContain('-[ RECORD 1 ]\na | 1\nb | b\n\n-[ RECORD 1 ]\na | 2\n\n3|-\n4\n')
    expect(stderr).toMatch(/Time: [\d.]+ ms/)
  })

  it('connect again to another database with \\c, and stay where they are when that fails', async () => {
    const { stdout, stderr } = await shell(
      ['--', '-Atq'],
      `\\c postgres\nselect current_database();\n\\c nope\nselect current_database();\n`,
    )
    expect(stdout).toBe('postgres\npostgres\n')
    expect(stderr).toContain('database "nope" does not exist')
  })

  it('that only psql has are said to be so', async () => {
    const { stderr } = await shell([], `\\copy t from 'file'\n`)
    expect(stderr).toBe('\\copy is not one of the built-in shell. \\? shows those that are.\n')
  })
})

describe.skipIf(!hasTerminals())('at a terminal', () => {
  let terminal: AtTerminal
  const shown = () => stripVTControlCharacters(terminal.output()).replaceAll('\r', '')
  const appears = (text: string | RegExp) =>
    waitFor(String(text), () => (typeof text === 'string' ? shown().includes(text) : text.test(shown())))
  const history = () => path.join(somebody.home, '.local', 'state', 'lakegate', 'psql_history')

  it('shows transactions in its prompt, cancels with Ctrl-C, and keeps no secret in its history', async () => {
    terminal = startAtTerminal({ ...somebody.environment, PAGER: '' }, ['psql', 'dev', '--built-in'])
    await appears('databricks_postgres=> ')
    terminal.type("select 'a\n")
    await appears("databricks_postgres'> ")
    terminal.type("b' as two_lines;\n")
    await appears(/ a +\+\n b/)
    terminal.type('begin;\n')
    await appears('databricks_postgres=*> ')
    terminal.type('select 1/0;\n')
    await appears('databricks_postgres=!> ')
    terminal.type('rollback;\n')
    await appears('ROLLBACK')
    terminal.type('select pg_terminate_backend(pg_backend_pid());\n')
    await appears('57P01')
    await appears('The session was lost. This is a new one')
    terminal.type("select pg_sleep(600), 'long';\n")
    await waitFor('the statement', async () => {
      const { stdout } = await shell([
        '--',
        '-At',
        '-c',
        "select count(*) from pg_stat_activity where query like '%pg_sleep(600), ''long''%' and state = 'active' and pid <> pg_backend_pid()",
      ])
      return stdout === '1\n'
    })
    terminal.type('\u0003')
    await appears('57014: canceling statement due to user request')
    terminal.type("alter role nobody_here\n  password 'very secret';\n")
    await appears('42704')
    terminal.type(`select '${ready.admin_token}' is not null as hidden;\n`)
    await appears('hidden')
    terminal.type('half a statement')
    await appears('half a statement')
    terminal.type('\u0003')
    await appears('^C')
    terminal.type('\\q\n')
    await expect(terminal.ended).resolves.toBe(0)
    const kept = await readFile(history(), 'utf8')
    expect(kept).toContain("select 'a\nb' as two_lines;\n")
    expect(kept).not.toContain('secret')
    expect(kept).not.toContain('alter role')
    expect(kept).not.toContain('dapi')
    expect((await lstat(history())).mode & 0o777).toBe(0o600)
  })
})
