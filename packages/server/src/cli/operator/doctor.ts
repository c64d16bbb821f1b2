/** `lakegate doctor`: looks at everything that Lakegate stands on, and says what is wrong and what to do. Changes nothing. */
import { Command } from 'commander'
import type { LoadedSettings } from '../../config/load.ts'
import { Fault } from '../../domain/fault.ts'
import { EndedWithStatus } from '../ended-with-status.ts'
import { EXIT_STATUS } from '../exit-codes.ts'
import { createOutput, withOutput, type OutputFlags } from '../output/output.ts'
import { printable } from '../output/printable.ts'
import { withLocalSettings, type LocalFlags } from './local-settings.ts'

/** `warning`: it works, and should be looked at. `wrong`: it does not work, or will not at the next start. */
export type Verdict = 'ok' | 'warning' | 'wrong'

export interface Finding {
  /** What was looked at; the same word in every version. */
  readonly check: string
  readonly verdict: Verdict
  readonly what: string
  /** Left out when all is well. */
  readonly next_step?: string
}

export type Examine = (settings: LoadedSettings) => Promise<readonly Finding[]>

export function doctorCommand(load: (flags: LocalFlags) => LoadedSettings, examine: Examine): Command {
  return withOutput(withLocalSettings(new Command('doctor')))
    .description(
      'check ports, certificates, clock, disk, system database, instances and settings; changes nothing, ends with 1 when something is wrong',
    )
    .action(async (flags: LocalFlags & OutputFlags) => {
      const settings = loadOrFinding(() => load(flags))
      show('check' in settings ? [settings] : await examine(settings), flags)
    })
}

/** A setting that cannot be is a finding, like everything else that prevents a start. */
function loadOrFinding(load: () => LoadedSettings): LoadedSettings | Finding {
  try {
    return load()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return {
      check: 'settings',
      verdict: 'wrong',
      what: error.message,
      next_step: `${error.nextStep ?? 'Correct it.'} Then run the command again: nothing else was looked at.`,
    }
  }
}

function show(findings: readonly Finding[], flags: OutputFlags): void {
  const output = createOutput(flags)
  if (!output.isText(true)) output.showJson(findings)
  else process.stdout.write(render(findings, output))
  if (findings.some(({ verdict }) => verdict === 'wrong')) throw new EndedWithStatus(EXIT_STATUS.failed)
}

const COLOURS = { ok: 'green', warning: 'yellow', wrong: 'red' } as const

function render(findings: readonly Finding[], { colours, isQuiet }: ReturnType<typeof createOutput>): string {
  const shown = isQuiet ? findings.filter(({ verdict }) => verdict !== 'ok') : findings
  const lines = shown.flatMap(({ check, verdict, what, next_step }) => [
    `${colours[COLOURS[verdict]](verdict.padEnd(7))}  ${check.padEnd(15)}  ${printable(what)}`,
    ...(next_step === undefined
      ? []
      : [`${' '.repeat(9)}${' '.repeat(17)}What to do: ${printable(next_step)}`]),
  ])
  const count = (of: Verdict) => findings.filter(({ verdict }) => verdict === of).length
  const sum = `${String(count('ok'))} ok, ${String(count('warning'))} to look at, ${String(count('wrong'))} wrong`
  return `${[...lines, ...(isQuiet ? [] : ['', sum])].join('\n')}\n`
}
