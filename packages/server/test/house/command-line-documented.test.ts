/** docs/command-line.md and the program say the same: no command undocumented, no ghosts, no other exit statuses. */
import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { EXIT_STATUS } from '../../src/cli/exit-codes.ts'
import { createProgram } from '../../src/cli/program.ts'
import { NOTHING_STARTED } from '../stage/nothing-started.ts'
import { expectRendered, renderTable } from './documented.ts'

const DOCUMENT = 'docs/command-line.md'

const SHARED = ['--profile', '--output', '--quiet', '--no-color', '--debug', '--help']
/** Their flags are the settings, which have a document of their own. */
const WITH_SETTINGS = ['up', 'serve', 'config']

interface Documented {
  readonly group: string
  readonly words: string
  readonly says: string
  readonly flags: string
}

function commandsBelow(command: Command, before: readonly string[], group: string): readonly Documented[] {
  const help = command.createHelp()
  return help
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help')
    .flatMap((one) => {
      const words = [...before, one.name()]
      if (one.commands.length > 0) return commandsBelow(one, words, group)
      return [
        {
          group,
          words: [...words, ...argumentsOf(one)].join(' '),
          says: one.description(),
          flags: flagsOf(one),
        },
      ]
    })
}

function argumentsOf(command: Command): readonly string[] {
  const own = command.usage().replace('[options]', '').trim()
  // What it says itself, or what commander makes of its arguments.
  return own === '' || own === '[command]' ? [] : [own]
}

function flagsOf(command: Command): string {
  const settings = WITH_SETTINGS.includes(command.name())
    ? command.options.filter(({ flags }) => /^--(?:role|config|temporary)\b/.test(flags))
    : command.createHelp().visibleOptions(command)
  const flags = settings.flatMap(({ long, hidden }) =>
    long === undefined || hidden || SHARED.includes(long) ? [] : [`\`${long}\``],
  )
  return [...flags, ...(WITH_SETTINGS.includes(command.name()) ? ['[settings](settings.md)'] : [])].join(' ')
}

it('docs/command-line.md shows every command, with its flags', async () => {
  const program = await createProgram(NOTHING_STARTED, undefined)
  const found = program.commands.flatMap((command) => {
    const group = command.helpGroup()
    if (command.name() === 'help') return []
    return command.commands.length > 0
      ? commandsBelow(command, [command.name()], group)
      : [
          {
            group,
            words: [command.name(), ...argumentsOf(command)].join(' '),
            says: command.description(),
            flags: flagsOf(command),
          },
        ]
  })
  const groups = [...new Set(found.map(({ group }) => group))]
  expectRendered(
    DOCUMENT,
    'commands',
    groups
      .map((group) => {
        const rows = found
          .filter((one) => one.group === group)
          .map(({ words, says, flags }) => [`\`${words}\``, says.replaceAll('<', '\\<'), flags])
        return `\n### ${group.replace(/:$/, '')}\n\n${renderTable(['Command', 'What it does', 'Flags'], rows)}`
      })
      .join(''),
  )
})

const MEANINGS: Readonly<Record<keyof typeof EXIT_STATUS, string>> = {
  done: 'it is done',
  failed: 'it was tried and did not succeed; also when `status` or `doctor` found something wrong',
  wrongUsage:
    'the words of the command make no sense, or name a profile or a file that is not on this machine; nothing was tried',
  refused: 'you are not signed in, or may not do this (HTTP 401 and 403)',
  notFound: 'what the command names does not exist in Lakegate (HTTP 404)',
  unreachable: 'Lakegate does not run, or cannot be reached',
}

it('docs/command-line.md shows every exit status', () => {
  const rows = Object.entries(EXIT_STATUS).map(([name, status]) => [
    String(status),
    MEANINGS[name as keyof typeof EXIT_STATUS],
  ])
  expect(rows.length).toBe(Object.keys(MEANINGS).length)
  const signal = [['130', 'Ctrl-C; in general 128 and the number of the signal']]
  expectRendered(DOCUMENT, 'exit statuses', `\n${renderTable(['Status', 'Meaning'], [...rows, ...signal])}\n`)
})
