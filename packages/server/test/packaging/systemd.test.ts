/** The unit of deploy/systemd: the one that the operating guide shows, taken by systemd, and well confined. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { blocksOf, blocksRunBy } from '../stage/document.ts'
import { hasProgram, useShell } from '../stage/document-shell.ts'

const THIS = 'packages/server/test/packaging/systemd.test.ts'
const UNIT = path.join(REPOSITORY, 'deploy/systemd/lakegate.service')
const text = readFileSync(UNIT, 'utf8')

let work: string
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'lakegate-systemd-'))
})
afterAll(() => rm(work, { recursive: true }))

describe('the unit', () => {
  it('is the one that the operating guide shows', () => {
    const shown = blocksOf('docs/operating.md').find((block) => block.text.startsWith('[Unit]'))
    expect(shown?.text).toBe(text)
  })

  it.skipIf(!hasProgram('systemd-analyze'))('is one that systemd takes', async () => {
    const file = path.join(work, 'lakegate.service')
    // The account and the program are on the machine where it is installed.
    await writeFile(
      file,
      text.replace('User=lakegate', 'User=root').replace('/usr/bin/node', process.execPath),
    )
    expect(execFileSync('systemd-analyze', ['verify', file], { encoding: 'utf8', stdio: 'pipe' })).toBe('')
  })

  it.skipIf(!hasProgram('systemd-analyze'))(
    'leaves little that an intruder could do, as systemd counts it',
    () => {
      // In tenths: 0 is nothing, 100 everything; systemd calls up to 49 OK.
      const threshold = ['security', '--offline=yes', '--threshold=20', UNIT]
      const { status, stdout, stderr } = spawnSync('systemd-analyze', threshold, { encoding: 'utf8' })
      expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('Overall exposure level')])
    },
  )
})

describe('the page', () => {
  it('installs the unit and an override for the npm package', async () => {
    const shell = await useShell(work)
    const calls = path.join(work, 'calls')
    await shell.standIn('npm', `[ "$1" = prefix ] && echo /usr/local || echo "npm $*" >> '${calls}'`)
    for (const program of ['systemctl', 'useradd', 'journalctl', 'cat'])
      await shell.standIn(program, `echo "${program} $*" >> '${calls}'`)
    await shell.standIn('install', `echo "install $*" >> '${calls}'`)
    await shell.standIn(
      'tee',
      `mkdir -p "${work}/$(dirname "$1")"; exec /usr/bin/tee "${work}/$1" > /dev/null`,
    )
    for (const block of blocksRunBy('docs/deploy/systemd.md', THIS)) await shell.run(block.text)
    const lines = readFileSync(calls, 'utf8').trim().split('\n')
    expect(lines).toContain(
      'install --mode=0644 deploy/systemd/lakegate.service /etc/systemd/system/lakegate.service',
    )
    expect(lines).toContain('systemctl enable --now lakegate')
    const override = readFileSync(
      path.join(work, 'etc/systemd/system/lakegate.service.d/package.conf'),
      'utf8',
    )
    expect(override).toMatch(/^\[Service\]\nExecStart=\nExecStart=\/usr\/local\/bin\/lakegate up$/m)
  })
})
