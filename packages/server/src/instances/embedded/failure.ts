/** Turns what PostgreSQL printed before it gave up into a fault with a next step. */
import { Fault } from '../../domain/fault.ts'

const KNOWN_CAUSES: readonly {
  readonly pattern: RegExp
  readonly code: string
  readonly what: string
  readonly nextStep: string
}[] = [
  {
    pattern: /No space left on device|Disk quota exceeded/i,
    code: 'disk_full',
    what: 'the disk is full',
    nextStep: 'Free space on the disk of the data directory; the instance starts by itself afterwards.',
  },
  {
    pattern: /could not (bind|create) Unix|Unix-domain socket path|could not create lock file/i,
    code: 'socket_unavailable',
    what: 'its Unix socket cannot be made',
    nextStep:
      'Make sure that nothing else uses the socket directory, and that its path is short enough (LAKEGATE_DATA_DIR).',
  },
  {
    pattern: /could not (create|resize|map) .*shared memory|Cannot allocate memory|out of memory/i,
    code: 'memory_exhausted',
    what: 'the machine does not have enough memory for it',
    nextStep: 'Stop other instances, or lower the capacity of this one.',
  },
  {
    pattern: /Permission denied/i,
    code: 'permission_denied',
    what: 'a file or directory is closed to its account',
    nextStep:
      'Give the account that runs PostgreSQL access to the data directory, or choose another (LAKEGATE_DATA_DIR).',
  },
]

/** @param printed output of the program; its last lines become part of the message */
export function explainFailure(code: string, what: string, printed: string): Fault {
  const known = KNOWN_CAUSES.find(({ pattern }) => pattern.test(printed))
  const lastLines = printed.trim().split('\n').slice(-5).join(' / ')
  return new Fault({
    code: known?.code ?? code,
    origin: 'instance',
    message: `${what}${known === undefined ? '' : `: ${known.what}`}. PostgreSQL said: ${lastLines === '' ? '(nothing)' : lastLines}`,
    nextStep: known?.nextStep ?? 'See the log of the cluster in its directory.',
    retryable: true,
  })
}
