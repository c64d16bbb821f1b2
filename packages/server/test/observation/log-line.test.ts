import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/observation/log.ts'
import { renderLogLine } from '../../src/observation/log-line.ts'

/** What a terminal shows of one entry, without the time. */
function shown(write: (log: ReturnType<typeof createLog>) => void, hasColours = false): string {
  const lines: string[] = []
  write(createLog('debug', { write: (line: string) => void lines.push(renderLogLine(line, hasColours)) }))
  expect(lines).toHaveLength(1)
  return (lines[0] ?? '').replace(/\d\d:\d\d:\d\d /, '')
}

describe('a line of the log at a terminal', () => {
  it('is the level, the sentence and the short fields', () => {
    const line = shown((log) => {
      log.info({ instance: 'dev', port: 5432, list: [1] }, 'the gateway listens')
    })
    expect(line).toBe('info  the gateway listens  instance=dev port=5432 list=[1]\n')
  })

  it('says why, and shows no stack', () => {
    const line = shown((log) => {
      log.error({ err: new Error('it is full') }, 'a disk failed')
    })
    expect(line).toBe('error a disk failed: it is full\n')
  })

  it('leaves long fields to the JSON', () => {
    const line = shown((log) => {
      log.warn({ text: 'x'.repeat(200), gone: null }, 'something is long')
    })
    expect(line).toBe('warn  something is long\n')
  })

  it('leaves the ids of an audit record to the JSON', () => {
    const line = shown((log) => {
      log.audit(
        { audit: true, event: 'login', outcome: 'admitted', tokenId: 't', role: 'ada' },
        'login admitted',
      )
    })
    expect(line).toBe('audit login admitted  role=ada\n')
  })

  it('shows no secret, like the JSON', () => {
    const line = shown((log) => {
      log.info({ token: 'hunter2' }, 'a token')
    })
    expect(line).not.toContain('hunter2')
  })

  it('is one line, in which nothing moves the cursor', () => {
    const line = shown((log) => {
      log.info({ role: 'a\u001b[2Jb' }, 'one\r\ntwo')
    })
    expect(line).toBe('info  one / two  role=a�[2Jb\n')
  })

  it('has colours only where it may', () => {
    const write = (log: ReturnType<typeof createLog>) => {
      log.error({}, 'failed')
    }
    expect(shown(write)).not.toContain('\u001b')
    expect(shown(write, true)).toContain('\u001b[31m')
  })
})
